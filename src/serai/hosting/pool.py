"""The pool of loaded models. Callers ask for a ready one; what that takes (load, wait, evict, restart) happens here."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from serai.errors import Busy, ModelFailed, SeraiError
from serai.hosting import devices as machine
from serai.hosting import environment, failure, launching, ledger, policy
from serai.hosting.admission import Admission, Devices
from serai.hosting.begun import Spare
from serai.hosting.entry import Entry
from serai.hosting.forecast import Room
from serai.hosting.journal import Journal
from serai.hosting.neighbours import Neighbours
from serai.hosting.status import Running, Status, describe
from serai.hosting.worker import Worker, memory_of
from serai.hub.shape import Shape
from serai.settings import Models
from serai.types import Model

Publish = Callable[[str, Mapping[str, Any]], None]

_SWEEP_S = 2.0
DEFAULT_ENGINE = "llama.cpp"


class Pool:
    """`settings` is asked anew each time, so changes apply live. `check` reads a file's shape, or raises LoadFailed,
    before anything is evicted or started; `vouch` raises it for a model that must not be loaded. `devices` reads the
    memory that an engine can use. `publish` gets the topic `model` and the native Model at every change. Native
    servers are looked for under `home`; `spare` holds a process ready for the next load."""

    def __init__(
        self,
        settings: Callable[[], Models],
        *,
        environ: Mapping[str, str] | None = None,
        check: Callable[[Path], Shape | None] = lambda _path: None,
        vouch: Callable[[str], Awaitable[None]] | None = None,
        devices: Devices = machine.read,
        publish: Publish = lambda _topic, _data: None,
        log: Callable[[str, str], None] = lambda _model, _line: None,
        home: Path | None = None,
        launcher: launching.Launcher | None = None,
        spare: Spare | None = None,
        wait_s: float = 60.0,
    ) -> None:
        self._settings = settings
        self._check = check
        self._vouch = vouch
        self._publish = publish
        self.journal = Journal()
        self._log = log
        self._neighbours = Neighbours()
        self._spare = spare
        self._launcher = launcher or launching.launcher(
            environ or {}, self._keep_log, home, self._answering, self._neighbours.busy, spare
        )
        self._entries: dict[str, Entry] = {}
        self._devices = devices
        self._admission = Admission(self._entries, settings, self._stop, devices=devices, wait_s=wait_s)
        self._watchers: set[asyncio.Task[None]] = set()
        self._sweeper: asyncio.Task[None] | None = None
        self._closed = False
        environment.sweep()

    @contextlib.asynccontextmanager
    async def lease(self, model: Model) -> AsyncGenerator[Worker, None]:
        """Makes the model ready, however long that takes, and keeps it until the block ends. Raises LoadFailed, or
        Busy when no place became free in time."""
        entry = self._entry(model)
        entry.leases += 1
        try:
            worker = await self._ready(entry)
            entry.last_used_at = time.time()
            yield worker
        finally:
            entry.leases -= 1
            entry.last_used_at = time.time()
            self._admission.wake()

    async def load(self, model: Model) -> None:
        """Makes the model ready and leaves it so. Raises LoadFailed or Busy."""
        async with self.lease(model):
            pass

    async def unload(self, name: str) -> None:
        """Ends the model's process, or its loading, now; calls in it end with ModelFailed. Nothing if not loaded."""
        entry = self._entries.get(name)
        if entry is None:
            return
        if entry.task is not None and entry.worker is None:
            entry.task.cancel()
            with contextlib.suppress(asyncio.CancelledError, SeraiError):
                await asyncio.wait([entry.task])
        await self._stop(entry)

    def status(self, name: str) -> Status:
        """The state of a model by name; `on_disk` for one that was never asked for."""
        entry = self._entries.get(name)
        return entry.status() if entry else Status()

    def running(self) -> list[Running]:
        """The models that are loaded, the last used first."""
        ready = sorted(self._entries.values(), key=lambda entry: -entry.last_used_at)
        return [entry.running(entry.worker) for entry in ready if entry.worker]

    def held(self, name: str) -> Model | None:
        """The model as it was loaded, while it is: how it is to be loaded may have been changed since."""
        entry = self._entries.get(name)
        return entry.worker.model if entry and entry.worker else None

    def loading(self) -> list[str]:
        return [name for name, entry in self._entries.items() if entry.task and not entry.worker]

    def loaded(self) -> list[str]:
        """The names of the models that are loaded, the last used first; cheap."""
        ready = sorted(self._entries.values(), key=lambda entry: -entry.last_used_at)
        return [entry.model.name for entry in ready if entry.worker]

    def _keep_log(self, model: str, line: str) -> None:
        self.journal.note(model, line)
        self._log(model, line)

    def _answering(self) -> int:
        return sum(1 for entry in self._entries.values() if entry.worker and entry.leases)

    async def budget(self) -> list[dict[str, Any]]:
        """The memory of every device that one of the loaded engines reaches, and what each model holds of it."""
        engines = {DEFAULT_ENGINE, *(entry.worker.answerer.backend for entry in self._entries.values() if entry.worker)}
        found = max([await asyncio.to_thread(self._devices, engine) for engine in sorted(engines)], key=len)
        return ledger.told(found, self._admission.holdings(), self._settings().memory_share, memory_of(os.getpid())[0])

    async def usable(self) -> int:
        """The most that models may use of this machine's memory, if nothing else runs; of the GPU's where that is
        more."""
        found = await asyncio.to_thread(self._devices, DEFAULT_ENGINE)
        return max(
            ledger.room([replace(each, free=each.total) for each in found], self._settings().memory_share, []).values()
        )

    async def room(self, engine: str, name: str = "") -> Room:
        """The memory that a model of this name could take with this engine, if it were loaded anew."""
        found = await asyncio.to_thread(self._devices, engine)
        places = self._admission.places()
        now = policy.with_room_of(self._admission.room(found), [place for place in places if place.name == name])
        others = [place for place in policy.evictable(places) if place.name != name]
        return Room(devices=found, now=now, later=policy.with_room_of(now, others))

    async def wished(self, model: Model, loads: Mapping[str, Any]) -> Model:
        """The model as it is wanted loaded. One that is loaded otherwise, and has nothing to do, is unloaded first;
        while it answers others it stays as it is. A context is only ever made longer: one that is longer than wished
        does no harm."""
        entry = self._entries.get(model.name)
        worker = entry.worker if entry else None
        asked = min(int(loads.get("context", 0)), model.context_length or 1 << 31)
        others = {name: value for name, value in loads.items() if name != "context"}
        longer = {"context": asked} if asked > launching.context_of(model, self._settings()) else {}
        wanted = replace(model, loading={**model.loading, **others, **longer})
        if entry is None or worker is None:
            return wanted
        held = worker.model.loading
        if asked <= worker.context and all(held.get(name) == value for name, value in others.items()):
            return replace(model, loading=held)
        if entry.leases:
            return model
        await self.unload(model.name)
        return wanted

    async def keep(self, name: str, idle_s: float) -> None:
        """A loaded model may be idle for so long, whatever the settings say, until it is unloaded: 0 is not at all,
        which holds at once where it has nothing to do; infinity also protects it from making room for others."""
        if entry := self._entries.get(name):
            entry.idle_s = idle_s
            if idle_s == 0 and not entry.leases:
                await self.unload(name)

    def kept(self, name: str) -> float | None:
        """How long that is, where it was said."""
        entry = self._entries.get(name)
        return entry.idle_s if entry else None

    def pin(self, name: str, pinned: bool) -> None:
        """Takes note that a model was pinned or released while it is loaded."""
        if entry := self._entries.get(name):
            entry.model = replace(entry.model, pinned=pinned)

    async def close(self) -> None:
        """Ends every process. Also when cancelled: then hard, but still all of them."""
        self._closed = True
        tasks = [entry.task for entry in self._entries.values() if entry.task]
        for task in [*tasks, *self._watchers, *([self._sweeper] if self._sweeper else [])]:
            task.cancel()
        try:
            if self._spare is not None:
                await self._spare.close()
            await asyncio.gather(*tasks, *self._watchers, return_exceptions=True)
            await asyncio.gather(*(self._stop(entry) for entry in list(self._entries.values())))
        finally:
            for entry in self._entries.values():
                if entry.worker:
                    entry.worker.process.kill()

    # ------------------------------------------------------------------------------------------------ ensure ready

    def _entry(self, model: Model) -> Entry:
        if self._closed:
            raise Busy("Serai is stopping.", retry_after=5)
        entry = self._entries.setdefault(model.name, Entry(model))
        entry.model = model
        if self._sweeper is None:
            self._sweeper = asyncio.create_task(self._sweep())
        return entry

    async def _ready(self, entry: Entry) -> Worker:
        """Everyone who asks meanwhile awaits the same load; one of them going away does not end it."""
        while True:
            if entry.worker and not entry.worker.process.gone.is_set() and not entry.worker.unloading:
                return entry.worker
            if entry.worker:
                await self._stop(entry)
                continue
            if entry.task is None:
                entry.task = asyncio.create_task(self._load(entry))
                entry.task.add_done_callback(_retrieve)
            task = entry.task
            await asyncio.wait([task])
            if task.cancelled():
                raise ModelFailed(f"{entry.model.name} was unloaded while it was loading.", hint="Ask again.")
            task.result()

    async def _load(self, entry: Entry) -> Worker:
        entry.error, entry.since = None, time.time()
        self._tell(entry)
        try:
            entry.worker = await self._start(entry)
            entry.settle()
        except SeraiError as error:
            entry.error = error
            raise
        finally:
            entry.task = None
            if entry.worker is None:
                entry.free()
                self._admission.wake()
            self._tell(entry)
        if self._spare is not None:
            self._spare.refill()
        watcher = asyncio.create_task(self._watch(entry, entry.worker))
        self._watchers.add(watcher)
        watcher.add_done_callback(self._watchers.discard)
        return entry.worker

    async def _start(self, entry: Entry) -> Worker:
        settings = self._settings()
        path = entry.model.path
        if self._vouch is not None:
            await self._vouch(entry.model.name)
        shape = await asyncio.to_thread(self._check, Path(path)) if path else None
        choice = await self._admission.admit(entry, shape)
        process = entry.process = self._launcher(entry.model, settings, choice)
        await process.start(settings.load_timeout_s)
        return Worker(entry.model, process)

    # ---------------------------------------------------------------------------------------------------- ending

    async def _stop(self, entry: Entry) -> None:
        """Ends the process; its place counts as taken until its memory is returned."""
        worker = entry.worker
        if worker is None:
            return
        worker.unloading = True
        try:
            await worker.process.stop()
        finally:
            if worker.process.gone.is_set() and entry.worker is worker:
                entry.worker = None
                entry.free()
                self._tell(entry)
                self._admission.wake()

    async def _watch(self, entry: Entry, worker: Worker) -> None:
        """Takes note of a crash; the next call starts the model anew."""
        await worker.process.gone.wait()
        if not worker.unloading:
            lines = list(worker.process.lines)
            entry.error = failure.crashed(entry.model.name, worker.process.returncode or 0, lines)
            await self._stop(entry)

    async def _sweep(self) -> None:
        while True:
            idle_s = self._settings().idle_minutes * 60
            await asyncio.sleep(min(_SWEEP_S, idle_s / 4) if idle_s else _SWEEP_S)
            await asyncio.to_thread(self._neighbours.look)
            places = [entry.place() for entry in self._entries.values() if entry.worker]
            for name in policy.idle_too_long(places, time.time(), idle_s):
                await self._stop(self._entries[name])

    # ---------------------------------------------------------------------------------------------------- helpers

    def _tell(self, entry: Entry) -> None:
        self._publish("model", describe(entry.model, entry.status()))


def _retrieve(task: asyncio.Task[Worker]) -> None:
    """Marks a load's failure as seen, also when all who awaited it went away."""
    if not task.cancelled():
        task.exception()
