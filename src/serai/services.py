"""All long-lived objects of a running Serai, started and ended in order; `wiring.build` makes them."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from serai.accounts.gate import Gate
from serai.accounts.keys import Keys
from serai.accounts.limits import Rates
from serai.batches.batches import Batches
from serai.batches.files.batches import FileBatches
from serai.batches.uploads import Uploads
from serai.chat.responses import Responses
from serai.chat.sessions import Sessions
from serai.chat.turns import Turns
from serai.errors import Conflict, ModelNotFound, SeraiError
from serai.hosting import devices, native
from serai.hosting.budget import Device
from serai.hosting.pool import Pool
from serai.hosting.status import describe
from serai.hub.adopt.everything import Adopt
from serai.hub.catalogue import Catalogue
from serai.hub.created import Created
from serai.hub.data_sets import DataSets
from serai.hub.headers import Headers
from serai.hub.mirror.mirror import Mirror
from serai.hub.pictures import Pictures
from serai.hub.records import Records
from serai.hub.store import GUIDE, Store
from serai.hub.weights import Weights
from serai.jobs.runner import Jobs
from serai.money.opening import Money
from serai.monitor.monitor import Monitor
from serai.outside import Outside
from serai.providers.endpoints.endpoints import Endpoints
from serai.providers.providers import Providers
from serai.routing.cache.cache import Cache
from serai.routing.router import Router
from serai.routing.routes import Routes
from serai.settings import Settings, SettingsFile
from serai.storage.database import Database
from serai.storage.memory import Memory
from serai.storage.secrets import SecretStore
from serai.telemetry import logs
from serai.telemetry.events import Events
from serai.telemetry.metrics import Metrics

_RUNNING = "running"
"""What Serai remembers of the models that were running, under this key."""


@dataclass(kw_only=True)
class Services:
    """All that a running Serai consists of. Routes and commands get what they need from here."""

    settings_file: SettingsFile
    settings: Settings
    private: bool
    home: Path
    db: Database
    events: Events
    metrics: Metrics
    secrets: SecretStore
    memory: Memory
    keys: Keys
    rates: Rates
    outside: Outside
    monitor: Monitor = field(init=False)
    store: Store = field(init=False)
    records: Records = field(init=False)
    created: Created = field(init=False)
    headers: Headers = field(init=False)
    catalogue: Catalogue = field(init=False)
    pictures: Pictures = field(init=False)
    weights: Weights = field(init=False)
    data_sets: DataSets = field(init=False)
    adopt: Adopt = field(init=False)
    mirror: Mirror = field(init=False)
    jobs: Jobs = field(init=False)
    pool: Pool = field(init=False)
    providers: Providers = field(init=False)
    endpoints: Endpoints = field(init=False)
    cache: Cache = field(init=False)
    routes: Routes = field(init=False)
    money: Money = field(init=False)
    router: Router = field(init=False)
    gate: Gate = field(init=False)
    sessions: Sessions = field(init=False)
    responses: Responses = field(init=False)
    uploads: Uploads = field(init=False)
    batches: Batches = field(init=False)
    file_batches: FileBatches = field(init=False)
    turns: Turns = field(init=False)
    started_at: float = field(default_factory=time.time)
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _returning: list[str] = field(default_factory=list)
    _closing: bool = False

    async def start(self) -> None:
        """Takes up again what a former process left: answers that were cut off, jobs, models that were running."""
        if not self.private:
            await self.money.start()
            await self.turns.recover()
            await self.batches.tidy()
            await self.file_batches.tidy()
        await self.jobs.start()
        if not self.private:
            self.monitor.start(self.events)
            self._spawn(self._ask_services())
        if self.settings.hub.adopt and not self.private:
            self._spawn(self.adopt.run(closely=False))
        if self.settings.models.preload and not self.private:
            self._spawn(self._preload())

    async def close(self) -> None:
        """Ends everything in the reverse order, model processes included."""
        self._closing = True
        self.events.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        try:
            await self.gate.close()
            await self.turns.close()
            await self.mirror.close()
            await self.jobs.stop()
        finally:
            for backend in self.router.backends:
                await backend.close()
            await self.providers.close()
            await self.endpoints.close()
            await self.pool.close()
            await self.money.close()
            await self.monitor.close()
            await self.cache.close()
            await self.db.close()
            logs.close()

    def reload_settings(self) -> None:
        """Takes over what was changed in the settings file; what needs a restart says so where it is declared."""
        self.settings = self.settings_file.load().settings
        self.write_logs()

    def write_logs(self) -> None:
        """Says where the log goes, and how much of it there is."""
        level, size = self.settings.logs.level, self.settings.logs.keep_mb
        logs.setup(self.home, level, size, part="commands" if self.private else "server")

    def use_llama_server(self, name: str) -> None:
        """Runs models with that server from now on. Raises Conflict where the environment says which one."""
        source = self.settings_file.load().sources["models.llama_server"]
        if source not in ("default", "serai.toml"):
            raise Conflict(f"models.llama_server is set by {source}.", hint="Change it there.", source=source)
        self.settings_file.set("models.llama_server", None if name == native.AUTO else name)
        self.reload_settings()
        self.events.publish("settings", {"keys": ["models.llama_server"]})

    def use_built_server(self, _name: str) -> None:
        """The newest build is what `auto` means; where the environment says otherwise, that stands."""
        with contextlib.suppress(Conflict):
            self.use_llama_server(native.AUTO)

    def devices(self, engine: str) -> list[Device]:
        """The memory that an engine can use, as far as the server that is in use for it goes."""
        native_program = native.program(self.home, self.settings.models.llama_server) if engine == "llama.cpp" else ""
        return devices.read(engine, native_program)

    async def hub_token(self) -> str | None:
        """The token for the hub: from the environment, else the stored one."""
        return self.settings_file.secret("hf_token") or await self.secrets.get("hf_token")

    async def jwt_secret(self) -> str | None:
        """What HS256 tokens are signed with: from the environment, else the stored one."""
        return self.settings_file.secret("jwt_secret") or await self.secrets.get("jwt_secret")

    def announce(self, name: str) -> None:
        """Tells everyone that a model's facts changed, or that it is gone."""
        self._spawn(self._announce(name))

    def model_changed(self, topic: str, data: Mapping[str, Any]) -> None:
        """The pool's voice: passed on as an event, and remembered for the next start."""
        self.events.publish(topic, data)
        if data["state"] in {"ready", "on_disk"} and not self._closing and not self.private:
            loaded = self.pool.loaded()
            returning = [name for name in self._returning if name not in loaded]
            self._spawn(self.memory.set(_RUNNING, [*loaded, *returning]))

    async def _ask_services(self) -> None:
        """What the remote services have, so that nobody waits for it later."""
        with contextlib.suppress(SeraiError):
            await self.router.remote_models()

    async def _announce(self, name: str) -> None:
        try:
            model = await self.store.find(name)
            self.events.publish("model", describe(model, self.pool.status(name)))
        except ModelNotFound:
            self.events.publish("model.removed", {"name": name})

    async def _preload(self) -> None:
        """The models that ran last, newest first; on the very first start the embedded one. Those still to come stay
        remembered, so that a kill meanwhile forgets none."""
        names = (await self.memory.get(_RUNNING, [GUIDE]))[: self.settings.models.max_loaded or None]
        self._returning = list(names)
        for name in names:
            with contextlib.suppress(SeraiError):  # told by the pool as the model's state, and logged there
                await self.pool.load(await self.store.find(name))
            self._returning.remove(name)

    def _spawn(self, work: Any) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
