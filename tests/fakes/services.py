"""Services with everything real but the models: a scripted backend answers."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from tests.fakes.scripted import MODEL, ScriptedBackend

from serai.accounts.keys import Keys
from serai.chat.sessions import Sessions
from serai.chat.turns import Turns
from serai.errors import ModelNotFound
from serai.settings import Settings, SettingsFile
from serai.storage.database import Database
from serai.storage.memory import Memory
from serai.storage.secrets import SecretStore
from serai.telemetry.events import Events
from serai.telemetry.metrics import Metrics
from serai.types import AUTO, Call, Delta, Model


class FakeStore:
    """The store's interface over a list."""

    def __init__(self, *models: Model) -> None:
        self.known = list(models)

    async def models(self) -> Sequence[Model]:
        return self.known

    async def find(self, name: str) -> Model:
        for model in self.known:
            if model.name == name:
                return model
        raise ModelNotFound(name, get_close_matches(name, [model.name for model in self.known]))


class FakeRouter:
    """Resolves names as the router does, and gives every call to one backend."""

    def __init__(self, store: FakeStore, backend: ScriptedBackend) -> None:
        self._store = store
        self.backend = backend

    async def run(self, call: Call) -> AsyncGenerator[Delta, None]:
        if call.model != AUTO:
            await self._store.find(call.model)
        stream = self.backend.run(call)
        try:
            async for delta in stream:
                yield delta
        finally:
            await stream.aclose()


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
    store: FakeStore
    router: FakeRouter
    sessions: Sessions
    turns: Turns
    keys: Keys
    started_at: float = field(default_factory=time.time)

    @property
    def backend(self) -> ScriptedBackend:
        return self.router.backend

    async def start(self) -> None:
        await self.turns.recover()

    async def close(self) -> None:
        self.events.close()
        await self.turns.close()
        await self.db.close()


def build(home: Path, backend: ScriptedBackend | None = None, environ: Mapping[str, str] | None = None) -> Any:
    """Services over a database in `home`, not started."""
    file = SettingsFile(home, environ or {})
    db = Database.open(f"sqlite:///{home / 'serai.db'}")
    events = Events()
    store = FakeStore(MODEL)
    router = FakeRouter(store, backend or ScriptedBackend("Hello", " there"))
    sessions = Sessions(db, events)
    return FakeServices(
        home=home,
        settings_file=file,
        settings=file.load().settings,
        db=db,
        events=events,
        secrets=SecretStore(db, home),
        memory=Memory(db),
        metrics=Metrics(),
        store=store,
        router=router,
        sessions=sessions,
        turns=Turns(db, sessions, router),
        keys=Keys(db),
    )
