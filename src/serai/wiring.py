"""How everything that a running Serai consists of is put together, from the settings."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

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
from serai.hosting.backend import LocalBackend
from serai.hosting.begun import Spare
from serai.hosting.pool import Pool
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
from serai.hub.store import GUIDE_FILE, Store
from serai.hub.verify import Verify
from serai.hub.weights import Weights
from serai.jobs.kinds import JobKind
from serai.jobs.runner import Jobs
from serai.money.opening import open_money
from serai.monitor import opening as monitoring
from serai.outside import Outside
from serai.providers import selling
from serai.providers.endpoints import opening
from serai.providers.endpoints.waiting import WaitJob
from serai.providers.providers import Providers
from serai.routing.cache.cache import Cache
from serai.routing.router import Router
from serai.routing.routes import Routes
from serai.services import Services
from serai.settings import SettingsFile, hf_home
from serai.storage.database import Database
from serai.storage.engines import sqlite_url
from serai.storage.memory import Memory
from serai.storage.secrets import SecretStore
from serai.telemetry import logs
from serai.telemetry.calls import CallLog
from serai.telemetry.events import Events
from serai.telemetry.metrics import Metrics


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
    services.write_logs()
    _models(services)
    _calls(services)
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


def _calls(services: Services) -> None:
    """Who may answer a call, here and elsewhere, and how it finds them."""
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
        [services.metrics, services.monitor, CallLog()],
        lambda: services.settings,
        services.pool.loaded,
        services.rates,
        services.providers.backends,
        services.money.purse,
        services.routes.lookup,
        services.monitor.overhears,
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
