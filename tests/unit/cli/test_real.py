"""The command line over the real app and a real model process: what the fake cannot promise."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.fakes.cli import ENV, until

import serai
from serai.errors import Conflict, ContextExceeded, ModelNotFound, Unauthenticated

pytestmark = pytest.mark.engine

WORKER = "serai.engines.worker"
SHORT = ("--set", "max_tokens=4", "--set", "temperature=0")


class Real:
    def __init__(self, home: Path) -> None:
        self.home = home
        self.env = {**ENV, "SERAI_HOME": str(home), "SERAI_HUB_OFFLINE": "true", "NO_COLOR": "1"}

    def __call__(self, *args: str, code: int = 0, typed: str = "") -> str:
        command = [sys.executable, "-m", "serai", *args]
        done = subprocess.run(command, env=self.env, input=typed, capture_output=True, text=True, check=False)
        assert done.returncode == code, done.stderr
        return done.stdout if code == 0 else done.stderr

    def json(self, *args: str) -> Any:
        return json.loads(self(*args, "--json"))

    def serve(self, *args: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "serai", "serve", "--no-browser", "--port", "0", *args]
        process = subprocess.Popen(command, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        until(lambda: (self.home / "server.json").exists() or process.poll() is not None)
        return process

    def address(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.home / "server.json").read_text())
        return found


@pytest.fixture
def real(tmp_path: Path) -> Iterator[Real]:
    found = Real(tmp_path / "home")
    yield found
    for process in psutil.Process().children():
        if "serve" in process.cmdline():
            process.kill()


def end(process: subprocess.Popen[str]) -> tuple[str, str]:
    process.send_signal(signal.SIGTERM)
    said = process.communicate(timeout=20)
    assert process.returncode == 0, said
    return said


def test_a_model_is_added_asked_shown_and_forgotten_without_a_server(real: Real, tiny: Path) -> None:
    assert real.json("add", str(tiny), "--name", "tiny")["name"] == "tiny"
    answer = real.json("run", "tiny", "hi", *SHORT)
    assert answer["usage"]["completion_tokens"] == 4
    assert answer["answerer"]["model"] == "tiny"
    assert real.json("show", "tiny")["path"] == str(tiny)
    assert real.json("ps") == {"running": []}
    real("rm", "tiny")
    assert "There is no model called 'tiny'" in real("show", "tiny", code=1)


def test_what_a_command_changes_the_running_server_sees_at_once(real: Real, tiny: Path) -> None:
    process = real.serve()
    with serai.Client(real.address()["url"]) as client:
        real("add", str(tiny), "--name", "tiny")
        assert client.model("tiny")["state"] == "on_disk"
        real("run", "tiny", "hi", *SHORT)
        (row,) = [row for row in real.json("ps")["running"] if row["name"] == "tiny"]
        assert psutil.pid_exists(row["running"]["pid"])
        real("stop", "tiny")
        until(lambda: not psutil.pid_exists(row["running"]["pid"]))
        real("config", "set", "models.idle_minutes", "7")
        assert {s["key"]: s["value"] for s in client.settings()}["models.idle_minutes"] == 7
    end(process)


def test_a_command_s_model_process_ends_with_it(real: Real, tiny: Path) -> None:
    real("add", str(tiny), "--name", "tiny")
    command = [sys.executable, "-m", "serai", "run", "tiny", "hi", "--plain"]
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    asking = subprocess.Popen(command, env=real.env, stdout=pipe, stderr=pipe, stdin=nothing)
    (child,) = until(lambda: [c for c in psutil.Process(asking.pid).children() if WORKER in c.cmdline()])
    asking.send_signal(signal.SIGINT)
    asking.communicate(timeout=20)
    assert asking.returncode == 130
    assert not child.is_running()


def test_doctor_hardware_settings_and_logs_answer(real: Real) -> None:
    checks = {row["part"]: row for row in real.json("doctor")["checks"]}
    assert checks["engine"]["ok"] and checks["database"]["ok"]
    assert real.json("hardware")["cpu"]["cores"] >= 1
    assert "server.port" in real("config", "list")
    end(real.serve())
    assert real("logs")


def test_a_setting_of_the_environment_is_not_changed_behind_its_back(real: Real) -> None:
    assert "SERAI_HUB_OFFLINE" in real("config", "set", "hub.offline", "false", code=1)


def test_other_machines_need_a_key_and_commands_of_this_one_do_not(real: Real, tiny: Path) -> None:
    refused = real.serve("--host", "0.0.0.0")
    assert "serai keys create" in refused.communicate()[1]
    key = real("keys", "create", "laptop").strip()
    process = real.serve("--host", "0.0.0.0")
    url = real.address()["url"]
    with serai.Client(url) as nobody, pytest.raises(Unauthenticated):
        nobody.models()
    with serai.Client(url, key) as laptop:
        assert laptop.models()
    assert real("list")
    assert real("keys", "revoke", "laptop")
    with serai.Client(url, key) as laptop, pytest.raises(Unauthenticated):
        laptop.models()
    end(process)
    assert "serai keys create" in real.serve("--host", "0.0.0.0").communicate()[1]


def test_a_chat_that_was_saved_is_a_session_of_the_server(real: Real, tiny: Path) -> None:
    from serai.cli.conversation import Conversation

    process = real.serve()
    with serai.Client(real.address()["url"]) as client:
        client.add(str(tiny), "tiny")
        chat = Conversation(client, "tiny", settings={"max_tokens": 4})
        assert list(chat.ask("hi"))
        saved = chat.save("kept")
        again = Conversation(client)
        assert again.load("kept") is not None
        assert (again.messages, again.model, again.settings) == (chat.messages, "tiny", {"max_tokens": 4})
        assert again.load(saved["id"]) is not None
    end(process)


def test_the_client_raises_what_the_real_server_says(real: Real, tiny: Path) -> None:
    process = real.serve()
    with serai.Client(real.address()["url"]) as client:
        client.add(str(tiny), "tiny")
        with pytest.raises(Conflict, match="taken"):
            client.add(str(tiny), "serai-guide")
        with pytest.raises(ModelNotFound) as caught:
            next(client.stream("hi", "tinny"))
        assert caught.value.facts["nearest"] == ["tiny"]
        with pytest.raises(ContextExceeded) as long:
            client.chat("word " * 20_000, "tiny")
        assert long.value.facts["prompt_tokens"] > long.value.facts["context_length"]
    end(process)
