"""The ledger: charges written in batches, and money put aside on disk before a call that a budget bounds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

from sqlalchemy import Connection

from serai.errors import Internal, LedgerFailed, SeraiError
from serai.money import charges
from serai.money.budget import Budget
from serai.money.charges import Charge, Entry
from serai.money.waiting import MOST, Waiting
from serai.storage import alive
from serai.storage.database import Database
from serai.storage.rows import put
from serai.storage.tables import spent
from serai.telemetry import logs
from serai.types import Call, Model, Usage

FREE_S = 1.0
"""Calls that cost nothing are written together after so long."""

PACE_S = 0.1
"""So long after one batch the next is written: each commit has all that was read from the database read anew."""

RETRY_S = 2.0
"""How soon what could not be written is tried again, where no call asks for it before."""

_log = logs.get("money")

Posted = Callable[[Connection, Sequence[Charge]], Any]
"""Runs in the transaction that wrote these charges."""


class Ledger:
    """In the loop's thread. What is handed to it is written soon, in order, and kept in memory as long as it cannot be.
    `then` runs with every batch, and `told` gets what it returns."""

    def __init__(self, db: Database, then: Posted | None = None, told: Callable[[Any], None] | None = None) -> None:
        self.failed: SeraiError | None = None
        """Why the last batch could not be written, until one is."""
        self.owner = alive.me()
        self._db = db
        self._then = then
        self._told = told
        self._waiting = Waiting()
        self._writing: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._asked: set[asyncio.Task[Any]] = set()
        self._closed = False

    def add(self, entry: Entry) -> None:
        """Never waits."""
        self._waiting.entries.append(entry)
        self._wake()

    def count(self, call: Call, model: Model, at: float, usage: Usage) -> None:
        """Adds a call that cost nothing to the day's row of all alike. Never waits."""
        self._waiting.count(call, model, at, usage)
        if self._timer is None:
            self._wake(FREE_S)

    async def ready(self) -> None:
        """Raises LedgerFailed where what costs could not be written down. Waits for the disk only if it failed last."""
        if self.failed is None and len(self._waiting.entries) < MOST:
            return
        await self._ask(_probe)

    async def reserve(self, charge: Charge, hard: Sequence[Budget]) -> tuple[Budget, int] | None:
        """Puts the charge's cost aside, on disk, unless one of the budgets has not so much left: then returns it, and
        what is spent of it. Of calls that ask at once, in whichever process, no two get the same money. Raises
        LedgerFailed."""
        assert charge.cost is not None
        worst = charge.cost

        def work(connection: Connection) -> tuple[Budget, int] | None:
            found = charges.full(connection, hard, worst, charge.at)
            if found is None:
                charges.post(connection, [Entry(charge)])
            return found

        asked = self._spawn(self._post(work))
        try:
            return await asyncio.shield(asked)
        except asyncio.CancelledError:
            asked.add_done_callback(lambda task: self._give_back(task, charge))
            raise

    async def flush(self) -> None:
        """Writes what waits now. Raises LedgerFailed."""
        if self._waiting:
            await self._ask(None)

    async def recover(self) -> None:
        """What processes held that are gone stays at its worst case, and is shown as that."""
        left = [charge for charge, owner in await self._db.read(charges.held) if alive.gone(owner)]
        if left:
            await self._db.write(lambda connection: charges.leave_unsettled(connection, left))

    async def close(self) -> None:
        """Writes what waits; what cannot be written is lost, and logged."""
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        await asyncio.gather(*self._asked, *([self._writing] if self._writing else []), return_exceptions=True)
        try:
            await self.flush()
        except LedgerFailed as error:
            lost = len(self._waiting.entries)
            _log.error("%d charges were lost when Serai ended: %s", lost, error.message)

    def _give_back(self, task: asyncio.Task[Any], charge: Charge) -> None:
        """Nobody waits for the money any more."""
        if not task.cancelled() and task.exception() is None and task.result() is None:
            self.add(Entry(charge, held=charge.cost, released=True))

    async def _ask(self, work: Callable[[Connection], Any] | None) -> Any:
        return await asyncio.shield(self._spawn(self._post(work)))

    def _spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._asked.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._asked.discard(task)
        if not task.cancelled():
            task.exception()  # whoever asked may be gone; it is logged where it happened

    async def _post(self, work: Callable[[Connection], Any] | None) -> Any:
        """One transaction: what waits, then the work. Is never cancelled: it alone knows whether that was written."""
        batch, self._waiting = self._waiting, Waiting()
        written = [entry.charge for entry in batch.entries if not entry.released]

        def everything(connection: Connection) -> tuple[Any, Any]:
            charges.post(connection, batch.entries, again=batch.again)
            charges.post_free(connection, batch.free())
            told = self._then(connection, written) if self._then is not None and written else None
            return told, work(connection) if work is not None else None

        try:
            told, result = await self._db.write(everything)
        except Exception as error:
            self._put_back(batch)
            raise self._fail(error) from error
        self._succeed()
        if told is not None and self._told is not None:
            self._told(told)
        return result

    def _put_back(self, batch: Waiting) -> None:
        batch.add(self._waiting)
        batch.again = True
        self._waiting = batch

    def _fail(self, error: Exception) -> LedgerFailed:
        known = error if isinstance(error, SeraiError) else Internal("Something went wrong inside Serai.")
        if self.failed is None:
            _log.error("The ledger cannot be written, so nothing that costs is asked: %s", error, exc_info=error)
        self.failed = known
        return unwritten(known)

    def _succeed(self) -> None:
        if self.failed is not None:
            _log.warning("The ledger is written again.")
        self.failed = None

    def _wake(self, after: float = 0.0) -> None:
        if self._closed or (self._writing is not None and not self._writing.done()):
            return
        if after or self.failed is not None:
            if self._timer is None:
                wait = RETRY_S if self.failed is not None else after
                self._timer = asyncio.get_running_loop().call_later(wait, self._begin)
            return
        self._begin()

    def _begin(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._closed and (self._writing is None or self._writing.done()):
            self._writing = asyncio.create_task(self._write())

    async def _write(self) -> None:
        """Until nothing that costs waits: what comes while a batch is written, or soon after, goes with the next."""
        while self._waiting:
            try:
                await self._post(None)
            except LedgerFailed:
                break
            await asyncio.sleep(PACE_S)
            if not self._waiting.entries:
                break
        if self._waiting:
            asyncio.get_running_loop().call_soon(self._wake, FREE_S)


def _probe(connection: Connection) -> None:
    """A write like any other."""
    put(connection, spent, {"subject": "probe:", "period": "probe"}, {"cost": 0})


def unwritten(error: SeraiError) -> LedgerFailed:
    """The refusal of calls that cost something, for what the database said."""
    hint = f"{error.hint} Models that cost nothing go on; what costs can be asked again once the ledger is written."
    cause = {"cause": error.facts["cause"]} if "cause" in error.facts else {}
    return LedgerFailed(f"What calls cost cannot be written down now. {error.message}", hint=hint.strip(), **cause)
