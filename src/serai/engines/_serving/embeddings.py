"""Embeddings for many callers: while the model computes, those who come wait together, and go together next."""

from __future__ import annotations

import asyncio
from typing import Any, Protocol

from serai.engines._serving.refused import Refused

_TEXTS_AT_ONCE = 256
Vector = list[float]
Text = str | list[int]
"""A text, or its tokens."""


class Embeds(Protocol):
    """What an engine gives that makes embeddings. Called from one thread at a time."""

    def tokens(self, texts: list[Text]) -> list[list[int]]:
        """The tokens of each text. Raises Refused where one is too long, or has tokens that there are not."""
        ...

    def vectors(self, tokens: list[list[int]]) -> list[Vector]:
        """A vector for each text."""
        ...


class Embeddings:
    """Gathers what waits into one computation after another."""

    def __init__(self, embeds: Embeds) -> None:
        self._embeds = embeds
        self._waiting: list[tuple[list[list[int]], asyncio.Future[list[Vector]]]] = []
        self._work: asyncio.Task[None] | None = None

    async def of(self, texts: list[Text]) -> tuple[list[Vector], int]:
        """The texts' vectors, and how many tokens they have together. Raises Refused; a caller's mistake is its own."""
        tokens = await asyncio.to_thread(self._embeds.tokens, texts)
        made: asyncio.Future[list[Vector]] = asyncio.get_running_loop().create_future()
        self._waiting.append((tokens, made))
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._run())
        return await made, sum(len(one) for one in tokens)

    async def _run(self) -> None:
        while self._waiting:
            group = self._next()
            together = [one for tokens, _ in group for one in tokens]
            try:
                vectors = await asyncio.to_thread(self._embeds.vectors, together)
            except Exception as error:
                for _, made in group:
                    if not made.done():
                        made.set_exception(Refused(f"The model failed: {error}.", status=500, kind="server_error"))
                continue
            for tokens, made in group:
                mine, vectors = vectors[: len(tokens)], vectors[len(tokens) :]
                if not made.done():
                    made.set_result(mine)

    def _next(self) -> list[tuple[list[list[int]], asyncio.Future[list[Vector]]]]:
        """As many callers as fit, one at least, without those that went away."""
        self._waiting = [one for one in self._waiting if not one[1].done()]
        count, texts = 0, 0
        while count < len(self._waiting) and (count == 0 or texts + len(self._waiting[count][0]) <= _TEXTS_AT_ONCE):
            texts += len(self._waiting[count][0])
            count += 1
        group, self._waiting = self._waiting[:count], self._waiting[count:]
        return group


def texts_of(body: Any) -> list[Text]:
    """The texts of a request. Raises Refused, naming what it takes."""
    given = body.get("input") if isinstance(body, dict) else None
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not texts or not all(map(_is_text, texts)):
        raise Refused("input must be a text or a list of texts, each as text or as its tokens.")
    return texts


def _is_text(text: Any) -> bool:
    return isinstance(text, str) or (isinstance(text, list) and all(isinstance(token, int) for token in text))


def answer(model: str, vectors: list[Vector], tokens: int) -> dict[str, Any]:
    """OpenAI's shape."""
    data = [{"object": "embedding", "index": index, "embedding": one} for index, one in enumerate(vectors)]
    return {"object": "list", "model": model, "data": data, "usage": {"prompt_tokens": tokens, "total_tokens": tokens}}
