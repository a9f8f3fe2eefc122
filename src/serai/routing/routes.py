"""The named routes of this Serai, as rows."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from serai.errors import NotFound
from serai.routing import route as shape
from serai.routing.route import Route
from serai.storage.database import Database
from serai.storage.rows import put
from serai.storage.tables import routes as table
from serai.types import AUTO, TEXT_GENERATION, Model

PLACE = "route"
"""The place of a route: it is nowhere, and leads to models that are."""


class Routes:
    """A route's name goes before a model's that is called alike; one that is called `auto` is what `auto` means."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._version: int | None = None
        self._known: Mapping[str, Route] = {}
        self._reading = asyncio.Lock()

    async def all(self) -> Sequence[Route]:
        """By name."""
        return list((await self._now()).values())

    async def lookup(self, name: str) -> Route | None:
        """The route that a model's name means, if it means one; no name means `auto`."""
        return (await self._now()).get((name or AUTO).casefold())

    async def find(self, name: str) -> Route:
        """Raises NotFound."""
        found = await self.lookup(name)
        if found is None:
            raise NotFound(f"There is no route called {name!r}.", hint="`serai routes list` shows them.")
        return found

    async def put(self, route: Route) -> Route:
        """Adds a route, or takes the place of the one with its name. Raises BadRequest."""
        shape.checked(route)
        now = time.time()

        def work(connection: Connection) -> None:
            key = {"key": route.name.casefold()}
            before = connection.execute(select(table.c.created_at).where(table.c.key == key["key"])).scalar()
            body = replace(route, created_at=before or now, changed_at=now).as_dict()
            put(connection, table, key, {"body": body, "created_at": before or now})

        await self._db.write(work)
        return await self.find(route.name)

    async def remove(self, name: str) -> None:
        """Raises NotFound."""
        await self.find(name)
        await self._db.write(
            lambda connection: connection.execute(table.delete().where(table.c.key == name.casefold()))
        )

    async def models(self) -> list[Model]:
        """The routes as names that a call may ask."""
        return [
            Model(
                name=route.name,
                task=TEXT_GENERATION,
                place=PLACE,
                title=route.title,
                source="route",
                description=", ".join(step.model for step in route.steps),
                added_at=route.created_at,
            )
            for route in await self.all()
            if route.name.casefold() != AUTO
        ]

    async def _now(self) -> Mapping[str, Route]:
        version = self._db.version()
        if version is None or version != self._version:
            async with self._reading:
                query = select(table.c.key, table.c.body).order_by(table.c.key)
                rows = await self._db.read(lambda connection: connection.execute(query).all())
                self._known = {row.key: Route.of(row.body) for row in rows}
                self._version = version
        return self._known
