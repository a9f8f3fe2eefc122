"""The official JavaScript clients, unmodified, each by a script of its own beside this file."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.clients.conftest import HERE
from tests.e2e.conftest import PATIENCE, Server

pytestmark = [pytest.mark.engine, pytest.mark.slow]


@pytest.mark.parametrize("script", sorted(path.name for path in HERE.glob("*.test.mjs")))
def test_a_client_works_unmodified(server: Server, node: str, script: str) -> None:
    env = {"PATH": os.environ["PATH"], "SERAI_URL": server.url, "NODE_ENV": "test"}
    command = [node, "--test", "--test-reporter=tap", script]
    ran = subprocess.run(command, cwd=HERE, env=env, capture_output=True, text=True, timeout=PATIENCE * 2, check=False)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "\n# pass 0\n" not in ran.stdout
