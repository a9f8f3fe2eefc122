"""Reads an OpenAI-style stream of Server-Sent Events into Deltas, for model processes and remote services alike: bytes
in, one JSON parse per event, no models."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable, Iterator
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
    """The data of each event, however the bytes were cut. Comments and other fields are left out. Closes `chunks` with
    itself, where that can be closed."""
    cut = _Cut()
    try:
        async for chunk in chunks:
            for data in cut.events(chunk):
                yield data
        for data in cut.rest():
            yield data
    finally:
        await _closed(chunks)


async def deltas(
    chunks: AsyncIterable[bytes], answerer: Answerer, *, whole: bool = False
) -> AsyncGenerator[Delta, None]:
    """Deltas by the contract of Backend: the first carries `answerer`, the last `finish` and `usage`. Of a `whole`
    answer, texts that come together are one. Raises ModelFailed when the stream is not what it should be, CutShort when
    it ends before it told how: `who` is then the service, if the answer comes from one. Closes `chunks` as `events`."""
    reader, cut = _Reader(answerer), _Cut()
    read = _joined if whole else _each
    try:
        async for chunk in chunks:
            for delta in read(reader, cut.events(chunk)):
                yield delta
            if reader.done:
                break
        for delta in read(reader, cut.rest()):
            yield delta
    finally:
        await _closed(chunks)
    yield reader.last()


async def _closed(chunks: AsyncIterable[bytes]) -> None:
    close = getattr(chunks, "aclose", None)
    if close is not None:
        await close()


class _Cut:
    """A stream's bytes, cut into events wherever they come apart."""

    def __init__(self) -> None:
        self._rest = b""

    def events(self, chunk: bytes) -> list[bytes]:
        """The data of the events that end in this chunk."""
        lines = (self._rest + chunk if self._rest else chunk).split(b"\n")
        self._rest = lines.pop()
        return [data for line in lines if line and (data := _data(line)) is not None]

    def rest(self) -> list[bytes]:
        """What was begun when the stream ended."""
        rest, self._rest = self._rest, b""
        return [rest[5:].strip()] if rest.startswith(b"data:") else []


def _each(reader: _Reader, group: list[bytes]) -> Iterator[Delta]:
    for data in group:
        if (delta := reader.take(data)) is not None:
            yield delta


def _joined(reader: _Reader, group: list[bytes]) -> Iterator[Delta]:
    """The same with plain texts in one."""
    before: Delta | None = None
    for delta in _each(reader, group):
        plain = delta.tool_calls is None and delta.logprobs is None
        if before is not None and plain:
            before.text += delta.text
            before.reasoning += delta.reasoning
            before.pieces += 1
            continue
        if before is not None:
            yield before
        before = delta if plain else None
        if not plain:
            yield delta
    if before is not None:
        yield before


def _data(line: bytes) -> bytes | None:
    if line.startswith(b"data:"):
        return line[5:].strip()
    return b'{"error":' + line[6:].strip() + b"}" if line.startswith(b"error:") else None


class _Reader:
    """One answer while it is read."""

    def __init__(self, answerer: Answerer) -> None:
        self.done = False
        self._who: Answerer | None = answerer
        self._service = None if answerer.place == LOCAL else answerer.place
        self._finish: Finish | None = None
        self._usage: Usage | None = None
        self._stop_text = ""
        self._read: dict[str, Any] = {}

    def take(self, data: bytes) -> Delta | None:
        """What the event adds to the answer, or None when that is nothing."""
        self.done = self.done or data == b"[DONE]"
        if self.done:
            return None
        event = _parse(data, self._service)
        if event.get("usage"):
            self._usage = _usage(event)
        self._read = event.get("prompt_progress") or self._read
        choices = event.get("choices")
        if not choices:
            return None
        choice = choices[0]
        if choice.get("finish_reason"):
            self._finish = FINISH.get(choice["finish_reason"], "stop")
            self._stop_text = _stop_text(event, choice)
        delta = _delta(choice)
        if delta is not None and self._who is not None:
            delta.answerer, self._who = self._who, None
            delta.prompt_tokens, delta.cached_tokens = self._read.get("total", 0), self._read.get("cache", 0)
        return delta

    def last(self) -> Delta:
        """The end of the answer. Raises CutShort where that did not come."""
        if self._finish is None:
            hint = "Try again."
            raise CutShort("The model's stream ended before the answer did.", hint=hint, who=self._service)
        usage = self._usage or Usage()
        return Delta(answerer=self._who, finish=self._finish, stop_text=self._stop_text, usage=usage)


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
    logprobs = choice.get("logprobs")
    if len(piece) == 1 and not logprobs and isinstance(plain := piece.get("content"), str):  # nearly all of them
        return Delta(text=plain) if plain else None
    text = piece.get("content") or ""
    reasoning = piece.get("reasoning_content") or piece.get("reasoning") or ""
    if isinstance(text, list):
        text, reasoning = _parts(text)
    tool_calls = piece.get("tool_calls") or None
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
