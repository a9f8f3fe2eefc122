"""Answers that come piece by piece: what is gathered of them, and how they are read."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from typing import Any, Generic, Protocol, Self, TypeVar

import httpx2
import orjson

from serai.answers import Answer, Json, facts, revive

A_co = TypeVar("A_co", covariant=True)
A = TypeVar("A")


class Gathers(Protocol[A_co]):
    """Takes the events of a stream, tells the text of each, and has the answer at the end."""

    def feed(self, event: httpx2.ServerSentEvent) -> str:
        """The text of one event, often empty. Raises the SeraiError that an error event carries."""

    def answer(self) -> A_co:
        """What has arrived until now."""


class Completion:
    """A streamed completion, of a chat or of a text. With several answers, the pieces are those of the first."""

    def __init__(self) -> None:
        self._texts: dict[int, list[str]] = {0: []}
        self._reasoning: list[str] = []
        self._tool_calls: dict[int, Json] = {}
        self._finish: str | None = None
        self._last: Json = {}

    def feed(self, event: httpx2.ServerSentEvent) -> str:
        if event.data == "[DONE]":
            return ""
        chunk = orjson.loads(event.data)
        if error := chunk.get("error"):
            raise revive(error)
        self._last |= {name: value for name, value in chunk.items() if value}
        return "".join(self._choice(choice) for choice in chunk.get("choices") or ())

    def answer(self) -> Answer:
        """`finish` is `cancelled` when the stream was closed before its end."""
        text, *others = ("".join(self._texts[index]) for index in sorted(self._texts))
        return Answer(
            text=text,
            others=tuple(others),
            reasoning="".join(self._reasoning),
            tool_calls=tuple(self._tool_calls[index] for index in sorted(self._tool_calls)),
            finish=self._finish or "cancelled",
            **facts(self._last),
        )

    def _choice(self, choice: Json) -> str:
        delta = choice.get("delta") or {}
        index = choice.get("index") or 0
        text: str = delta.get("content") or choice.get("text") or ""
        self._texts.setdefault(index, []).append(text)
        if index:
            return ""
        self._reasoning.append(delta.get("reasoning_content") or "")
        self._finish = choice.get("finish_reason") or self._finish
        for piece in delta.get("tool_calls") or ():
            self._call(piece)
        return text

    def _call(self, piece: Json) -> None:
        """A call comes with its name first, then its arguments in pieces."""
        known = self._tool_calls.setdefault(piece.get("index") or 0, {"type": "function", "function": {}})
        known |= {name: value for name, value in piece.items() if name not in ("index", "function") and value}
        for name, value in (piece.get("function") or {}).items():
            known["function"][name] = known["function"].get(name, "") + (value or "")


class Turn:
    """The stream of an answer in a session; the answer is its message, None until the end has come."""

    def __init__(self) -> None:
        self._message: Json | None = None

    def feed(self, event: httpx2.ServerSentEvent) -> str:
        told = orjson.loads(event.data)
        if event.event == "error":
            raise revive(told["error"])
        if event.event == "end":
            self._message = told
        return told["text"] if event.event == "piece" else ""

    def answer(self) -> Json | None:
        return self._message


class Stream(Generic[A]):
    """The pieces of an answer as they come. `answer` holds what has arrived; it is also what `yield from` gives.
    Closing it, or leaving its `with`, cancels a chat that is asked directly; a session's answer is written on."""

    def __init__(self, events: Generator[httpx2.ServerSentEvent, None, None], gathers: Gathers[A]) -> None:
        self._events = events
        self._gathers = gathers

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        for event in self._events:
            if piece := self._gathers.feed(event):
                return piece
        raise StopIteration(self.answer)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stops reading where it is."""
        self._events.close()

    @property
    def answer(self) -> A:
        return self._gathers.answer()


class AsyncStream(Generic[A]):
    """`Stream` for `async for`."""

    def __init__(self, events: AsyncGenerator[httpx2.ServerSentEvent, None], gathers: Gathers[A]) -> None:
        self._events = events
        self._gathers = gathers

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        async for event in self._events:
            if piece := self._gathers.feed(event):
                return piece
        raise StopAsyncIteration

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: Any) -> None:
        await self.close()

    async def close(self) -> None:
        """Stops reading where it is."""
        await self._events.aclose()

    @property
    def answer(self) -> A:
        return self._gathers.answer()
