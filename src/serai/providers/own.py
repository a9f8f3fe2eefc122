"""Keys of one's own: what a principal keeps for themselves alone, so that a service answers their calls on their
account."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from sqlalchemy import Connection

from serai.backend import Backend
from serai.errors import Conflict
from serai.providers import _kept, checking, rows
from serai.providers._closed import key_needed
from serai.providers._kept import Kept
from serai.providers.checking import Checked
from serai.providers.rows import Row
from serai.storage.database import Database


class Own:
    """`backends` gives the services as they are open to a principal."""

    def __init__(self, db: Database, kept: Kept, backends: Callable[[str], Awaitable[Sequence[Backend]]]) -> None:
        self._db = db
        self._kept = kept
        self._backends = backends

    async def count(self, row: Row, who: str) -> int:
        """How many keys a principal keeps for a service."""
        return len(await self._kept.get(row, who) or ())

    async def keep(self, service: str, who: str, keys: Sequence[str]) -> Row:
        """From the next call on the service is shown these to the principal's calls, and only these. Raises NotFound,
        BadRequest, or Conflict where it takes none of one's own."""

        def work(connection: Connection) -> Row:
            row = _taking(rows.find(connection, service))
            self._kept.put(connection, row, keys, who)
            return row

        return await self._db.write(work)

    async def forget(self, service: str, who: str) -> None:
        """From the next call on the principal is asked for like everybody else."""
        await self._db.write(lambda connection: _kept.forget_own(connection, service, who))

    async def check(self, service: str, who: str) -> Checked:
        """Whether the service takes the principal's own keys, and what it has for them; without any nobody is asked.
        Raises NotFound, or Conflict where it takes none of one's own."""
        row = _taking(await self._db.read(lambda connection: rows.find(connection, service)))
        opened = {backend.name: backend for backend in await self._backends(who)} if await self.count(row, who) else {}
        if service not in opened:
            return Checked(reachable=False, key="missing", models=0, seconds=0.0, error=key_needed(service))
        return await checking.check(opened[service], has_key=True)


def _taking(row: Row) -> Row:
    if row.whose_keys == "common":
        hint = "Whoever runs Serai can change that."
        raise Conflict(f"{row.name} is asked with common keys alone: it takes none of your own.", hint=hint)
    return row
