"""Deltas as Anthropic's events, in its order. Pure, and lean: a streamed piece costs one small dump."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any

import orjson

from serai.api.anthropic import answer
from serai.api.anthropic.request import Asked
from serai.api.openai.answer import extension
from serai.types import Delta, Usage

_PING = b'event: ping\ndata: {"type":"ping"}\n\n'
_STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'


async def events(asked: Asked, deltas: AsyncGenerator[Delta, None]) -> AsyncGenerator[bytes, None]:
    """The answer as server-sent events, from message_start to message_stop."""
    async with aclosing(deltas):
        writer: _Events | None = None
        async for delta in deltas:
            if writer is None:
                writer = _Events(asked, delta)
                yield writer.opening() + _PING
            for event in writer.of(delta):
                yield event
        yield _STOP


def event(data: dict[str, Any]) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (data["type"].encode(), orjson.dumps(data))


class _Events:
    """One stream's events. At most one block is open; blocks are numbered as they come."""

    def __init__(self, asked: Asked, first: Delta) -> None:
        self._asked = asked
        self._first = first
        self._number = -1
        self._open: str | int = ""
        self._thought = ""

    def opening(self) -> bytes:
        read = Usage(prompt_tokens=self._first.prompt_tokens, cached_tokens=self._first.cached_tokens)
        model = self._first.answerer.model if self._first.answerer else self._asked.call.model
        message = {
            **answer.head(self._asked, model),
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": answer.usage(read),
        }
        return event({"type": "message_start", "message": message})

    def of(self, delta: Delta) -> Iterator[bytes]:
        if delta.reasoning:
            yield from self._begin("thinking", {"type": "thinking", "thinking": "", "signature": ""})
            self._thought += delta.reasoning
            if self._asked.shown:
                yield self._piece("thinking_delta", "thinking", delta.reasoning)
        if delta.text:
            yield from self._begin("text", {"type": "text", "text": "", "citations": None})
            yield self._piece("text_delta", "text", delta.text)
        for part in delta.tool_calls or ():
            yield from self._call(part)
        if delta.finish is not None:
            yield from self._end()
            yield self._closing(delta)

    def _call(self, part: dict[str, Any]) -> Iterator[bytes]:
        function = part.get("function") or {}
        place = int(part.get("index", 0))
        block: dict[str, Any] = {"type": "tool_use"}
        block |= {"id": part.get("id") or "", "name": function.get("name") or "", "input": {}}
        yield from self._begin(place, block)
        if arguments := function.get("arguments"):
            yield self._piece("input_json_delta", "partial_json", arguments)

    def _begin(self, what: str | int, block: dict[str, Any]) -> Iterator[bytes]:
        """Opens a block, unless it is the one that is open."""
        if self._open == what:
            return
        yield from self._end()
        self._open = what
        self._number += 1
        yield event({"type": "content_block_start", "index": self._number, "content_block": block})

    def _end(self) -> Iterator[bytes]:
        if self._open == "":
            return
        if self._open == "thinking":
            yield self._piece("signature_delta", "signature", answer.signature(self._thought))
            self._thought = ""
        self._open = ""
        yield event({"type": "content_block_stop", "index": self._number})

    def _piece(self, what: str, name: str, text: str) -> bytes:
        head = b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,' % self._number
        return head + b'"delta":{"type":"%b","%b":%b}}\n\n' % (what.encode(), name.encode(), orjson.dumps(text))

    def _closing(self, delta: Delta) -> bytes:
        measured = delta.usage or Usage()
        why, stop = answer.reason(self._asked, delta.finish or "stop", delta.stop_text, measured)
        told = extension(self._first.answerer, self._first.tried, measured)
        return event(
            {
                "type": "message_delta",
                "delta": {"stop_reason": why, "stop_sequence": stop},
                "usage": answer.usage(measured),
                "serai": told,
            }
        )
