"""Reads an OpenAI-style stream of Server-Sent Events into Deltas, for model processes and remote services alike: bytes
in, one JSON parse per event, no models."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable
from typing import Any

import orjson

from serai.errors import ModelFailed
from serai.types import LOCAL, Answerer, Delta, Finish, Usage

FINISH: dict[str, Finish] = {
    "stop": "stop",
    "length": "length",
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}
"""The words for how an answer ended."""


class CutShort(ModelFailed):
    """The stream ended before the answer did: perhaps its process died."""


async def events(chunks: AsyncIterable[bytes]) -> AsyncGenerator[bytes, None]:
    """The data of each event, however the bytes were cut. Comments and other fields are left out."""
    rest = b""
    async for chunk in chunks:
        lines = (rest + chunk if rest else chunk).split(b"\n")
        rest = lines.pop()
        for line in lines:
            if line.startswith(b"data:"):
                yield line[5:].strip()
            elif line.startswith(b"error:"):
                yield b'{"error":' + line[6:].strip() + b"}"
    if rest.startswith(b"data:"):
        yield rest[5:].strip()


async def deltas(chunks: AsyncIterable[bytes], answerer: Answerer) -> AsyncGenerator[Delta, None]:
    """Deltas by the contract of Backend: the first carries `answerer`, the last `finish` and `usage`. Raises
    ModelFailed when the stream is not what it should be, CutShort when it ends before it told how: `who` is
    then the service, if the answer comes from one."""
    who: Answerer | None = answerer
    service = None if answerer.place == LOCAL else answerer.place
    finish: Finish | None = None
    usage: Usage | None = None
    stop_text = ""
    read: dict[str, Any] = {}
    source = events(chunks)
    try:
        async for data in source:
            if data == b"[DONE]":
                break
            event = _parse(data, service)
            if event.get("usage"):
                usage = _usage(event)
            read = event.get("prompt_progress") or read
            choices = event.get("choices")
            if not choices:
                continue
            choice = choices[0]
            if choice.get("finish_reason"):
                finish = FINISH.get(choice["finish_reason"], "stop")
                stop_text = _stop_text(event, choice)
            delta = _delta(choice)
            if delta is not None:
                if who is not None:
                    delta.answerer, who = who, None
                    delta.prompt_tokens, delta.cached_tokens = read.get("total", 0), read.get("cache", 0)
                yield delta
    finally:
        await source.aclose()
    if finish is None:
        raise CutShort("The model's stream ended before the answer did.", hint="Try again.", who=service)
    yield Delta(answerer=who, finish=finish, stop_text=stop_text, usage=usage or Usage())


def _parse(data: bytes, who: str | None) -> dict[str, Any]:
    try:
        event = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise ModelFailed("The model sent something that is not JSON.", who=who) from error
    if not isinstance(event, dict):
        raise ModelFailed("The model sent something that is not an event.", who=who)
    if event.get("error"):
        problem = event["error"]
        raise ModelFailed(str(problem.get("message", problem)) if isinstance(problem, dict) else str(problem), who=who)
    return event


def _delta(choice: dict[str, Any]) -> Delta | None:
    """What the choice adds to the answer, or None when that is nothing."""
    piece = choice.get("delta")
    if piece is None:
        piece = {"content": choice.get("text")}
    text = piece.get("content") or ""
    reasoning = piece.get("reasoning_content") or piece.get("reasoning") or ""
    if isinstance(text, list):
        text, reasoning = _parts(text)
    tool_calls = piece.get("tool_calls") or None
    logprobs = choice.get("logprobs")
    if not (text or reasoning or tool_calls or logprobs):
        return None
    return Delta(text=text, reasoning=reasoning, tool_calls=tool_calls, logprobs=logprobs)


def _parts(parts: list[dict[str, Any]]) -> tuple[str, str]:
    """Text and thinking of a content that comes in parts, as Mistral's does."""
    text = "".join(part.get("text") or "" for part in parts)
    thinking = (inner for part in parts for inner in part.get("thinking") or ())
    return text, "".join(inner.get("text") or "" for inner in thinking)


def _stop_text(event: dict[str, Any], choice: dict[str, Any]) -> str:
    """Which stop text ended the answer, as our engines and others (`stop_reason`) or llama.cpp say it."""
    said = choice.get("stop_reason") or (event.get("__verbose") or {}).get("stopping_word")
    return said if isinstance(said, str) else ""


def _usage(event: dict[str, Any]) -> Usage:
    counts = event["usage"]
    timings = event.get("timings") or {}
    completion = counts.get("completion_tokens", 0)
    return Usage(
        prompt_tokens=counts.get("prompt_tokens", 0),
        completion_tokens=completion,
        cached_tokens=(counts.get("prompt_tokens_details") or {}).get("cached_tokens", 0),
        tokens_per_second=timings.get("predicted_per_second") if completion > 1 else None,
        prompt_tokens_per_second=timings.get("prompt_per_second"),
    )
