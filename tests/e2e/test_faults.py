"""What a kill does: to the server in the middle of an answer, to a model's process, to a client that is gone."""

from __future__ import annotations

import json
import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import httpx2
import psutil
import pytest

from tests.e2e.conftest import PATIENCE, Server, serving

pytestmark = [pytest.mark.engine, pytest.mark.slow]


def ask(server: Server, text: str = "What can you do?") -> tuple[str, str]:
    session = httpx2.post(f"{server.url}/api/v1/sessions", json={"model": "serai-guide"}).json()["id"]
    sent = httpx2.post(f"{server.url}/api/v1/sessions/{session}/messages", json={"text": text}, timeout=PATIENCE)
    return session, sent.json()["answer"]["id"]


def shown_until(server: Server, answer: str, pieces: int) -> str:
    """What a reader has seen after so many pieces."""
    text, seen = "", 0
    with httpx2.stream("GET", f"{server.url}/api/v1/messages/{answer}/stream", timeout=PATIENCE) as response:
        for line in response.iter_lines():
            if line.startswith("data: ") and '"seq"' in line:
                text += json.loads(line[6:])["text"]
                seen += 1
            if seen >= pieces:
                return text
    return text


def model_pid(server: Server) -> int:
    running = server.get("/api/v1/running").json()["running"]
    return int(running[0]["running"]["pid"])


def until(condition: object) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.01)


@pytest.mark.parametrize("pieces", [1, 4])
def test_every_token_that_was_shown_outlives_a_kill_of_the_server(tmp_path: Path, pieces: int) -> None:
    with serving(tmp_path) as first:
        session, answer = ask(first)
        shown = shown_until(first, answer, pieces)
        first.kill()
    with serving(tmp_path) as second:
        messages = second.get(f"/api/v1/sessions/{session}").json()["messages"]
    assert shown
    assert messages[-1]["text"].startswith(shown)
    assert messages[-1]["state"] in {"interrupted", "done"}


def test_model_processes_die_with_a_killed_server(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        _, answer = ask(server)
        shown_until(server, answer, 1)
        child = psutil.Process(model_pid(server))
        server.kill()
        child.wait(PATIENCE)
    assert not child.is_running()


def test_a_crash_of_a_model_is_not_the_servers_end(server: Server) -> None:
    assert httpx2.post(f"{server.url}/api/chat", json={"message": "hi"}, timeout=PATIENCE).status_code == 200
    pid = model_pid(server)
    os.kill(pid, signal.SIGKILL)
    again = httpx2.post(f"{server.url}/api/chat", json={"message": "hi"}, timeout=PATIENCE)
    if again.status_code != 200:  # the call met the dying process: one failed call, in words
        assert again.json()["error"]["code"] == "model_crashed"
        again = httpx2.post(f"{server.url}/api/chat", json={"message": "hi"}, timeout=PATIENCE)
    assert again.status_code == 200
    assert model_pid(server) != pid


def test_ctrl_c_ends_the_server_and_its_models(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        httpx2.post(f"{server.url}/api/chat", json={"message": "hi"}, timeout=PATIENCE)
        child = psutil.Process(model_pid(server))
        assert server.end() == 0
        assert not child.is_running()
    assert not (tmp_path / "serai" / "server.json").exists()


def test_a_server_on_another_address_needs_a_key(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="serai keys create"), serving(tmp_path, "--host", "0.0.0.0"):
        pass


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"{", 400), (b"\xff\xfe", 400), (b"[]", 400), (b'{"messages": 3}', 400), (b'{"messages": []}', 400)],
)
def test_broken_bodies_are_clear_errors(server: Server, body: bytes, status: int) -> None:
    response = httpx2.post(f"{server.url}/v1/chat/completions", content=body, timeout=PATIENCE)
    assert response.status_code == status
    assert response.json()["error"]["message"]


def test_a_body_of_100_mb_is_refused_and_the_server_lives(server: Server) -> None:
    huge = (b" " * (1 << 20) for _ in range(100))
    with suppress(httpx2.NetworkError):  # the server may answer and close while the rest is still on its way
        assert httpx2.post(f"{server.url}/v1/chat/completions", content=huge, timeout=PATIENCE).status_code == 413
    assert server.get("/health").status_code == 200


def test_a_file_that_is_not_a_model_is_refused_in_words(server: Server, tmp_path: Path) -> None:
    (tmp_path / "fake.gguf").write_bytes(b"<!DOCTYPE html>" + b" " * 100)
    response = httpx2.post(f"{server.url}/api/v1/models", json={"path": str(tmp_path / "fake.gguf")})
    assert response.json()["error"]["message"] == "fake.gguf is not a GGUF file: it looks like a web page."


def test_foreign_pages_and_names_are_refused(server: Server) -> None:
    for headers in ({"Host": "evil.example"}, {"Origin": "https://evil.example"}):
        response = httpx2.post(f"{server.url}/api/chat", json={"message": "hi"}, headers=headers)
        assert response.status_code == 403
