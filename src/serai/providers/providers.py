"""The remote services of this Serai: added, changed and removed as rows, open as Backends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial

from sqlalchemy import Connection

from serai.backend import Backend
from serai.errors import BadRequest, Conflict, SeraiError
from serai.outside import Outside
from serai.providers import _kept, checking, rows
from serai.providers._base import Service
from serai.providers._closed import Closed, key_needed
from serai.providers._doors import Doors
from serai.providers._kept import Kept
from serai.providers._listing import Listing
from serai.providers.checking import Checked
from serai.providers.declaration import ProviderConfig, Telling, find_kind
from serai.providers.own import Own
from serai.providers.refusal import forged
from serai.providers.rows import Row
from serai.storage.database import Database
from serai.storage.secrets import SecretStore
from serai.storage.tables import providers as table


class Providers:
    """`variable` reads a variable of the environment; `seen` is told every key, so that logs leave it out; `taken`
    says whether models of this machine are called `<name>/…`; `outside` fetches what services keep elsewhere;
    `public_url` is where this server is reached from the internet, if it is."""

    def __init__(
        self,
        db: Database,
        secrets: SecretStore,
        variable: Callable[[str], str | None],
        seen: Callable[[str], None],
        taken: Callable[[str], Awaitable[bool]],
        outside: Outside,
        public_url: Callable[[], str],
    ) -> None:
        self._db = db
        self._kept = Kept(secrets, seen)
        self._variable = variable
        self._taken = taken
        self._outside = outside
        self._public_url = public_url
        self._version: int | None = None
        self._open: dict[str, tuple[Row, Backend]] = {}
        self.own = Own(db, self._kept, self.backends)
        self._doors = Doors(self._kept, self._begun, self._leave)
        self._leaving: set[asyncio.Task[None]] = set()
        self._reading = asyncio.Lock()
        self._changing = asyncio.Lock()

    async def backends(self, who: str = "") -> Sequence[Backend]:
        """All services as Backends, as they are set up now, whichever process changed them. Those for which the
        principal `who` keeps keys of their own are open with these, and only these."""
        version = self._db.version()
        if version is None or version != self._version:
            async with self._reading:
                await self._reread(version)
        common = [backend for _, backend in self._open.values()]
        if not self._doors.for_some(who):
            return common
        return [await self._doors.of(backend.name, who) or backend for backend in common]

    async def backend(self, name: str) -> Backend:
        """One of them. Raises NotFound, or what it cannot be opened for."""
        row = await self.find(name)
        await self.backends()
        if name not in self._open:
            find_kind(row.kind)
            raise BadRequest(f"{name} could not be opened.", hint=f"Remove it: `serai providers remove {name}`.")
        return self._open[name][1]

    def opened(self, name: str) -> tuple[Row, Backend] | None:
        """A service that is open, as it was when `backends` was asked last; where it is so to nobody with common keys,
        as it is to whoever asked last with their own."""
        opened = self._open.get(name)
        if opened is not None and isinstance(opened[1], Closed) and (own := self._doors.at(name)):
            return opened[0], own[-1]
        return opened

    async def listing(self, name: str) -> Listing | None:
        """What is known of its models without asking; None for a service that keeps no such list, or is not open."""
        await self.backends()
        opened = self._open.get(name)
        return opened[1].listing if opened is not None and isinstance(opened[1], Service) else None

    async def all(self) -> Sequence[Row]:
        """As they were added."""
        return await self._db.read(rows.every)

    async def find(self, name: str) -> Row:
        """Raises NotFound."""
        return await self._db.read(lambda connection: rows.find(connection, name))

    async def keys(self, row: Row) -> tuple[str, ...]:
        """The keys it is shown: those that are kept for this address, else those in its environment variable, between
        commas."""
        keys = await self._kept.get(row)
        if keys is None:
            value = self._variable(row.key_env) if row.key_env else None
            keys = tuple(part.strip() for part in (value or "").split(",") if part.strip())
            self._kept.hide(keys)
        return keys

    async def add(self, row: Row, keys: Sequence[str] = ()) -> Row:
        """Adds a service. An empty URL is where its kind is, and only there the kind's usual variable holds the key.
        Raises NotFound for an unknown kind, BadRequest, or Conflict when the name is taken."""
        kind = find_kind(row.kind)
        row = replace(row, url=(row.url or kind.url).rstrip("/"))
        if not row.url:
            hint = f"Say where it is: --url https://… ({kind.title} runs anywhere)."
            raise BadRequest(f"A service of the kind {row.kind!r} needs a URL.", hint=hint, field="url")
        rows.checked(row)
        if not keys and kind.url and checking.origin(row.url) == checking.origin(kind.url):
            row = replace(row, key_env=row.key_env or kind.key_env)
        if await self._taken(row.name):
            raise Conflict(f"There are models of this machine called {row.name}/….", hint="Choose another name.")

        def work(connection: Connection) -> None:
            _check_free(connection, row.name)
            _kept.forget_own(connection, row.name)
            connection.execute(table.insert().values(name=row.name, **rows.values(row)))

        async with self._changing:
            await self._db.read(lambda connection: _check_free(connection, row.name))
            await self._kept.set(row, keys)
            await self._db.write(work)
        return await self.find(row.name)

    async def change(self, name: str, keys: Sequence[str] | None = None, **fields: object) -> Row:
        """Changes some fields. A URL of another origin takes new keys, or none: those that are kept never go to it, and
        those that principals keep for themselves are forgotten."""
        row = await self.find(name)
        changed = rows.checked(replace(row, **fields))  # type: ignore[arg-type]
        find_kind(changed.kind)
        moved = checking.origin(changed.url) != checking.origin(row.url)
        if moved:
            keys = keys or ()
            changed = changed if "key_env" in fields else replace(changed, key_env="")

        def work(connection: Connection) -> None:
            rows.find(connection, name)
            connection.execute(table.update().where(table.c.name == name).values(**rows.values(changed)))
            if moved:
                _kept.forget_own(connection, name)

        if keys is not None:
            await self._kept.set(changed, keys)
        await self._db.write(work)
        return await self.find(name)

    async def remove(self, name: str) -> None:
        """Removes a service and its keys; answers that it is writing come to their end. Raises NotFound."""

        def work(connection: Connection) -> None:
            rows.find(connection, name)
            connection.execute(table.delete().where(table.c.name == name))
            _kept.forget(connection, name)

        async with self._changing:
            await self._db.write(work)
        await self.backends()

    async def check(self, name: str) -> Checked:
        """Whether it can be reached, takes its common keys, and what it has."""
        row = await self.find(name)
        backend, has_key = await self.backend(name), bool(await self.keys(row))
        if not isinstance(backend, Closed):
            return await checking.check(backend, has_key=has_key)
        asked = self._begun(row, await self.keys(row), "")
        try:
            return await checking.check(asked, has_key=has_key)
        finally:
            await asked.close()

    async def told(self, name: str, headers: Mapping[str, str], body: bytes) -> None:
        """What somebody says who claims to be that service. Raises BadRequest for all but the service itself."""
        await self.backends()
        opened = self._open.get(name)
        for backend in (opened[1], *self._doors.at(name)) if opened is not None else ():
            if isinstance(backend, Telling):
                with contextlib.suppress(BadRequest):
                    return await backend.told(headers, body)
        raise forged()

    async def close(self) -> None:
        """Closes all of them, at once."""
        for leaving in list(self._leaving):
            leaving.cancel()
        await asyncio.gather(*self._leaving, return_exceptions=True)
        opened, self._open = self._open, {}
        for _, backend in opened.values():
            await backend.close()
        await self._doors.close()

    async def _reread(self, version: int | None) -> None:
        every, own = await self._db.read(lambda connection: (rows.every(connection), _kept.own(connection)))
        found = {row.name: row for row in every}
        for name, (row, backend) in list(self._open.items()):
            if found.get(name) != row:
                del self._open[name]
                self._leave(backend)
        for name, row in found.items():
            if name not in self._open:
                with contextlib.suppress(SeraiError):  # of a kind that is not installed any more; others go on
                    self._open[name] = (row, await self._opened(row))
        self._doors.learn(found, own)
        self._version = version

    async def _opened(self, row: Row) -> Backend:
        if row.whose_keys == "own":
            find_kind(row.kind)
            return Closed(row, partial(key_needed, row.name))
        return self._begun(row, await self.keys(row), "")

    def _begun(self, row: Row, keys: Sequence[str], whose: str) -> Backend:
        facts = (row.models, row.patience_s, row.at_once, self._outside, partial(self._told_at, row.name), whose)
        return find_kind(row.kind).open(ProviderConfig(row.name, row.url, tuple(keys), *facts))

    def _told_at(self, name: str) -> str:
        url = self._public_url().rstrip("/")
        return f"{url}/api/v1/providers/{name}/webhook" if url else ""

    def _leave(self, backend: Backend) -> None:
        """Closes it once its answers are whole."""
        retire: Callable[[], Awaitable[None]] = getattr(backend, "retire", backend.close)

        async def work() -> None:
            try:
                await retire()
            finally:
                await backend.close()

        task = asyncio.create_task(work())
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)


def _check_free(connection: Connection, name: str) -> None:
    if any(known.name == name for known in rows.every(connection)):
        hint = f"Choose another name, or remove it first: `serai providers remove {name}`."
        raise Conflict(f"There is a service called {name!r} already.", hint=hint)
