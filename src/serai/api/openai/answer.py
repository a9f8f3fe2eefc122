"""Deltas and Results of chats in OpenAI's shape. Pure, and lean: a streamed piece costs one small dump."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import asdict
from typing import Any

import orjson

from serai.api.openai import many
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
    """The object `serai`: who answered, why another did not, how fast; `budgets`, where there is something to say."""
    told = {"answerer": answerer and _plain(answerer), "tried": [*map(_plain, tried)], **_plain(measured)}
    if measured.budgets:
        told["budgets"] = [*map(asdict, measured.budgets)]
    else:
        del told["budgets"]
    return told


def finish_reason(finish: str) -> str:
    return _FINISH.get(finish, finish)


def _plain(thing: Answerer | Attempt | Usage) -> dict[str, Any]:
    """`dataclasses.asdict` for flat ones, at a tenth of its cost."""
    return {name: getattr(thing, name) for name in thing.__slots__}


def completion(call: Call, results: Sequence[Result]) -> dict[str, Any]:
    """The whole answer, with a choice for each result."""
    first, measured = results[0], many.summed([[result.usage for result in results]])
    return {
        "id": chat_id(call),
        "object": "chat.completion",
        "created": int(time.time()),
        "model": first.answerer.model,
        "choices": [_choice(index, result) for index, result in enumerate(results)],
        "usage": usage(measured),
        "serai": extension(first.answerer, first.tried, measured),
    }


def _choice(index: int, result: Result) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": result.text, "refusal": None}
    if result.reasoning:
        message["reasoning_content"] = result.reasoning
    if result.tool_calls:
        message["tool_calls"] = result.tool_calls
        message["content"] = result.text or None
    return {
        "index": index,
        "message": message,
        "logprobs": {"content": result.logprobs, "refusal": None} if result.logprobs else None,
        "finish_reason": finish_reason(result.finish),
    }


async def chunks(call: Call, deltas: AsyncGenerator[Delta, None], *, with_usage: bool) -> AsyncGenerator[bytes, None]:
    """The answer as server-sent events, to `[DONE]`."""
    async with aclosing(deltas):
        writer: _Chunks | None = None
        async for delta in deltas:
            if writer is None:
                writer = _Chunks(head(call, delta, chat_id(call), "chat.completion.chunk"), delta, usage=with_usage)
                yield writer.opening()
            if delta.text and delta.logprobs is None:
                yield writer.text(delta.text)
            for event in writer.rest(delta):
                yield event
            if delta.finish is not None:
                for event in writer.closing(delta.finish, delta.usage or Usage()):
                    yield event
        yield DONE


async def chunks_of_many(
    call: Call, count: int, deltas: AsyncGenerator[tuple[int, Delta], None], *, with_usage: bool
) -> AsyncGenerator[bytes, None]:
    """So many answers as they come, in one stream; what they took comes at its end, for all."""
    async with aclosing(deltas):
        writers: dict[int, _Chunks] = {}
        measured: list[Usage] = []
        opening = b""
        async for index, delta in deltas:
            opening = opening or head(call, delta, chat_id(call), "chat.completion.chunk")
            if index not in writers:
                writers[index] = _Chunks(opening, delta, index, usage=with_usage)
                yield writers[index].opening()
            writer = writers[index]
            if delta.text and delta.logprobs is None:
                yield writer.text(delta.text)
            for event in writer.rest(delta):
                yield event
            if delta.finish is not None:
                measured.append(delta.usage or Usage())
                if len(measured) < count:
                    yield writer.finish(delta.finish)
                else:
                    for event in writer.closing(delta.finish, many.summed([measured])):
                        yield event
        yield DONE


def head(call: Call, first: Delta, id_: str, kind: str) -> bytes:
    """What all events of a stream begin with."""
    model = first.answerer.model if first.answerer else call.model
    return b"data: " + orjson.dumps({"id": id_, "object": kind, "created": int(time.time()), "model": model})[:-1]


def event(opening: bytes, fields: Mapping[str, Any]) -> bytes:
    """One event with that opening."""
    return opening + b"," + orjson.dumps(fields)[1:] + b"\n\n"


class _Chunks:
    """One answer's events. What is the same in all of them is built once."""

    def __init__(self, opening: bytes, first: Delta, index: int = 0, *, usage: bool) -> None:
        self._head = opening
        self._first = first
        self._index = index
        self._usage: dict[str, Any] = {"usage": None} if usage else {}
        self._before = opening + b',"choices":[{"index":%d,"delta":{"content":' % index
        self._after = b'},"finish_reason":null}]' + (b',"usage":null' if usage else b"") + b"}\n\n"

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

    def closing(self, finish: str, measured: Usage) -> Iterator[bytes]:
        """The end of the last answer, with what all took."""
        extra = {"serai": extension(self._first.answerer, self._first.tried, measured)}
        if self._usage:
            yield self.finish(finish)
            yield event(self._head, {"choices": [], "usage": usage(measured), **extra})
        else:
            yield self._event({}, finish=finish_reason(finish), **extra)

    def finish(self, finish: str) -> bytes:
        return self._event({}, finish=finish_reason(finish))

    def _event(self, delta: dict[str, Any], *, finish: str | None = None, logprobs: Any = None, **extra: Any) -> bytes:
        choice = {"index": self._index, "delta": delta, "logprobs": logprobs, "finish_reason": finish}
        return event(self._head, {"choices": [choice], **self._usage, **extra})
