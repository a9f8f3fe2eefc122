"""Answers that are kept under an id, so that a later question can follow on them: for OpenAI's Responses API."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from serai.errors import BadRequest, NotFound
from serai.storage.database import Database
from serai.storage.tables import responses

KEPT_DAYS = 30
LONGEST_CHAIN = 1000
_ENDS_S = 5.0

Item = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it was given, and the items that were asked with it."""

    response: Mapping[str, Any]
    input: Sequence[Item]
    previous: str | None = None


@dataclass(slots=True)
class _Running:
    principal: str
    call: str
    kept: Kept
    ended: asyncio.Event = field(default_factory=asyncio.Event)


class Responses:
    """Everything belongs to a principal: another's is NotFound. What is kept is forgotten after a month."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._running: dict[str, _Running] = {}

    @contextlib.asynccontextmanager
    async def writing(self, principal: str, call: str, kept: Kept) -> AsyncGenerator[None, None]:
        """While this lasts, the answer is known as one that is being written by that call."""
        running = _Running(principal, call, kept)
        self._running[kept.response["id"]] = running
        try:
            yield
        finally:
            del self._running[kept.response["id"]]
            running.ended.set()

    async def save(self, principal: str, kept: Kept) -> None:
        """Returns when it is committed. What is older than a month goes."""
        now = time.time()
        row = {
            "id": kept.response["id"],
            "principal": principal,
            "previous": kept.previous,
            "input": list(kept.input),
            "response": dict(kept.response),
            "created_at": now,
        }

        def work(connection: Connection) -> None:
            connection.execute(responses.delete().where(responses.c.created_at < now - KEPT_DAYS * 86_400))
            connection.execute(responses.insert().values(**row))

        await self._db.write(work)

    async def get(self, principal: str, response: str) -> Kept:
        """One that was kept, or is being written. Raises NotFound."""
        running = self._running.get(response)
        if running is not None and running.principal == principal:
            return running.kept
        return await self._db.read(lambda connection: _find(connection, principal, response))

    async def delete(self, principal: str, response: str) -> None:
        """Raises NotFound."""

        def work(connection: Connection) -> None:
            _find(connection, principal, response)
            connection.execute(responses.delete().where(responses.c.id == response))

        await self._db.write(work)

    async def chain(self, principal: str, response: str) -> list[Item]:
        """All that was asked and answered up to and with this one, the oldest first. Raises NotFound where one of them
        is gone, BadRequest where there are too many."""

        def work(connection: Connection) -> list[Item]:
            found: list[Kept] = []
            here: str | None = response
            while here is not None:
                if len(found) == LONGEST_CHAIN:
                    raise BadRequest(f"More than {LONGEST_CHAIN} responses follow on each other; begin anew.")
                found.append(_find(connection, principal, here))
                here = found[-1].previous
            return [item for kept in reversed(found) for item in (*kept.input, *kept.response["output"])]

        return await self._db.read(work)

    def call_of(self, principal: str, response: str) -> str | None:
        """The call that is writing it, if one is."""
        running = self._running.get(response)
        return running.call if running is not None and running.principal == principal else None

    async def ended(self, response: str) -> None:
        """Waits until it is not being written any more, but not long."""
        running = self._running.get(response)
        if running is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_ENDS_S):
                    await running.ended.wait()


def _find(connection: Connection, principal: str, response: str) -> Kept:
    query = select(responses).where(responses.c.id == response, responses.c.principal == principal)
    row = connection.execute(query).first()
    if row is None:
        hint = f"It was never kept, was deleted, or is older than {KEPT_DAYS} days."
        raise NotFound(f"There is no response {response!r}.", hint=hint)
    return Kept(row.response, row.input, row.previous)
