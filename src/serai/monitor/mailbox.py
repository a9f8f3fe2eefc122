"""The messages that wait for one hook: sent in their order, each until it is taken or given up."""

from __future__ import annotations

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Sequence

from serai.monitor.messages import Outcome
from serai.monitor.occurrences import Occurrence
from serai.telemetry import logs

WAITING = 1_000
"""Messages that wait at most; beyond it the oldest are dropped."""

WAITS = (2.0, 10.0, 60.0, 300.0)
"""Seconds before the second attempt and those that follow."""

_log = logs.get("hooks")


class Mailbox:
    """`attempt` sends a message once; `settle` is told what became of which, and says whether the next one is worth
    more than one attempt, as `patient` does for the first."""

    def __init__(
        self,
        attempt: Callable[[Occurrence], Awaitable[Outcome]],
        settle: Callable[[Occurrence, Outcome], Awaitable[bool]],
        *,
        patient: bool = True,
        waits: Sequence[float] | None = None,
    ) -> None:
        self._attempt = attempt
        self._settle = settle
        self._patient = patient
        self._waits = WAITS if waits is None else waits
        self._waiting: deque[Occurrence] = deque(maxlen=WAITING)
        self._wake = asyncio.Event()
        self.dropped = 0
        self._task = asyncio.get_running_loop().create_task(self._run(), name="hook")

    def put(self, occurrence: Occurrence) -> None:
        """Waits for nothing."""
        if len(self._waiting) == WAITING:
            self.dropped += 1
        self._waiting.append(occurrence)
        self._wake.set()

    async def close(self) -> None:
        """Sends nothing more. May be called twice."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            while not self._waiting:
                self._wake.clear()
                await self._wake.wait()
            try:
                await self._deliver(self._waiting.popleft())
            except Exception:  # one message's fault must not keep back those that follow
                _log.warning("A message to a hook could not be sent", exc_info=True)

    async def _deliver(self, occurrence: Occurrence) -> None:
        outcome = await self._attempt(occurrence)
        for wait in self._waits if self._patient else ():
            if not (outcome.error and outcome.again):
                break
            await asyncio.sleep(wait * random.uniform(0.8, 1.2))  # noqa: S311 - spreads attempts, no secret
            outcome = await self._attempt(occurrence)
        if self.dropped:
            outcome = Outcome(outcome.error and f"{outcome.error} {self.dropped} messages were dropped.", outcome.again)
            self.dropped = 0
        self._patient = await self._settle(occurrence, outcome)
