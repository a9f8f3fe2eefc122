"""A model process by script: speaks the same HTTP and SSE over a unix socket as a real engine, faults included.

Run as a program it reads a Launch from stdin like the worker; the launch's `path` is a JSON file with the script:
`load` (steps before it is ready), `facts`, `steps` of an answer, and `endless` (an answer without max_tokens does not
end). A step is `{"text": …}`, `{"cut": …}` (text whose
bytes are sent one by one), `{"raw": …}` (a line as it stands), `{"error": …}` (an error event), `{"die": signal}`,
`{"exit": code}`, `{"stderr": …}`, `{"stall": true}` (never goes on), `{"refuse": status, "body": …}`.
`slots` are steps for `save` and `restore`, `held` how many tokens its slot says it holds, `term` a step on SIGTERM."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

Step = dict[str, Any]


class Upstream:
    def __init__(self, script: dict[str, Any], socket: str) -> None:
        self.script = script
        self.socket = socket
        self.ready = False
        self.active = 0

    async def serve(self) -> None:
        server = await asyncio.start_unix_server(self.answer, self.socket)
        if term := self.script.get("term"):
            loop = asyncio.get_running_loop()
            loop.add_signal_handler(signal.SIGTERM, lambda: loop.create_task(self.fault(term)))
        for step in self.script.get("load", ()):
            await self.fault(step)
        self.ready = True
        await server.serve_forever()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                length = next((int(h[15:]) for h in head.lower().split(b"\r\n") if h.startswith(b"content-length:")), 0)
                body = json.loads(await reader.readexactly(length) or b"null")
                await self.route(head.split(b" ")[1].decode(), body, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def route(self, path: str, body: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if path == "/health":
            plain(writer, 200 if self.ready else 503, {"status": "ok" if self.ready else "loading model"})
        elif path == "/slots":
            held = self.script.get("held", 0)
            slots = range(max(1, self.active))
            told = [{"id": n, "is_processing": n < self.active, "n_prompt_tokens": held} for n in slots]
            plain(writer, 200, told)
        elif path.startswith("/slots/"):
            await self.slot(path.rpartition("=")[2], body["filename"], writer)
        elif path.endswith("/input_tokens"):
            plain(writer, 200, {"input_tokens": 7})
        elif path == "/tokenize":
            pieces = [{"id": ord(letter), "piece": letter} for letter in "the cat"]
            plain(writer, 200, {"tokens": pieces if (body or {}).get("with_pieces") else [1] * 7})
        elif path == "/asked":
            plain(writer, 200, body)
        else:
            await self.chat(body, reader, writer)

    async def slot(self, action: str, name: str, writer: asyncio.StreamWriter) -> None:
        await self.fault(self.script.get("slots", {}).get(action, {}))
        if action == "save":
            Path("slots").mkdir(exist_ok=True)
            Path("slots", name).write_bytes(b"what it holds")
        plain(writer, 200, {})

    async def chat(self, body: Any, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Streams until the script or the connection ends, whichever comes first."""
        self.active += 1
        play = asyncio.create_task(self.play(body, writer))
        gone = asyncio.create_task(reader.read(1))
        try:
            await asyncio.wait([play, gone], return_when=asyncio.FIRST_COMPLETED)
        finally:
            play.cancel()
            gone.cancel()
            await asyncio.gather(play, gone, return_exceptions=True)
            self.active -= 1
        raise ConnectionError

    async def play(self, body: Any, writer: asyncio.StreamWriter) -> None:
        steps = self.script.get("steps", [])
        if steps and "refuse" in steps[0]:
            plain(writer, steps[0]["refuse"], steps[0]["body"])
            return
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n")
        count = 0
        for step in steps:
            count += "text" in step or "cut" in step
            if "text" in step:
                writer.write(event(step["text"]))
            elif "cut" in step:
                for byte in event(step["cut"]):
                    writer.write(bytes([byte]))
                    await asyncio.sleep(0)
            elif "raw" in step:
                writer.write(step["raw"].encode())
            elif "error" in step:
                writer.write(b"data: " + json.dumps({"error": step["error"]}).encode() + b"\n\n")
            else:
                await writer.drain()
                await self.fault(step)
        if self.script.get("endless") and not (body or {}).get("max_tokens"):
            await asyncio.Event().wait()
        writer.write(end(count, body.get("max_tokens") if body else None))
        await writer.drain()

    async def fault(self, step: Step) -> None:
        if "stderr" in step:
            sys.stderr.write(step["stderr"] + "\n")
            sys.stderr.flush()
        if "die" in step:
            os.kill(os.getpid(), step["die"])
        if "exit" in step:
            os._exit(step["exit"])
        if step.get("stall"):
            await asyncio.Event().wait()


def event(text: str) -> bytes:
    choice = {"index": 0, "finish_reason": None, "delta": {"content": text}}
    return b"data: " + json.dumps({"choices": [choice]}, ensure_ascii=False).encode() + b"\n\n"


def end(count: int, limit: int | None) -> bytes:
    finish = {"index": 0, "finish_reason": "length" if limit == count else "stop", "delta": {}}
    usage = {"prompt_tokens": 7, "completion_tokens": count, "prompt_tokens_details": {"cached_tokens": 2}}
    timings = {"predicted_per_second": 100.0, "prompt_per_second": 1000.0}
    chunks = ({"choices": [finish]}, {"choices": [], "usage": usage, "timings": timings})
    return b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks) + b"data: [DONE]\n\n"


def plain(writer: asyncio.StreamWriter, status: int, body: Any) -> None:
    data = json.dumps(body).encode()
    head = f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(data)}\r\n\r\n"
    writer.write(head.encode() + data)


def main() -> None:
    launch = json.loads(sys.stdin.readline())
    script = json.loads(Path(launch["path"]).read_text("utf-8"))
    sys.stdout.write(json.dumps({"device": "cpu", "device_reason": "a script", **script.get("facts", {})}) + "\n")
    sys.stdout.flush()
    asyncio.run(Upstream(script, launch["socket"]).serve())


if __name__ == "__main__":
    main()
