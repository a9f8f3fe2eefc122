from __future__ import annotations

import gc
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from tests.fakes import app as fake

import serai
from serai import errors
from serai.cli.server import Server
from serai.client.exchange import Address
from serai.settings import SettingsFile


@pytest.fixture
def listening(tmp_path: Path) -> Iterator[Path]:
    """A server on a unix socket."""
    path, up = tmp_path / "s", threading.Event()

    async def started() -> None:
        up.set()

    server = Server(fake.build_app(fake.build(SettingsFile(tmp_path, {}))), uds=str(path), on_started=started)
    thread = threading.Thread(target=server.serve_on)
    thread.start()
    assert up.wait(20)
    yield path
    server.should_exit = True
    thread.join()


@pytest.mark.parametrize("form", ["unix:{}", "unix://{}"])
def test_a_unix_socket_is_an_address(listening: Path, form: str) -> None:
    with serai.Client(form.format(listening)) as client:
        assert client.chat("over a socket").text == "over a socket"
        assert "".join(client.chat("one two", stream=True)) == "one two "


async def test_a_unix_socket_is_one_for_asyncio_too(listening: Path) -> None:
    async with serai.AsyncClient(f"unix:{listening}") as client:
        assert (await client.version())["version"]


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_nobody_on_a_socket_is_said_in_words(tmp_path: Path) -> None:
    with serai.Client(f"unix:{tmp_path}/none", retries=0) as client, pytest.raises(errors.Unreachable, match="unix:/"):
        client.models()
    gc.collect()  # httpx2 leaves the socket that did not connect to the collector


def test_a_silent_server_is_not_waited_for_for_ever() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with serai.Client(url, timeout=0.05) as client, pytest.raises(errors.TimedOut, match="in time"):
            client.models()


def test_the_environment_names_server_and_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERAI_URL", "http://127.0.0.1:99")
    monkeypatch.setenv("SERAI_API_KEY", "serai-env")

    def check(request: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(200, json={"url": str(request.url), "key": request.headers["authorization"]})

    with serai.Client(transport=httpx2.MockTransport(check)) as client:
        assert client.status() == {"url": "http://127.0.0.1:99/api/v1/status", "key": "Bearer serai-env"}
    with serai.Client("http://127.0.0.1:98", "own", transport=httpx2.MockTransport(check)) as client:
        assert client.status() == {"url": "http://127.0.0.1:98/api/v1/status", "key": "Bearer own"}


def test_addresses() -> None:
    assert Address.parse("https://h:1") == (httpx2.URL("https://h:1"), None)
    assert Address.parse("unix:relative/s").socket == "relative/s"
