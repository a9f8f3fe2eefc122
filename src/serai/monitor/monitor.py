"""All that watches calls, behind one Watcher: told of a call's end in a microsecond, it counts a little later."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Protocol

from serai.errors import SeraiError
from serai.monitor.history import History
from serai.monitor.hooks import Hooks
from serai.monitor.inspector import Inspector
from serai.monitor.occurrences import Occurrences
from serai.monitor.past import Past, past
from serai.monitor.statistics import Statistics
from serai.monitor.traces import Traces
from serai.telemetry import logs
from serai.telemetry.events import Events
from serai.types import Call, Delta, Record

WRITE_S = 2.0
"""How long what was counted waits for the database; a kill loses no more than this."""

_TIDY_S = 600.0
_SLICE = 50
"""Calls that are counted before the loop may do something else."""

_SOON = 2_000
"""Calls that wait for nothing more."""

_log = logs.get("monitor")


class Listener(Protocol):
    """Whoever is told of calls that have ended a little later, a few at a time."""

    def add(self, past: Past) -> None: ...


class Monitor:
    """Its work begins with the first call, or with `start`."""

    def __init__(
        self,
        statistics: Statistics,
        history: History,
        inspector: Inspector,
        hooks: Hooks,
        traces: Traces,
    ) -> None:
        self.statistics = statistics
        self.history = history
        self.inspector = inspector
        self.hooks = hooks
        self._traces = traces
        self._listeners: tuple[Listener, ...] = (statistics, history, traces)
        self._ended: deque[Past] = deque()
        self._wake = asyncio.Event()
        self._many = asyncio.Event()
        self._writing = asyncio.Lock()
        self._tasks: list[asyncio.Task[None]] = []
        self._failing = False
        self._telling = False

    def ended(self, record: Record) -> None:
        """Watcher's: once for every call."""
        self._ended.append(past(record))
        if not self._tasks:
            self.start()
        self._wake.set()
        if len(self._ended) > _SOON:
            self._many.set()

    def overhears(self, call: Call, answer: AsyncGenerator[Delta, None]) -> AsyncGenerator[Delta, None]:
        """The router's, as a call begins: the answer itself, or, while words are kept, one that is listened to."""
        self._traces.begin(call)
        return self.inspector.overhears(call, answer)

    def start(self, events: Events | None = None) -> None:
        """Begins to write what is counted, and to forget what is old; with `events`, hooks are told of what
        happens, and a collector of what calls came to."""
        loop = asyncio.get_running_loop()
        if not self._tasks:
            self._tasks.append(loop.create_task(self._live(), name="monitor"))
        if events is not None:
            self._telling = True
            occurrences = Occurrences(self.hooks.tell)
            self._listeners = (*self._listeners, occurrences)
            self._tasks.append(loop.create_task(self._follow(events, occurrences), name="monitor events"))

    async def close(self) -> None:
        """Writes what was counted, and leaves what hooks were not told yet to the next process. May be called twice."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        await self.flush()
        await self.inspector.close()
        await self._attempt(self.inspector.tidy)  # a command may have switched it off
        await self._traces.close()
        await self.hooks.close()

    async def flush(self) -> None:
        """Writes what was counted so far. A database that fails is told in the log, once; what was counted is kept."""
        async with self._writing:
            await self._count()
            await self._attempt(self.statistics.write, self.history.write)

    async def _live(self) -> None:
        tidied = -_TIDY_S
        while True:
            if asyncio.get_running_loop().time() - tidied > _TIDY_S:
                await self._attempt(self.statistics.tidy, self.history.tidy, self.inspector.tidy)
                if self._telling:
                    await self._attempt(self.hooks.recover)
                tidied = asyncio.get_running_loop().time()
            # Not `wait_for`: in Python 3.11 that swallows a cancellation that comes together with the event.
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_TIDY_S):
                    await self._wake.wait()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(WRITE_S):
                    await self._many.wait()
            self._wake.clear()
            self._many.clear()
            await self.flush()

    async def _follow(self, events: Events, occurrences: Occurrences) -> None:
        follower = events.subscribe()
        await self._attempt(self._traces.start)
        async for event in follower:
            occurrences.hear(event.topic, event.data)
            if event.topic == "settings":  # the inspector may have been switched off
                await self._attempt(self.inspector.tidy)

    async def _count(self) -> None:
        while self._ended:
            for _ in range(min(_SLICE, len(self._ended))):
                one = self._ended.popleft()
                for listener in self._listeners:
                    listener.add(one)
            await asyncio.sleep(0)

    async def _attempt(self, *works: Callable[[], Awaitable[None]]) -> None:
        """Runs works, of which none may stop the others or end the watching."""
        for work in works:
            try:
                await work()
                self._failing = False
            except Exception as error:
                if not self._failing:
                    message = error.message if isinstance(error, SeraiError) else repr(error)
                    _log.warning("What was counted could not be written: %s", message, exc_info=error)
                self._failing = True
