"""Fixtures that many tests share."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from serai.hosting.pool import Pool
from serai.settings import Models
from serai.storage.database import Database
from serai.storage.engines import sqlite_url
from tests.fakes import llama_server as llama_server_fake
from tests.fakes import tiny_gguf

_OWN = ("home", "check", "publish", "launcher", "wait_s", "log", "devices")


def pytest_configure() -> None:
    """Ctrl+C ends the programs under test also where the tests run with it ignored, as a shell's background does."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A GGUF file of 0.5 MB that llama.cpp loads."""
    return tiny_gguf.write(tmp_path_factory.mktemp("models") / "tiny.gguf")


@pytest.fixture(params=["wheel", "native"])
def llama_server(request: pytest.FixtureRequest) -> str:
    """The setting `models.llama_server` for each of the two, the native one where this machine has it."""
    if request.param == "wheel":
        return "wheel"
    return llama_server_fake.real() or pytest.skip("no llama-server is here: name one with SERAI_TEST_LLAMA_SERVER")


@pytest.fixture
def url(tmp_path: Path) -> str:
    """The address of a database that is not there yet."""
    return sqlite_url(tmp_path / "serai.db")


@pytest_asyncio.fixture
async def db(url: str) -> AsyncIterator[Database]:
    database = Database.open(url)
    yield database
    await database.close()


@pytest_asyncio.fixture
async def make_pool() -> AsyncIterator[Callable[..., Pool]]:
    """Makes pools of real processes that end with the test; keywords are settings or the pool's own."""
    pools: list[Pool] = []

    def make(**wishes: object) -> Pool:
        own = {name: wishes.pop(name) for name in _OWN if name in wishes}
        settings = Models(**{"context": 512, "parallel": 4, "threads": 1, "load_timeout_s": 60, **wishes})  # type: ignore[arg-type]
        pools.append(Pool(lambda: settings, **own))  # type: ignore[arg-type]
        return pools[-1]

    yield make
    for pool in pools:
        await pool.close()
