"""Start-up and idle: /health, the first token of serai-guide, and memory, each over several fresh starts.

`python -m bench.start [RUNS]` prints medians. Time counts from the start of the process."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx2
import psutil

from bench.common import environment, row

DEADLINE_S = 60.0


def one_start(home: Path) -> dict[str, float]:
    """One life of a server: seconds to /health and to the first token, megabytes when idle."""
    log = (home / "log").open("wb")
    command = [sys.executable, "-m", "serai", "serve", "--port", "0", "--no-browser", "--json"]
    began = time.monotonic()
    process = subprocess.Popen(command, env=environment(home), stdout=subprocess.PIPE, stderr=log)
    try:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        httpx2.get(f"{url}/health").raise_for_status()
        health = time.monotonic() - began
        first = _first_token(url, began)
        server = psutil.Process(process.pid)
        memory = server.memory_info().rss / 1e6
        models = sum(child.memory_info().rss for child in server.children(recursive=True)) / 1e6
    finally:
        process.terminate()
        process.wait(DEADLINE_S)
        log.close()
    return {"health_s": health, "first_token_s": first, "server_mb": memory, "guide_process_mb": models}


def _first_token(url: str, began: float) -> float:
    body = {"model": "serai-guide", "stream": True, "messages": [{"role": "user", "content": "What is Serai?"}]}
    with httpx2.stream("POST", f"{url}/v1/chat/completions", json=body, timeout=DEADLINE_S) as response:
        for line in response.iter_lines():
            if line.startswith("data: {") and json.loads(line[6:])["choices"][0]["delta"].get("content"):
                return time.monotonic() - began
    raise AssertionError("no token came")


def main() -> None:
    """The first start of a home makes its database; the figures are of the starts after it."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    with tempfile.TemporaryDirectory() as folder:
        first, *rest = [one_start(Path(folder)) for _ in range(runs + 1)]
    for name in first:
        values = [run[name] for run in rest]
        row(name, statistics.median(values), min(values), max(values), first[name])


if __name__ == "__main__":
    main()
