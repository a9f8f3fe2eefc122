from __future__ import annotations

import json
import os
import signal
import socket
import stat
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from tests.fakes.cli import until

import serai
from serai.cli import server_file

pytestmark = pytest.mark.slow


def test_serves_and_says_where_and_what(start: Any, home: Path) -> None:
    serving = start("serve", "--port", "0", "--no-browser")
    with serai.Client(serving.ready()["url"]) as client:
        assert client.request("GET", "/health") == {"status": "ok"}
    out, err = serving.end()
    assert serving.process.returncode == 0, err
    assert "at http://127.0.0.1:" in out and str(home) in out and "Only the guide is here." in out
    assert out.endswith("Serai has stopped.\n")


def test_the_file_for_other_commands_is_the_user_s_own_and_goes_at_the_end(start: Any, home: Path) -> None:
    serving = start("serve", "--port", "0", "--no-browser")
    assert serving.ready()["pid"] == serving.process.pid
    assert stat.S_IMODE((home / "server.json").stat().st_mode) == 0o600
    serving.end()
    assert not (home / "server.json").exists()
    assert not (home / "alive").exists()


def test_other_commands_reach_the_running_server(start: Any, home: Path, cli: Any) -> None:
    start("serve", "--port", "0", "--no-browser").ready()
    cli("add", "x.gguf", "--name", "added")
    assert cli.services is None, "the command has started a server of its own"
    assert "added" in cli("list").stdout


def test_a_second_server_of_one_home_is_refused(start: Any, cli: Any) -> None:
    first = start("serve", "--port", "0", "--no-browser").ready()
    error = json.loads(cli("serve", "--port", "0", "--json", code=1).stderr)["error"]
    assert error["code"] == "conflict"
    assert first["url"] in error["message"]


def test_serai_alone_opens_the_page_of_the_running_server(start: Any, cli: Any, monkeypatch: Any) -> None:
    opened: list[str] = []
    monkeypatch.setattr("serai.cli.serving.open_page", lambda url: opened.append(url) or True)
    url = start("serve", "--port", "0", "--no-browser").ready()["url"]
    assert "its page is opening" in cli().stdout
    assert opened == [url]


def test_a_killed_server_s_file_says_nothing(start: Any, home: Path, cli: Any) -> None:
    serving = start("serve", "--port", "0", "--no-browser")
    serving.ready()
    serving.end(signal.SIGKILL)
    assert (home / "server.json").exists()
    assert server_file.read(home) is None
    cli("list")
    assert start("serve", "--port", "0", "--no-browser").process.poll() is None


def test_a_process_with_the_same_number_is_not_the_server(home: Path) -> None:
    record = {"pid": os.getpid(), "url": "http://127.0.0.1:1", "started_at": 1.0}
    (home / "server.json").write_text(json.dumps(record))
    assert server_file.read(home) is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"pid": "x"}'])
def test_a_damaged_file_says_nothing(home: Path, content: str) -> None:
    (home / "server.json").write_text(content)
    assert server_file.read(home) is None


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_ends_within_three_seconds_even_with_open_streams(start: Any, home: Path, number: int) -> None:
    serving = start("serve", "--port", "0", "--no-browser")
    client = serai.Client(serving.ready()["url"])
    events, answer = client.events(), client.stream("endless")
    next(events), next(answer)
    began = time.monotonic()
    serving.end(number)
    assert time.monotonic() - began < 3
    assert serving.process.returncode == 0
    assert not (home / "alive").exists(), "the app was not shut down"
    for stream in (events, answer):
        stream.close()
    client.close()


def test_a_port_in_use_is_said_in_words(start: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        serving = start("serve", "--port", str(port), "--no-browser")
        _, err = serving.process.communicate(timeout=20)
    assert serving.process.returncode == 1
    assert err.startswith(f"Error: Port {port} on 127.0.0.1 is in use")
    assert "--port 0" in err and "Traceback" not in err


def test_others_are_not_let_in_without_a_key(start: Any, home: Path) -> None:
    serving = start("serve", "--host", "0.0.0.0", "--port", "0", "--no-browser")
    _, err = serving.process.communicate(timeout=20)
    assert serving.process.returncode == 1
    assert "serai keys create" in err
    assert not (home / "server.json").exists()


def test_with_a_key_it_serves_others_and_commands_get_a_key_of_their_own(start: Any, home: Path) -> None:
    (home / "keys.json").write_text('[{"id": "key_9", "name": "laptop"}]')
    found = start("serve", "--host", "0.0.0.0", "--port", "0", "--no-browser").ready()
    assert found["url"].startswith("http://127.0.0.1:")
    assert found["token"].startswith("serai-")


def test_what_keeps_the_app_from_starting_is_said_in_words(start: Any, home: Path) -> None:
    (home / "broken").touch()
    serving = start("serve", "--port", "0", "--no-browser")
    _, err = serving.process.communicate(timeout=20)
    assert (serving.process.returncode, err) == (1, "Error: The database is damaged.\nRestore it from a back-up.\n")


def test_as_json_one_line_tells_the_address(start: Any) -> None:
    serving = start("serve", "--port", "0", "--no-browser", "--json")
    line = json.loads(serving.process.stdout.readline())
    assert line["url"] == serving.ready()["url"]


def test_requests_that_come_before_the_app_is_ready_wait() -> None:
    from serai.cli.serving import listen

    with listen("127.0.0.1", 0) as listener:
        answered: list[bytes] = []

        def ask() -> None:
            with socket.create_connection(listener.getsockname()) as asker:
                asker.sendall(b"hello")
                answered.append(asker.recv(2))

        asking = threading.Thread(target=ask)
        asking.start()
        connection, _ = listener.accept()
        with connection:
            connection.sendall(b"ok")
        until(lambda: answered)
        asking.join()
    assert answered == [b"ok"]
