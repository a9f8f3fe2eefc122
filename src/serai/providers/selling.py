"""What a service says of its prices, for the room that reckons with them."""

from __future__ import annotations

from functools import lru_cache

from serai.money.prices import Seller
from serai.providers import checking
from serai.providers.declaration import kinds
from serai.providers.providers import Providers


def seller(providers: Providers, place: str) -> Seller | None:
    """The service as far as prices go. Prices of its kind are those at the kind's own address only: whoever runs the
    same program elsewhere asks what they like."""
    opened = providers.opened(place)
    if opened is None:
        return None
    row, backend = opened
    return Seller(_makers(row.kind, row.url), getattr(backend, "quoted", _silent))


@lru_cache(1000)
def _makers(name: str, url: str) -> str:
    """The kind, where the service is at the kind's own address."""
    kind = kinds().get(name)
    there = kind is not None and bool(kind.url) and checking.origin(kind.url) == checking.origin(url)
    return name if there else ""


def _silent(_model: str) -> None:
    """Of a service that says nothing of prices."""
