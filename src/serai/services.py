"""The composition root: builds every long-lived object once, from the settings, and starts and ends them in order."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from serai import registry
from serai.accounts.gate import Gate
from serai.accounts.keys import Keys
from serai.accounts.limits import Rates
from serai.accounts.tokens import Tokens
from serai.batches.batches import Batches
from serai.batches.files.batches import FileBatches
from serai.batches.uploads import Uploads
from serai.batches.work import BatchJob
from serai.building.build import Build
from serai.chat.responses import Responses
from serai.chat.sessions import Sessions
from serai.chat.turns import Turns
from serai.errors import Conflict, ModelNotFound, SeraiError
from serai.hosting import devices, native
from serai.hosting.backend import LocalBackend
from serai.hosting.begun import Spare
from serai.hosting.budget import Device
from serai.hosting.pool import Pool
from serai.hosting.status import describe
from serai.hub import data_sets
from serai.hub.adopt.everything import Adopt
from serai.hub.catalogue import Catalogue
from serai.hub.created import Created
from serai.hub.data_sets import DataSets
from serai.hub.download import Download
from serai.hub.fetch.fetcher import Fetcher
from serai.hub.fetch.limits import Limits
from serai.hub.headers import Headers
from serai.hub.known import Known
from serai.hub.mirror.kept import Kept
from serai.hub.mirror.mirror import Mirror
from serai.hub.pictures import Pictures
from serai.hub.quota import Held, Quota
from serai.hub.rating import WEIGHTS_SHARE
from serai.hub.records import Records
from serai.hub.remote import Hub
from serai.hub.store import GUIDE, GUIDE_FILE, Store
from serai.hub.verify import Verify
from serai.hub.weights import Weights
from serai.jobs.kinds import JobKind
from serai.jobs.runner import Jobs
from serai.money.opening import Money, open_money
from serai.monitor import opening as monitoring
from serai.monitor.monitor import Monitor
from serai.outside import Outside
from serai.providers import selling
from serai.providers.endpoints import opening
from serai.providers.endpoints.endpoints import Endpoints
from serai.providers.endpoints.waiting import WaitJob
from serai.providers.providers import Providers
from serai.routing.cache.cache import Cache
from serai.routing.router import Router
from serai.routing.routes import Routes
from serai.settings import Settings, SettingsFile, hf_home
from serai.storage.database import Database
from serai.storage.engines import sqlite_url
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
        _write_logs(self)

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


def build(file: SettingsFile, *, private: bool = False) -> Services:
    """Everything, not started. `private` is for a command's own short life beside a possible server: it takes up
    nothing that another process may be working on. Raises SeraiError where settings or database do not allow it."""
    file.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings = file.load().settings
    db = Database.open(settings.storage.url or sqlite_url(file.home / "serai.db"))
    services = Services(
        settings_file=file,
        settings=settings,
        private=private,
        home=file.home,
        db=db,
        events=Events(),
        metrics=Metrics(),
        secrets=SecretStore(db, file.home, file.secret_key(), logs.redact),
        memory=Memory(db),
        keys=Keys(db),
        rates=Rates(),
        outside=Outside(lambda: services.settings.outside.fetch, lambda: services.settings.outside.private),
    )
    services.monitor = monitoring.opened(
        db,
        services.secrets,
        services.outside,
        file.home,
        lambda: services.settings.monitor,
        services.events.publish,
        lambda: file.secret("otel_headers"),
    )
    _write_logs(services)
    _models(services)
    services.sessions = Sessions(db, services.events)
    services.responses = Responses(db)
    services.turns = Turns(db, services.sessions, services.router)
    services.file_batches = FileBatches(
        services.home / "batches",
        services.uploads,
        services.jobs,
        hf_home(file.environ) / "hub",
        run=services.router.run,
        resolve=services.router.resolve,
        principal=services.gate.principal,
        settings=lambda: services.settings.batches,
    )
    if not private:  # a command that begins one runs it, too
        services.jobs.learn(services.file_batches.job)
    return services


def _write_logs(services: Services) -> None:
    level, size = services.settings.logs.level, services.settings.logs.keep_mb
    logs.setup(services.home, level, size, part="commands" if services.private else "server")


def _hub(services: Services, hub: Hub) -> list[JobKind]:
    """The one weight store: how models get there, stay there whole, and make room for others."""
    environ = services.settings_file.environ
    cache, records = hf_home(environ) / "hub", Records(services.db)
    folder = services.home / "mirror"
    limits = Limits(lambda: services.settings.hub.connections, lambda: services.settings.hub.rate_limit_mb * 1e6)

    services.weights = Weights(
        services.store,
        records,
        hub,
        cache,
        quota=lambda: int(services.settings.hub.quota_gb * 1e9),
        in_use=lambda: {*services.pool.loaded(), *services.pool.loading()},
        unload=lambda name: services.pool.unload(name),  # noqa: PLW0108 - there is no pool yet
    )
    services.adopt = Adopt(
        services.store,
        records,
        services.memory,
        cache=cache,
        links=services.home / "adopted",
        environ=environ,
        folders=lambda: services.settings.hub.folders,
    )

    async def room() -> int:
        return int(await services.pool.usable() * WEIGHTS_SHARE)

    kept = Kept(folder, cache, records)
    services.data_sets = DataSets(
        cache,
        services.memory,
        lambda: {place.name for place in services.mirror.active() if place.kind == data_sets.KIND},
        kept.asked_for,
    )
    quota = _quota(services, kept)
    download = Download(hub, services.store, records, cache, limits=limits, quota=quota, room=room, runs=_runs)
    public = Hub(lambda: services.settings.hub.endpoint, _nobody, lambda: services.settings.hub.offline)
    make_room = partial(quota.make_room, downloading=download.active)
    services.mirror = Mirror(public, hub, cache, folder, kept, limits=limits, make_room=make_room)
    return [download, Verify(hub, services.store, records, cache, Fetcher(hub, limits))]


def _quota(services: Services, kept: Kept) -> Quota:
    """One for models and for what the mirror keeps."""

    async def remove(name: str) -> None:
        await (kept if kept.owns(name) else services.weights).remove(name)

    async def held(downloading: Collection[str]) -> list[Held]:
        pinned = await services.data_sets.pinned()
        return [*await services.weights.held(downloading), *await kept.held(services.mirror.active(), pinned)]

    return Quota(services.weights.quota, held, remove)


async def _nobody() -> None:
    """The token of those who ask the hub as anybody might."""


async def _has_models(store: Store, prefix: str) -> bool:
    """Whether models of this machine are called `prefix/…`."""
    return any(model.name.casefold().startswith(f"{prefix}/") for model in await store.models())


def _runs(format: str) -> bool:  # noqa: A002 - the field's own word
    """Whether what the format's engine needs is installed."""
    engine = registry.engine_for(format)
    return engine is not None and not registry.missing(engine)


def _models(services: Services) -> None:
    """Where models lie, how they get there, where they run, and how a call finds one."""
    log = logs.get("engine")
    environ = services.settings_file.environ
    services.store = Store(services.db, services.announce)
    services.records = Records(services.db)
    services.created = Created(services.home)
    hub = Hub(lambda: services.settings.hub.endpoint, services.hub_token, lambda: services.settings.hub.offline)
    services.headers = Headers(hub)
    services.catalogue = Catalogue(hub, Known(services.home / "catalogue.db"), runs=_runs)
    services.pictures = Pictures(
        services.home / "pictures", services.catalogue, hub, services.outside, lambda: services.settings.hub.endpoint
    )
    build = Build(services.home, GUIDE_FILE, environ, use=services.use_built_server, log=logs.get("build").info)
    services.uploads = Uploads(services.db, services.home / "uploads")
    batch = BatchJob(services.db, services.uploads)
    services.endpoints = opening.build(lambda: services.settings.hub, services.hub_token, lambda: services.providers)
    kinds: list[JobKind] = [*_hub(services, hub), build, WaitJob(services.endpoints)]
    if not services.private:  # a command answers no requests, so it must take no batch from the server that does
        kinds.append(batch)
    services.jobs = Jobs(services.db, services.events, kinds)
    services.batches = Batches(services.db, services.uploads, services.jobs, batch)
    services.pool = Pool(
        lambda: services.settings.models,
        environ=environ,
        home=services.home,
        check=services.headers.of,
        vouch=Records(services.db).vouch,
        devices=services.devices,
        publish=services.model_changed,
        spare=None if services.private else Spare(environ),
        log=lambda model, line: log.info(line, extra={"model": model}),
    )
    taken = partial(_has_models, services.store)
    services.providers = Providers(
        services.db,
        services.secrets,
        services.settings_file.named,
        logs.redact,
        taken,
        services.outside,
        lambda: services.settings.server.public_url,
    )
    services.cache = Cache(services.home / "cache.db", lambda: services.settings.cache, services.store.find)
    services.metrics.gauge("serai_cache_calls", "Calls that the cache could answer.", services.cache.counted, "result")
    services.routes = Routes(services.db)
    services.money = open_money(services.db, services.events.publish, partial(selling.seller, services.providers))
    services.router = Router(
        [LocalBackend(services.store, services.pool, engine) for engine in registry.engines()],
        services.events,
        [services.metrics, services.monitor],
        lambda: services.settings,
        services.pool.loaded,
        services.rates,
        services.providers.backends,
        services.money.purse,
        services.routes.lookup,
        services.monitor.inspector.overhears,
        services.cache,
    )
    tokens = Tokens(lambda: services.settings.auth, services.jwt_secret)
    services.gate = Gate(services.keys, tokens, services.rates, services.router)
    services.metrics.gauge(
        "serai_model_memory_bytes",
        "Memory of each model's process.",
        lambda: {running.name: float(running.memory) for running in services.pool.running()},
    )
    services.metrics.gauge(
        "serai_calls_open", "Calls that wait for their answer, or stream it.", services.router.counts, "state"
    )
    services.metrics.gauge(
        "serai_calls_queued", "Calls that wait for a place at a backend.", services.router.care.queues, "backend"
    )
