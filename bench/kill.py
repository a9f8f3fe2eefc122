"""kill -9 in the middle of an answer, again and again: is every token that was shown in the session afterwards?

`python -m bench.kill [KILLS]` runs a real server with serai-guide, whose answer a grammar keeps long, kills the server
at a random moment while a client reads along, starts it again, and compares. Ends with an error if a token is lost."""

from __future__ import annotations

import json
import random
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx2

from bench.common import environment

KILLS = 20
LONG = {"grammar": "root ::= line{80}\nline ::= [a-z ]{50}", "max_tokens": 4000}


class Server:
    """One life of a server."""

    def __init__(self, home: Path) -> None:
        command = [sys.executable, "-m", "serai", "serve", "--port", "0", "--no-browser", "--json"]
        with (home / "log").open("ab") as log:
            self.process = subprocess.Popen(command, env=environment(home), stdout=subprocess.PIPE, stderr=log)
        assert self.process.stdout is not None
        url = json.loads(self.process.stdout.readline())["url"]
        self.client = httpx2.Client(base_url=url, timeout=60)

    def end(self, how: signal.Signals) -> None:
        self.process.send_signal(how)
        self.process.wait(30)
        self.client.close()


def ask(server: Server) -> tuple[str, str]:
    """A session and the answer that begins in it."""
    session = server.client.post("/api/v1/sessions", json={"settings": LONG}).raise_for_status().json()["id"]
    path = f"/api/v1/sessions/{session}/messages"
    asked = server.client.post(path, json={"text": "hello"}).raise_for_status().json()
    return session, asked["answer"]["id"]


def read_and_kill(server: Server, answer: str, pieces: int) -> str:
    """Reads along until so many pieces were shown, kills the server, and returns all that was shown."""
    shown: list[str] = []
    try:
        with server.client.stream("GET", f"/api/v1/messages/{answer}/stream") as response:
            for line in response.iter_lines():
                if line.startswith("data: ") and '"seq"' in line:
                    shown.append(json.loads(line.removeprefix("data: "))["text"])
                if len(shown) == pieces:
                    server.process.send_signal(signal.SIGKILL)
    except httpx2.TransportError:
        pass
    server.end(signal.SIGKILL)
    return "".join(shown)


def one_kill(server: Server, home: Path, pieces: int) -> tuple[Server, str, dict[str, Any]]:
    """The server's next life, what a client had been shown, and the message as it is kept."""
    session, answer = ask(server)
    shown = read_and_kill(server, answer, pieces)
    server = Server(home)
    messages = server.client.get(f"/api/v1/sessions/{session}").raise_for_status().json()["messages"]
    return server, shown, next(message for message in messages if message["id"] == answer)


def main(kills: int = KILLS) -> None:
    chance = random.Random(7)
    done = lost = 0
    with tempfile.TemporaryDirectory(prefix="serai-bench-") as folder:
        home = Path(folder)
        server = Server(home)
        while done < kills:
            server, shown, kept = one_kill(server, home, chance.randint(1, 40))
            if kept["text"].startswith(shown) and kept["state"] == "done":
                continue  # it was over before the kill: that proves nothing
            done += 1
            whole = kept["text"].startswith(shown) and kept["state"] == "interrupted" and bool(shown)
            lost += not whole
            print(f"{done:3}: shown {len(shown):5} characters, kept {len(kept['text']):5}{'' if whole else '   LOST'}")
            if not whole:
                print(f"     {kept['state']} {kept['error']}: shown {shown[-80:]!r}, kept {kept['text'][-80:]!r}")
        server.end(signal.SIGTERM)
    print(f"{kills} kills, {lost} with a loss")
    sys.exit(1 if lost else 0)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
