"""A batch, and the server that answers it killed in the middle."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

import openai
import pytest

from tests.e2e.conftest import PATIENCE, Server, serving

pytestmark = [pytest.mark.engine, pytest.mark.slow]

CHAT = "/v1/chat/completions"
COUNT = 60


def client_of(server: Server) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{server.url}/v1", api_key="any")


def wait(client: openai.OpenAI, batch: str, *, done: int) -> Any:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        found = client.batches.retrieve(batch)
        assert found.status in ("validating", "in_progress", "finalizing", "completed"), found.errors
        if found.request_counts is not None and found.request_counts.completed >= done:
            return found
        time.sleep(0.01)
    raise AssertionError(f"only {found.request_counts} after {PATIENCE} s")


def test_a_killed_server_goes_on_and_answers_no_line_twice(tmp_path: Path) -> None:
    body = {"model": "serai-guide", "messages": [{"role": "user", "content": "What is Serai?"}], "max_tokens": 100}
    lines = [
        json.dumps({"custom_id": f"n{number}", "method": "POST", "url": CHAT, "body": body}) for number in range(COUNT)
    ]
    with serving(tmp_path) as server, client_of(server) as client:
        file = client.files.create(file=("in.jsonl", io.BytesIO("\n".join(lines).encode())), purpose="batch")
        batch = client.batches.create(input_file_id=file.id, endpoint=CHAT, completion_window="24h")
        before = wait(client, batch.id, done=3)
        server.kill()
    assert before.request_counts.completed < COUNT
    growing = [path for path in (tmp_path / "serai" / "uploads").iterdir() if path.name != file.id]
    answered = b"".join(path.read_bytes() for path in growing)
    with serving(tmp_path) as server, client_of(server) as client:
        wait(client, batch.id, done=COUNT)
        while (found := client.batches.retrieve(batch.id)).status != "completed":
            time.sleep(0.01)
        assert found.output_file_id is not None
        output = client.files.content(found.output_file_id).content
    assert output.startswith(answered[: answered.rfind(b"\n") + 1])
    names = [json.loads(line)["custom_id"] for line in output.splitlines()]
    assert sorted(names) == sorted(f"n{number}" for number in range(COUNT)) and found.error_file_id is None
