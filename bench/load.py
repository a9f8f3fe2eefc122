"""Asks chats as fast as it can, by bare sockets in a process of its own: `python -m bench.load` takes a line of JSON.

The line is {"url", "model", "key", "clients", "chats", "words", "stream"}: so many clients, each on a connection of its
own, each so many chats one after another, of so many words. It answers with a line {"seconds", "words", "times"}, the
seconds of every chat: until its answer was whole, or, of a stream, until its first word came. It fails unless every
answer has all its words."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
from typing import Any
from urllib.parse import urlsplit

import uvloop

from bench.scripted import WORD

_WORD = WORD.encode()
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_END = b"0\r\n\r\n"


class Client(asyncio.Protocol):
    """One connection; `done` is set with the seconds of all its chats."""

    def __init__(self, request: bytes, chats: int, words: int, *, stream: bool) -> None:
        self._request = request
        self._left = chats
        self._words = words
        self._stream = stream
        self._times: list[float] = []
        self.done: asyncio.Future[list[float]] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def go(self) -> None:
        self._head = b""
        self._tail = b""
        self._found = 0
        self._due = -1
        self._came = 0
        self._began = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        if self._due < 0:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                return
            head, data = self._head[:end], self._head[end + 4 :]
            if not head.startswith(b"HTTP/1.1 200"):
                self._fail(self._head)
                return
            length = _LENGTH.search(head)
            self._due = int(length[1]) if length else 0
        self._came += len(data)
        data = self._tail + data
        found = data.count(_WORD)
        if found and not self._found and self._stream:
            self._times.append(time.perf_counter() - self._began)
        self._found += found
        self._tail = data[-(len(_WORD) - 1) :]
        if self._came == self._due if self._due else data.endswith(_END):
            self._next()

    def connection_lost(self, _: Exception | None) -> None:
        self._fail(b"the connection was closed")

    def _next(self) -> None:
        if self._found != self._words:
            self._fail(b"%d words of %d" % (self._found, self._words))
            return
        if not self._stream:
            self._times.append(time.perf_counter() - self._began)
        self._left -= 1
        if self._left:
            self.go()
        elif not self.done.done():
            self.done.set_result(self._times)
            self._transport.close()

    def _fail(self, why: bytes) -> None:
        if not self.done.done():
            self.done.set_exception(RuntimeError(why.decode(errors="replace")))


def request(asked: dict[str, Any]) -> bytes:
    """One chat's bytes."""
    address = urlsplit(asked["url"])
    messages = [{"role": "user", "content": "Say some words."}]
    body = json.dumps(
        {"model": asked["model"], "messages": messages, "max_tokens": asked["words"], "stream": asked["stream"]}
    ).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: {address.netloc}\r\ncontent-type: application/json\r\n"
        f"authorization: Bearer {asked['key']}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def load(asked: dict[str, Any]) -> dict[str, Any]:
    """All chats of all clients, which begin together."""
    loop, address = asyncio.get_running_loop(), urlsplit(asked["url"])
    clients = []
    for _ in range(asked["clients"]):
        client = Client(request(asked), asked["chats"], asked["words"], stream=asked["stream"])
        await loop.create_connection(lambda client=client: client, address.hostname, address.port)  # type: ignore[misc]
        clients.append(client)
    began = time.perf_counter()
    for client in clients:
        client.go()
    times = await asyncio.gather(*(client.done for client in clients))
    seconds = time.perf_counter() - began
    return {
        "seconds": seconds,
        "words": asked["words"] * asked["chats"] * asked["clients"],
        "times": [one for client in times for one in client],
    }


def main() -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        for line in sys.stdin:
            print(json.dumps(runner.run(load(json.loads(line)))), flush=True)


if __name__ == "__main__":
    main()
