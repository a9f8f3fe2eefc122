from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.hub import FakeHub, serving

from serai.hub.download import Download
from serai.hub.records import Records
from serai.hub.remote import Hub
from serai.hub.store import Store
from serai.jobs.kinds import JobContext
from serai.storage.database import Database

NAME = "acme/tiny-GGUF"


@pytest.fixture
def changed() -> list[str]:
    return []


@pytest.fixture
def store(db: Database, changed: list[str]) -> Store:
    return Store(db, changed.append)


@pytest.fixture
def records(db: Database) -> Records:
    return Records(db)


@pytest.fixture
async def hub(tiny: Path) -> AsyncIterator[FakeHub]:
    async with serving(FakeHub({NAME: {"tiny-Q8_0.gguf": tiny.read_bytes(), "README.md": b"#"}})) as running:
        yield running


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "hf"


@pytest.fixture
def pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    """Files come in pieces of 64 KiB, so that the tiny ones have several."""
    monkeypatch.setattr("serai.hub.fetch.partial._SMALLEST", 1 << 16)


def remote(hub: FakeHub, token: str | None = None, **wishes: Any) -> Hub:
    async def secret() -> str | None:
        return token

    return Hub(lambda: hub.endpoint, secret, lambda: False, **wishes)


def context(model: str, told: list[Any] | None = None, checkpoint: dict[str, Any] | None = None) -> JobContext:
    async def save(_: dict[str, Any]) -> None:
        return None

    def report(*what: Any) -> None:
        if told is not None:
            told.append(what)

    return JobContext("job_1", {"model": model}, checkpoint, save, report)


@pytest.fixture
def fetch(hub: FakeHub, store: Store, records: Records, cache: Path) -> Callable[..., Any]:
    """Runs a download; keywords are its wishes."""

    async def run(
        model: str = NAME, token: str | None = None, job: JobContext | None = None, stall_s: float = 60, **wishes: Any
    ) -> dict[str, Any]:
        source = remote(hub, token, stall_s=stall_s)
        kind = Download(source, store, records, cache, pause=lambda n: 0.0, **wishes)
        return await kind.run(job or context(model))

    return run


def asked(hub: FakeHub) -> list[str | None]:
    """The ranges of files that were asked for."""
    return [wanted for path, wanted, _ in hub.requests if path.startswith("/blob/")]


def blobs(cache: Path) -> list[Path]:
    return sorted(cache.glob("models--*/blobs/*"))
