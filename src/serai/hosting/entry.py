"""All that the pool keeps about one model."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from serai.errors import SeraiError
from serai.hosting.policy import Place
from serai.hosting.status import Status
from serai.hosting.worker import Worker
from serai.types import Model


@dataclass(slots=True)
class Entry:
    """While `task` runs the model is loading; once that went well there is a `worker`. `placed` from the moment it
    takes one of the places until its memory is returned; `leases` counts who uses it or waits for it."""

    model: Model
    leases: int = 0
    last_used_at: float = field(default_factory=time.time)
    placed: bool = False
    task: asyncio.Task[Worker] | None = None
    worker: Worker | None = None
    error: SeraiError | None = None

    def status(self) -> Status:
        if self.worker:
            return Status("ready", None, self.worker.running(self.last_used_at))
        if self.task:
            return Status("loading")
        return Status("failed", self.error) if self.error else Status()

    def place(self) -> Place:
        busy = self.leases > 0 or self.worker is None
        return Place(self.model.name, busy, self.model.pinned, self.last_used_at)
