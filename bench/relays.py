"""Who answers chats in `bench.routing`: the scripted service itself, and in front of it Serai, LiteLLM's proxy, and a
relay that does nothing else."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import psutil

from bench.common import ROOT, environment
from bench.scripted import MODEL
from serai.client import Client

SERVICE = "The service itself"
BARE = "A bare relay"
LIMITS = {"requests_per_minute": 1_000_000, "tokens_per_minute": 1_000_000_000, "at_once": 1000, "models": ["far/*"]}


@dataclass(frozen=True)
class Side:
    """Somebody who answers chats; `process` is whose time and memory count."""

    name: str
    url: str
    model: str
    key: str
    process: psutil.Process

    def spent(self) -> float:
        """Processor time of it and its children so far, in seconds."""
        every = [self.process, *self.process.children(recursive=True)]
        return sum(sum(one.cpu_times()[:2]) for one in every)


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    try:
        yield process
    finally:
        process.terminate()
        process.wait(30)


def started(stack: ExitStack, command: list[str], env: dict[str, str], **how: Any) -> subprocess.Popen[bytes]:
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, cwd=ROOT, **how)
    return stack.enter_context(ended(process))


def scripted(stack: ExitStack) -> Side:
    process = started(stack, [sys.executable, "-m", "bench.scripted"], dict(os.environ))
    assert process.stdout is not None
    url = process.stdout.readline().decode().strip()
    return Side(SERVICE, url, MODEL, "key", psutil.Process(process.pid))


def bare(stack: ExitStack, service: Side) -> Side:
    """The least that a relay in Python does."""
    process = started(stack, [sys.executable, "-m", "bench.bare", service.url], dict(os.environ))
    assert process.stdout is not None
    url = process.stdout.readline().decode().strip()
    return Side(BARE, url, MODEL, "key", psutil.Process(process.pid))


def serai(stack: ExitStack, folder: Path, service: Side) -> Side:
    """A real server, with a key that may ask that service."""
    folder.mkdir()
    log = stack.enter_context((folder / "log").open("wb"))
    command = [sys.executable, "-m", "serai", "serve", "--port", "0", "--no-browser", "--json"]
    process = started(stack, command, environment(folder, SERAI_MODELS_PRELOAD="false"), stderr=log)
    assert process.stdout is not None
    url = json.loads(process.stdout.readline())["url"]
    with Client(url) as client:
        client.add_provider("far", "openai", url=f"{service.url}/v1", keys=["key"])
        key = client.create_key("bench", limits=LIMITS)["plain"]
    return Side("Serai", url, f"far/{MODEL}", key, psutil.Process(process.pid))


def litellm(stack: ExitStack, folder: Path, service: Side) -> Side | None:
    """LiteLLM's proxy as its documentation has it, with a master key and no database; None where it is not there."""
    program = os.environ.get("LITELLM", "")
    if not program:
        return None
    folder.mkdir()
    port, key = _free_port(), "sk-bench"
    where = {"model": f"openai/{MODEL}", "api_base": f"{service.url}/v1", "api_key": "key"}
    config = {
        "model_list": [{"model_name": MODEL, "litellm_params": where}],
        "general_settings": {"master_key": key},
    }
    (folder / "config.yaml").write_text(json.dumps(config))
    log = stack.enter_context((folder / "log").open("wb"))
    env = {"PATH": f"{Path(program).parent}:{os.environ['PATH']}", "HOME": str(folder), "LITELLM_TELEMETRY": "False"}
    env |= {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}
    command = [program, "--config", str(folder / "config.yaml"), "--host", "127.0.0.1", "--port", str(port)]
    process = subprocess.Popen([*command, "--num_workers", "1"], env=env, stdout=log, stderr=log, cwd=folder)
    stack.enter_context(ended(process))
    url = f"http://127.0.0.1:{port}"
    _until(lambda: httpx2.get(f"{url}/health/liveliness").status_code == 200)
    return Side("LiteLLM", url, MODEL, key, psutil.Process(process.pid))


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def _until(true: Callable[[], bool], seconds: float = 180.0) -> None:
    due = time.monotonic() + seconds
    while time.monotonic() < due:
        try:
            if true():
                return
        except httpx2.HTTPError:
            pass
        time.sleep(0.5)
    raise TimeoutError("it did not start")
