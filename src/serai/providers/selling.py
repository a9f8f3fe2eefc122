"""What a service says of its prices, for the room that reckons with them."""

from __future__ import annotations

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
    kind = kinds().get(row.kind)
    there = kind is not None and bool(kind.url) and checking.origin(kind.url) == checking.origin(row.url)
    return Seller(row.kind if there else "", getattr(backend, "quoted", lambda _model: None))
