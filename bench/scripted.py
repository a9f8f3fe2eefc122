"""A service on loopback that speaks OpenAI's language from a script: `python -m bench.scripted` says its address.

It answers as many words as `max_tokens` says, at once: a whole answer in one piece, a stream's messages in packets of a
few, as fast models send them. Bare sockets, so that what is measured is whoever asks it. `GET /asked` tells how many
chats it was asked."""

from __future__ import annotations

import asyncio
import json
import re
from functools import cache
from typing import Any

import uvloop

MODEL = "scripted"
WORD = "word"
"""How all of its words begin. No two that follow are alike: LiteLLM ends an answer that repeats itself."""

PACKET = 8
"""So many messages are written together."""

_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_STREAM = re.compile(rb'"stream": ?true')
_WORDS = re.compile(rb'"max_(?:completion_)?tokens": ?(\d+)')


class Connection(asyncio.Protocol):
    """One client. Requests may come in pieces, and one after another."""

    asked = 0

    def connection_made(self, transport: Any) -> None:
        self._transport = transport
        self._came = b""
        self._writing = asyncio.Event()
        self._writing.set()
        self._streams: set[asyncio.Task[None]] = set()

    def pause_writing(self) -> None:
        self._writing.clear()

    def resume_writing(self) -> None:
        self._writing.set()

    def connection_lost(self, _: Exception | None) -> None:
        for stream in self._streams:
            stream.cancel()

    def data_received(self, data: bytes) -> None:
        self._came += data
        while (end := self._came.find(b"\r\n\r\n")) >= 0:
            head = self._came[:end]
            found = _LENGTH.search(head)
            whole = end + 4 + (int(found[1]) if found else 0)
            if len(self._came) < whole:
                return
            body, self._came = self._came[end + 4 : whole], self._came[whole:]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        if head.startswith(b"GET"):
            told: Any = {"asked": Connection.asked} if b"/asked" in head[:40] else {"data": [{"id": MODEL}]}
            self._transport.write(_plain(json.dumps(told).encode()))
            return
        Connection.asked += 1
        words = _WORDS.search(body)
        count = int(words[1]) if words else 8
        if not _STREAM.search(body):
            self._transport.write(_whole(count))
            return
        first, *rest = _packets(count)
        self._transport.write(first)
        if rest:
            stream = asyncio.ensure_future(self._go_on(rest))
            self._streams.add(stream)
            stream.add_done_callback(self._streams.discard)

    async def _go_on(self, packets: list[bytes]) -> None:
        for packet in packets:
            await asyncio.sleep(0)
            await self._writing.wait()
            self._transport.write(packet)


def _plain(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body


@cache
def _whole(count: int) -> bytes:
    message = {"role": "assistant", "content": "".join(_words(count))}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
    return _plain(json.dumps({**_head("chat.completion"), "choices": [choice], "usage": _usage(count)}).encode())


@cache
def _packets(count: int) -> list[bytes]:
    """The parts of a stream, each a chunk of HTTP."""
    first, *rest = _words(count)
    deltas = [{"role": "assistant", "content": first}, *({"content": word} for word in rest)]
    events = [_event(choices=[{"index": 0, "delta": delta, "finish_reason": None}]) for delta in deltas]
    end = [
        _event(choices=[{"index": 0, "delta": {}, "finish_reason": "stop"}]),
        _event(choices=[], usage=_usage(count)),
        b"data: [DONE]\n\n",
    ]
    packets = [b"".join(events[start : start + PACKET]) for start in range(0, count, PACKET)]
    packets[-1] += b"".join(end)
    chunks = [b"%x\r\n%b\r\n" % (len(packet), packet) for packet in packets]
    chunks[-1] += b"0\r\n\r\n"
    chunks[0] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n" + chunks[0]
    return chunks


def _words(count: int) -> list[str]:
    return [f"{WORD}{number} " for number in range(count)]


def _event(**fields: Any) -> bytes:
    return (
        b"data: " + json.dumps({**_head("chat.completion.chunk"), **fields}, separators=(",", ":")).encode() + b"\n\n"
    )


def _head(kind: str) -> dict[str, Any]:
    return {"id": "chatcmpl-scripted", "object": kind, "created": 1_700_000_000, "model": MODEL}


def _usage(count: int) -> dict[str, int]:
    return {"prompt_tokens": 10, "completion_tokens": count, "total_tokens": 10 + count}


async def serve() -> None:
    """Says its address, and serves until the process ends."""
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", 0)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(serve())
