"""All that the pool keeps about one model."""

from __future__ import annotations

import asyncio
import math
import time
from dataclasses import dataclass, field

from serai.errors import SeraiError
from serai.hosting.budget import Need
from serai.hosting.ledger import Holding, settle
from serai.hosting.policy import Place
from serai.hosting.process import ModelProcess
from serai.hosting.status import Running, Starting, Status
from serai.hosting.worker import Worker, memory_of
from serai.types import Model


@dataclass(slots=True)
class Entry:
    """While `task` runs the model is loading; once that went well there is a `worker`. `placed` from the moment it
    takes one of the places until its memory is returned; `leases` counts who uses it or waits for it. `promise` is the
    memory reserved for it, `settled` what it holds since it is ready. `since` says when a load began, `process` is the
    one that is becoming ready. `idle_s` is how long it may be idle, where that was asked for this load of it alone."""

    model: Model
    leases: int = 0
    last_used_at: float = field(default_factory=time.time)
    placed: bool = False
    promise: Need | None = None
    settled: int | None = None
    task: asyncio.Task[Worker] | None = None
    since: float = 0.0
    process: ModelProcess | None = None
    worker: Worker | None = None
    error: SeraiError | None = None
    idle_s: float | None = None

    def status(self) -> Status:
        if self.worker:
            return Status("ready", None, self.running(self.worker))
        if self.task:
            return Status("loading", starting=self._starting())
        return Status("failed", self.error) if self.error else Status()

    def _starting(self) -> Starting:
        needed = self.promise.total if self.promise else 0
        started = self.process is not None and self.process.started
        memory = memory_of(self.process.pid)[0] if self.process and started else 0
        return Starting(self.since, memory, needed)

    def running(self, worker: Worker) -> Running:
        needed = self.promise.total if self.promise else 0
        return worker.running(self.last_used_at, needed)

    def place(self) -> Place:
        busy = self.leases > 0 or self.worker is None
        holding = self.holding()
        memory = holding.held() if holding else {}
        pinned = self.model.pinned or self.idle_s == math.inf
        return Place(self.model.name, busy, pinned, self.last_used_at, memory, self.idle_s)

    def holding(self) -> Holding | None:
        """Its memory, as far as that is known."""
        if self.promise is None:
            return None
        resident, mapped = self.worker.memory() if self.worker else (0, 0)
        return Holding(self.promise, resident, mapped, self.settled)

    def free(self) -> None:
        """Gives back its place and its memory."""
        self.placed, self.promise, self.settled, self.process, self.idle_s = False, None, None, None, None

    def settle(self) -> None:
        """Takes what was measured in place of what was promised, now that it is ready."""
        if holding := self.holding():
            self.settled = settle(holding)
