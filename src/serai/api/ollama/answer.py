"""Deltas and Results as Ollama's JSON lines. Pure, and lean: a streamed piece costs one small dump."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing
from datetime import UTC, datetime
from typing import Any

import orjson

from serai.api.ollama.request import Asked
from serai.api.openai.answer import extension
from serai.types import Answerer, Attempt, Delta, Result, Usage

_REASONS = {"length": "length"}
Loaded = Callable[[], float]
"""How many seconds the model's loading took of this answer's time, once it has begun."""


def now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def line(data: dict[str, Any]) -> bytes:
    return orjson.dumps(data) + b"\n"


def alone(asked: Asked, reason: str) -> dict[str, Any]:
    """The answer to a call that loads or unloads a model only."""
    said = {"message": {"role": "assistant", "content": ""}} if asked.form == "chat" else {"response": ""}
    return {"model": asked.model, "created_at": now(), **said, "done": True, "done_reason": reason}


def whole(asked: Asked, result: Result, load_s: float) -> dict[str, Any]:
    """The whole answer."""
    calls = [_call(index, call) for index, call in enumerate(result.tool_calls)]
    said = _said(asked, result.text, result.reasoning, calls)
    probabilities = {"logprobs": result.logprobs} if result.logprobs else {}
    ended = _ended(result.finish, result.usage, load_s, result.answerer, result.tried)
    return {"model": asked.model, "created_at": now(), **said, **probabilities, **ended}


async def lines(asked: Asked, deltas: AsyncGenerator[Delta, None], loaded: Loaded) -> AsyncGenerator[bytes, None]:
    """The answer, a line for each piece."""
    async with aclosing(deltas):
        writer: _Lines | None = None
        async for delta in deltas:
            if writer is None:
                writer = _Lines(asked, delta, loaded)
            for told in writer.of(delta):
                yield told


def durations(measured: Usage, load_s: float) -> dict[str, int]:
    """Ollama's counts and times, which are in nanoseconds."""
    total, first = measured.total_s or 0.0, measured.first_token_s or 0.0
    reads, writes = measured.prompt_tokens_per_second, measured.tokens_per_second
    read = (measured.prompt_tokens - measured.cached_tokens) / reads if reads else max(0.0, first - load_s)
    written = measured.completion_tokens / writes if writes else max(0.0, total - first)
    return {
        "total_duration": int(total * 1e9),
        "load_duration": int(load_s * 1e9),
        "prompt_eval_count": measured.prompt_tokens,
        "prompt_eval_duration": int(read * 1e9),
        "eval_count": measured.completion_tokens,
        "eval_duration": int(written * 1e9),
    }


class _Lines:
    """One stream's lines. Calls of tools are told whole, as Ollama does."""

    def __init__(self, asked: Asked, first: Delta, loaded: Loaded) -> None:
        self._asked = asked
        self._first = first
        self._loaded = loaded
        self._calls: dict[int, dict[str, Any]] = {}
        self._head = b'{"model":' + orjson.dumps(asked.model) + b',"created_at":'
        chat = asked.form == "chat"
        self._before = b',"message":{"role":"assistant","content":' if chat else b',"response":'
        self._after = b'},"done":false}\n' if chat else b',"done":false}\n'

    def of(self, delta: Delta) -> Iterator[bytes]:
        if delta.tool_calls:
            self._gather(delta.tool_calls)
        if delta.logprobs or delta.reasoning:
            yield self._rich(delta)
        elif delta.text:
            yield self._head + orjson.dumps(now()) + self._before + orjson.dumps(delta.text) + self._after
        if delta.finish is not None:
            if self._calls:
                yield self._told({**_said(self._asked, "", "", self._made()), "done": False})
            yield self._told({**_said(self._asked, "", "", []), **self._end(delta)})

    def _rich(self, delta: Delta) -> bytes:
        probabilities = {"logprobs": (delta.logprobs or {}).get("content") or []} if delta.logprobs else {}
        return self._told({**_said(self._asked, delta.text, delta.reasoning, []), **probabilities, "done": False})

    def _gather(self, parts: list[dict[str, Any]]) -> None:
        for part in parts:
            function = part.get("function") or {}
            call = self._calls.setdefault(int(part.get("index", 0)), {"function": {"name": "", "arguments": ""}})
            if part.get("id"):
                call["id"] = part["id"]
            for name in ("name", "arguments"):
                call["function"][name] += function.get(name) or ""

    def _made(self) -> list[dict[str, Any]]:
        return [_call(index, self._calls[index]) for index in sorted(self._calls)]

    def _end(self, delta: Delta) -> dict[str, Any]:
        measured = delta.usage or Usage()
        return _ended(delta.finish or "stop", measured, self._loaded(), self._first.answerer, self._first.tried)

    def _told(self, data: dict[str, Any]) -> bytes:
        return line({"model": self._asked.model, "created_at": now(), **data})


def _said(asked: Asked, text: str, thought: str, calls: list[dict[str, Any]]) -> dict[str, Any]:
    thinking = {"thinking": thought} if thought else {}
    if asked.form == "generate":
        return {"response": text, **thinking}
    return {"message": {"role": "assistant", "content": text, **thinking, **({"tool_calls": calls} if calls else {})}}


def _call(index: int, call: dict[str, Any]) -> dict[str, Any]:
    """What was cut off in the middle is no object yet, and is told by the reason."""
    function = call["function"]
    try:
        given = orjson.loads(function["arguments"] or "{}")
    except orjson.JSONDecodeError:
        given = {}
    given = given if isinstance(given, dict) else {}
    known = {"index": index, "name": function["name"], "arguments": given}
    return {**({"id": call["id"]} if call.get("id") else {}), "function": known}


def _ended(
    finish: str, measured: Usage, load_s: float, answerer: Answerer | None, tried: tuple[Attempt, ...]
) -> dict[str, Any]:
    told = {"done": True, "done_reason": _REASONS.get(finish, "stop"), **durations(measured, load_s)}
    return {**told, "serai": extension(answerer, tried, measured)}
