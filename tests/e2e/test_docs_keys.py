"""The commands on the page about keys, one after another, and what they leave behind, on a real server."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest

from tests.e2e.conftest import PATIENCE, ROOT, environment, serving

pytestmark = pytest.mark.engine

BLOCK = re.compile(r"<!-- in order -->\n```sh\n(.*?)```", re.DOTALL)
PAGE = ROOT / "docs" / "how-to" / "keys.md"


def run(home: Path, code: str) -> str:
    program = home / "bin" / "serai"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m serai "$@"\n')
    program.chmod(0o755)
    env = environment(home)
    env["PATH"] = f"{program.parent}:{env['PATH']}"
    ran = subprocess.run(["sh", "-ec", code], env=env, capture_output=True, text=True, timeout=PATIENCE, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_pages_commands_work_in_their_order(tmp_path: Path) -> None:
    blocks = BLOCK.findall(PAGE.read_text("utf-8"))
    assert len(blocks) == 2
    with serving(tmp_path):
        first, second = (run(tmp_path, code) for code in blocks)
    assert first.startswith("serai-") and "laptop is revoked." in second


def test_two_clients_hammer_a_narrow_key_of_a_real_server(tmp_path: Path) -> None:
    """Every dialect, the real model, real connections: what is let through is exactly the rate."""
    with serving(tmp_path) as server:
        made = "serai keys create bot --model 'serai-*' --rate 12/min --at-once 3 --json"
        key = {"authorization": f"Bearer {json.loads(run(tmp_path, made))['plain']}"}
        said = [{"role": "user", "content": "Hi"}]
        bodies = {
            "/v1/chat/completions": {"messages": said, "max_tokens": 4},
            "/v1/messages": {"model": "serai-guide", "messages": said, "max_tokens": 4},
            "/api/chat": {"model": "serai-guide", "messages": said, "stream": False, "options": {"num_predict": 4}},
            "/api/generate": {"model": "serai-guide", "prompt": "Hi", "stream": False, "options": {"num_predict": 4}},
        }

        def hammer(number: int) -> list[int]:
            with httpx2.Client(base_url=server.url, headers=key, timeout=PATIENCE) as client:
                return [client.post(path, json=body).status_code for _ in range(4) for path, body in bodies.items()]

        with ThreadPoolExecutor(2) as clients:
            statuses = [status for one in clients.map(hammer, range(2)) for status in one]
    assert statuses.count(200) == 12 and set(statuses) == {200, 429}
