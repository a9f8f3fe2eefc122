"""Deltas and Results in OpenAI's shape. Pure, and lean: a streamed piece costs one small dump."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from typing import Any

import orjson

from serai.types import Answerer, Attempt, Call, Delta, Result, Usage

DONE = b"data: [DONE]\n\n"

_FINISH = {"cancelled": "stop"}


def chat_id(call: Call) -> str:
    return "chatcmpl-" + call.id.removeprefix("call_")


def usage(measured: Usage) -> dict[str, Any]:
    return {
        "prompt_tokens": measured.prompt_tokens,
        "completion_tokens": measured.completion_tokens,
        "total_tokens": measured.prompt_tokens + measured.completion_tokens,
        "prompt_tokens_details": {"cached_tokens": measured.cached_tokens},
    }


def extension(answerer: Answerer | None, tried: tuple[Attempt, ...], measured: Usage) -> dict[str, Any]:
    """The object `serai`: who answered, why another did not, how fast."""
    return {"answerer": answerer and _plain(answerer), "tried": [*map(_plain, tried)], **_plain(measured)}


def _plain(thing: Answerer | Attempt | Usage) -> dict[str, Any]:
    """`dataclasses.asdict` for flat ones, at a tenth of its cost."""
    return {name: getattr(thing, name) for name in thing.__slots__}


def completion(call: Call, result: Result) -> bytes:
    """The whole answer."""
    message: dict[str, Any] = {"role": "assistant", "content": result.text, "refusal": None}
    if result.reasoning:
        message["reasoning_content"] = result.reasoning
    if result.tool_calls:
        message["tool_calls"] = result.tool_calls
        message["content"] = result.text or None
    choice = {
        "index": 0,
        "message": message,
        "logprobs": {"content": result.logprobs, "refusal": None} if result.logprobs else None,
        "finish_reason": _FINISH.get(result.finish, result.finish),
    }
    return orjson.dumps(
        {
            "id": chat_id(call),
            "object": "chat.completion",
            "created": int(time.time()),
            "model": result.answerer.model,
            "choices": [choice],
            "usage": usage(result.usage),
            "serai": extension(result.answerer, result.tried, result.usage),
        }
    )


async def chunks(call: Call, deltas: AsyncGenerator[Delta, None], *, with_usage: bool) -> AsyncGenerator[bytes, None]:
    """The answer as server-sent events, to `[DONE]`."""
    async with aclosing(deltas):
        writer: _Chunks | None = None
        async for delta in deltas:
            if writer is None:
                writer = _Chunks(call, delta, with_usage=with_usage)
                yield writer.opening()
            if delta.text and delta.logprobs is None:
                yield writer.text(delta.text)
            for event in writer.rest(delta):
                yield event
        yield DONE


class _Chunks:
    """One stream's events. What is the same in all of them is built once."""

    def __init__(self, call: Call, first: Delta, *, with_usage: bool) -> None:
        self._answerer = first.answerer
        self._tried = first.tried
        self._with_usage = with_usage
        head = {
            "id": chat_id(call),
            "object": "chat.completion.chunk",
            "created": int(time.time()),
            "model": first.answerer.model if first.answerer else call.model,
        }
        self._head = b"data: " + orjson.dumps(head)[:-1]
        self._before = self._head + b',"choices":[{"index":0,"delta":{"content":'
        self._after = b'},"finish_reason":null}]}\n\n'

    def opening(self) -> bytes:
        return self._event({"role": "assistant", "content": ""})

    def text(self, text: str) -> bytes:
        return self._before + orjson.dumps(text) + self._after

    def rest(self, delta: Delta) -> Iterator[bytes]:
        """What a delta has beside plain text."""
        if delta.logprobs is not None:
            yield self._event({"content": delta.text}, logprobs=delta.logprobs)
        if delta.reasoning:
            yield self._event({"reasoning_content": delta.reasoning})
        if delta.tool_calls:
            yield self._event({"tool_calls": delta.tool_calls})
        if delta.finish is not None:
            yield from self._closing(delta.finish, delta.usage or Usage())

    def _closing(self, finish: str, measured: Usage) -> Iterator[bytes]:
        extra = {"serai": extension(self._answerer, self._tried, measured)}
        yield self._event({}, finish=_FINISH.get(finish, finish), **({} if self._with_usage else extra))
        if self._with_usage:
            yield self._head + b"," + orjson.dumps({"choices": [], "usage": usage(measured), **extra})[1:] + b"\n\n"

    def _event(self, delta: dict[str, Any], *, finish: str | None = None, logprobs: Any = None, **extra: Any) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
        return self._head + b"," + orjson.dumps({"choices": [choice], **extra})[1:] + b"\n\n"
