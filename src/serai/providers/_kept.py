"""Keys of services as they are kept: sealed, and together with the address that they are for. Whatever happens at once,
they reach no other."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import orjson
from sqlalchemy import Connection

from serai.errors import BadRequest
from serai.providers import checking
from serai.providers.rows import Row
from serai.storage import secrets
from serai.storage.secrets import SecretStore

MOST_KEYS = 100
_SECRET = "provider:"  # noqa: S105 - how the names of these secrets begin


class Kept:
    """`seen` is told every key, so that logs leave it out. `who` is the principal whose own keys are meant, empty for
    those that are everybody's."""

    def __init__(self, store: SecretStore, seen: Callable[[str], None]) -> None:
        self._store = store
        self._seen = seen

    async def get(self, row: Row, who: str = "") -> tuple[str, ...] | None:
        """Those that are kept for the service's address; None where there are none for it."""
        kept = orjson.loads(await self._store.get(_named(row.name, who)) or "{}")
        if kept.get("origin") != checking.origin(row.url):
            return None
        keys = tuple(str(key) for key in kept["keys"])
        self.hide(keys)
        return keys

    async def set(self, row: Row, keys: Sequence[str]) -> None:
        """Keeps everybody's, or forgets them where there are none. Raises BadRequest."""
        if keys:
            await self._store.set(_named(row.name), self._packed(row, keys))
        else:
            await self._store.delete(_named(row.name))

    def put(self, connection: Connection, row: Row, keys: Sequence[str], who: str) -> None:
        """Keeps somebody's own, as a part of a work. Raises BadRequest."""
        self._store.put(connection, _named(row.name, who), self._packed(row, keys))

    def hide(self, keys: Sequence[str]) -> None:
        """Has logs leave them out."""
        for key in keys:
            self._seen(key)

    def _packed(self, row: Row, keys: Sequence[str]) -> str:
        if any(not key.isascii() or not key.isprintable() or not key.strip() for key in keys) or len(keys) > MOST_KEYS:
            raise BadRequest("A key has letters, digits and signs, without line breaks.", field="keys")
        stripped = [key.strip() for key in keys]
        self.hide(stripped)
        return orjson.dumps({"origin": checking.origin(row.url), "keys": stripped}).decode()


def own(connection: Connection) -> dict[tuple[str, str], float]:
    """By service and principal: who keeps keys of their own, and when they were written last."""
    stamps = secrets.stamps(connection)
    parts = {name: name.removeprefix(_SECRET).partition("/") for name in stamps if name.startswith(_SECRET)}
    return {(service, who): stamps[name] for name, (service, _, who) in parts.items()}


def forget_own(connection: Connection, service: str, who: str = "") -> None:
    """Forgets what somebody keeps for a service, or what all do."""
    if who:
        secrets.forget(connection, _named(service, who))
    else:
        secrets.forget_all(connection, secrets.own_name(_named(service), ""))


def forget(connection: Connection, service: str) -> None:
    """Forgets all that are kept for a service."""
    secrets.forget(connection, _named(service))
    forget_own(connection, service)


def _named(service: str, who: str = "") -> str:
    """A service's name has no slash."""
    return secrets.own_name(_SECRET + service, who) if who else _SECRET + service
