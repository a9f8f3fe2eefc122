"""Services with everything real but the models: a scripted backend answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from functools import partial
from pathlib import Path
from typing import Any

from tests.fakes.scripted import MODEL, ScriptedBackend

from serai.accounts.gate import Gate
from serai.accounts.keys import Keys
from serai.accounts.limits import Rates
from serai.accounts.tokens import Tokens
from serai.batches.batches import Batches
from serai.batches.files.batches import FileBatches
from serai.batches.uploads import Uploads
from serai.batches.work import BatchJob
from serai.chat.responses import Responses
from serai.chat.sessions import Sessions
from serai.chat.turns import Turns
from serai.errors import ModelNotFound
from serai.hosting.budget import Device
from serai.hosting.forecast import Room
from serai.hosting.journal import Journal
from serai.hosting.status import Running, Status
from serai.hub.catalogue import Catalogue
from serai.hub.created import Created
from serai.hub.headers import Headers
from serai.hub.known import Known
from serai.hub.records import Records
from serai.hub.remote import Hub
from serai.jobs.kinds import JobContext
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
from serai.services import Services
from serai.settings import Settings, SettingsFile
from serai.storage.database import Database
from serai.storage.memory import Memory
from serai.storage.secrets import SecretStore
from serai.telemetry import logs
from serai.telemetry.events import Events
from serai.telemetry.metrics import Metrics
from serai.types import Model


class FakeStore:
    """The store's interface over a list."""

    def __init__(self, *models: Model) -> None:
        self.known = {model.name: model for model in models}

    async def models(self) -> Sequence[Model]:
        return list(self.known.values())

    async def find(self, name: str) -> Model:
        if name not in self.known:
            raise ModelNotFound(name, get_close_matches(name, self.known))
        return self.known[name]

    async def add(self, path: Path, name: str | None = None) -> Model:
        model = self.known[name or path.stem] = Model(name=name or path.stem, task="text-generation", path=str(path))
        return model

    async def forget(self, name: str, *, files: bool = False) -> None:
        del self.known[name]

    async def set_pinned(self, name: str, pinned: bool) -> None:
        self.known[name] = replace(await self.find(name), pinned=pinned)

    async def set_settings(self, name: str, settings: Mapping[str, Any]) -> None:
        self.known[name] = replace(await self.find(name), settings=settings)

    async def set_loading(self, name: str, loading: Mapping[str, Any]) -> None:
        self.known[name] = replace(await self.find(name), loading=loading)


class FakePool:
    """The pool's interface; `gate` holds back every load."""

    def __init__(self) -> None:
        self.gate: asyncio.Event | None = None
        self.states: dict[str, Status] = {}
        self.idle: dict[str, float] = {}
        self.journal = Journal()

    def status(self, name: str) -> Status:
        return self.states.get(name, Status())

    def running(self) -> list[Running]:
        return [status.running for status in self.states.values() if status.running]

    async def load(self, model: Model) -> None:
        self.states[model.name] = Status("loading")
        if self.gate is not None:
            await self.gate.wait()
        process = {"pid": 1, "device": "cpu", "device_reason": "", "memory": 1000, "context": 512, "parallel": 1}
        times = {"streams": 0, "tokens_per_second": None, "since": 1.0, "last_used_at": 1.0, "load_s": 0.1}
        self.states[model.name] = Status("ready", None, Running(name=model.name, **process, **times))

    async def unload(self, name: str) -> None:
        self.states.pop(name, None)

    def pin(self, name: str, pinned: bool) -> None:
        pass

    async def keep(self, name: str, idle_s: float) -> None:
        self.idle[name] = idle_s
        if idle_s == 0:
            await self.unload(name)

    def kept(self, name: str) -> float | None:
        return self.idle.get(name)

    async def budget(self) -> list[dict[str, Any]]:
        shares = [{"name": running.name, "memory": running.memory} for running in self.running()]
        return [{"name": "CPU", "kind": "cpu", "total": 8_000_000_000, "free": 4_000_000_000, "models": shares}]

    async def usable(self) -> int:
        return 8_000_000_000

    async def room(self, engine: str, name: str = "") -> Room:
        device = Device(name="CPU", kind="cpu", total=8_000_000_000, free=4_000_000_000)
        return Room(devices=[device], now={"cpu": 3_000_000_000})


class FakeDownload:
    """A job that is half done until it is told to end."""

    def __init__(self, kind: str = "download") -> None:
        self.kind = kind
        self.end = asyncio.Event()

    async def run(self, job: JobContext) -> dict[str, Any]:
        job.progress(done=1, total=2, note="half")
        await self.end.wait()
        return {"model": job.args.get("model")}


@dataclass(kw_only=True)
class FakeServices:
    """The fields of `serai.services.Services` that the edges use."""

    home: Path
    settings_file: SettingsFile
    settings: Settings
    db: Database
    events: Events
    secrets: SecretStore
    memory: Memory
    metrics: Metrics
    jobs: Jobs
    store: FakeStore
    pool: FakePool
    headers: Headers
    catalogue: Catalogue
    backend: ScriptedBackend
    routes: Routes
    router: Router
    sessions: Sessions
    turns: Turns
    keys: Keys
    gate: Gate
    providers: Providers
    endpoints: Endpoints
    money: Money
    cache: Cache
    records: Records
    created: Created
    responses: Responses
    uploads: Uploads
    batches: Batches
    file_batches: FileBatches
    outside: Outside
    monitor: Monitor
    started_at: float = field(default_factory=time.time)

    jwt_secret = Services.jwt_secret
    hub_token = Services.hub_token
    use_llama_server = Services.use_llama_server

    def reload_settings(self) -> None:
        self.settings = self.settings_file.load().settings

    async def start(self) -> None:
        await self.money.start()
        await self.turns.recover()
        await self.batches.tidy()
        await self.file_batches.tidy()
        await self.jobs.start()
        self.monitor.start(self.events)

    async def close(self) -> None:
        self.events.close()
        await self.gate.close()
        await self.turns.close()
        await self.jobs.stop()
        await self.providers.close()
        await self.endpoints.close()
        await self.money.close()
        await self.monitor.close()
        await self.cache.close()
        await self.db.close()


async def _nothing() -> None:
    return None


def build(home: Path, backend: ScriptedBackend | None = None, environ: Mapping[str, str] | None = None) -> Any:
    """Services over a database in `home`, not started."""
    file = SettingsFile(home, environ or {})
    db = Database.open(f"sqlite:///{home / 'serai.db'}")
    events, metrics = Events(), Metrics()
    backend = backend or ScriptedBackend()
    services: FakeServices
    store = FakeStore(MODEL)
    rates, keys = Rates(), Keys(db)
    secrets = SecretStore(db, home)

    async def taken(name: str) -> bool:
        return False

    outside = Outside(lambda: services.settings.outside.fetch, lambda: services.settings.outside.private)
    monitor = monitoring.opened(db, secrets, outside, home, lambda: services.settings.monitor, events.publish)
    providers = Providers(
        db, secrets, file.named, logs.redact, taken, outside, lambda: services.settings.server.public_url
    )
    far = providers.backends
    routes = Routes(db)
    money = open_money(db, events.publish, partial(selling.seller, providers))
    more: Any = {"rates": rates, "services": far, "money": money.purse, "route": routes.lookup}
    cache = Cache(home / "cache.db", lambda: services.settings.cache, store.find)
    more |= {"overhear": monitor.overhears, "cache": cache}
    router = Router([backend], events, [metrics, monitor], lambda: services.settings, **more)
    tokens = Tokens(lambda: services.settings.auth, lambda: services.jwt_secret())  # noqa: PLW0108 - not built yet
    sessions = Sessions(db, events)
    uploads = Uploads(db, home / "uploads")
    batch = BatchJob(db, uploads)
    endpoints = opening.build(lambda: services.settings.hub, lambda: services.hub_token(), lambda: providers)  # noqa: PLW0108
    kinds = [FakeDownload(), FakeDownload("engine.build"), batch, WaitJob(endpoints, every_s=0.02)]
    jobs = Jobs(db, events, kinds)
    gate = Gate(keys, tokens, rates, router)
    file_batches = FileBatches(
        home / "batches",
        uploads,
        jobs,
        home / "hub",
        run=router.run,
        resolve=router.resolve,
        principal=gate.principal,
        settings=lambda: services.settings.batches,
    )
    jobs.learn(file_batches.job)
    services = FakeServices(
        home=home,
        settings_file=file,
        settings=file.load().settings,
        db=db,
        events=events,
        secrets=secrets,
        providers=providers,
        endpoints=endpoints,
        money=money,
        cache=cache,
        memory=Memory(db),
        metrics=metrics,
        jobs=jobs,
        store=store,
        pool=FakePool(),
        headers=Headers(),
        catalogue=Catalogue(Hub(lambda: "", _nothing, lambda: True), Known(home / "catalogue.db")),
        backend=backend,
        routes=routes,
        router=router,
        sessions=sessions,
        turns=Turns(db, sessions, router),
        keys=keys,
        gate=gate,
        records=Records(db),
        created=Created(home),
        responses=Responses(db),
        uploads=uploads,
        batches=Batches(db, uploads, jobs, batch),
        outside=outside,
        monitor=monitor,
        file_batches=file_batches,
    )
    return services
