"""A loaded model as its callers see it: a process with as many places as it answers calls at once."""

from __future__ import annotations

import contextlib
import time
from collections import deque
from collections.abc import AsyncGenerator

import psutil

from serai.hosting import native
from serai.hosting.process import ModelProcess
from serai.hosting.status import Running
from serai.places import Places
from serai.types import Answerer, Call, Model, Usage

_RECENT_S = 60.0


class Worker:
    """Wraps one ready process; `model` is what it was loaded as. Calls beyond `parallel` wait here by priority and
    age, where a cancel costs nothing."""

    def __init__(self, model: Model, process: ModelProcess) -> None:
        self.process = process
        self.model = model
        self.streams = 0
        self.since = time.time()
        self.parallel = int(process.facts.get("parallel") or process.launch.parallel)
        self.context = int(process.facts.get("context") or process.launch.context)
        self.unloading = False
        self.tokens = 0
        self._name = model.name
        self._server = native.server_of(process.launch.program) if process.launch.engine == "llama.cpp" else ""
        self._places = Places(model.name, lambda: self.parallel)
        self._speeds: deque[tuple[float, float]] = deque(maxlen=16)
        self.answerer = Answerer(
            model=model.name,
            backend=process.launch.engine,
            device=str(process.facts.get("device", "")),
            device_reason=str(process.facts.get("device_reason", "")),
        )

    @contextlib.asynccontextmanager
    async def place(self, call: Call) -> AsyncGenerator[None, None]:
        """Waits for one of the model's places and holds it. Raises Busy where too many wait already."""
        async with self._places.place(call):
            self.streams += 1
            try:
                yield
            finally:
                self.streams -= 1

    def note_usage(self, usage: Usage, counted: int) -> None:
        """Takes the measurements of a finished answer, of which so many tokens were counted as they came."""
        self.tokens += max(0, (usage.completion_tokens or 0) - counted)
        if usage.tokens_per_second:
            self._speeds.append((time.monotonic(), usage.tokens_per_second))

    def memory(self) -> tuple[int, int]:
        """Resident bytes of its process, and how many of these are pages of files; zeros when it is gone."""
        return memory_of(self.process.pid)

    def running(self, last_used_at: float, needed: int = 0) -> Running:
        return Running(
            name=self._name,
            pid=self.process.pid,
            device=self.answerer.device,
            device_reason=self.answerer.device_reason,
            memory=self.memory()[0],
            needed=needed,
            shortened=self.process.launch.shortened,
            context=self.context,
            parallel=self.parallel,
            streams=self.streams,
            tokens_per_second=self._speed(),
            since=self.since,
            last_used_at=last_used_at,
            load_s=round(self.process.load_s, 3),
            engine=self.process.launch.engine,
            server=self._server,
            kv_type=self.process.launch.kv_type,
            threads=int(self.process.facts.get("threads") or self.process.launch.threads),
            tokens=self.tokens,
            sandbox=self.process.facts.get("sandbox") or {},
        )

    def _speed(self) -> float | None:
        recent = [speed for at, speed in self._speeds if time.monotonic() - at < _RECENT_S]
        return round(sum(recent) / len(recent), 2) if recent else None


def memory_of(pid: int) -> tuple[int, int]:
    """Resident bytes of a process, and how many of these are pages of files; zeros when it is gone."""
    try:
        found = psutil.Process(pid).memory_info()
    except psutil.Error:
        return 0, 0
    return int(found.rss), int(getattr(found, "shared", 0))
