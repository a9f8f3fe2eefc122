"""Everything for Endpoints, built of what a Serai has."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from serai.providers.endpoints.accounts import Accounts
from serai.providers.endpoints.endpoints import Endpoints
from serai.providers.endpoints.management import Management
from serai.providers.providers import Providers
from serai.settings import Hub


def build(
    hub: Callable[[], Hub], token: Callable[[], Awaitable[str | None]], providers: Callable[[], Providers]
) -> Endpoints:
    """`hub` are the settings as they are now, `token` the hub's. Nothing is asked yet."""
    management = Management(lambda: hub().offline)
    accounts = Accounts(management, providers, token, lambda: hub().endpoint, lambda: hub().endpoints)
    return Endpoints(lambda: hub().endpoints, management, accounts)
