"""An answer as it is kept, and as a stream again."""

from __future__ import annotations

import copy
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import asdict, replace
from typing import Any

import orjson

from serai.backend import collect
from serai.types import Answerer, Delta, Result, Usage


async def packed(deltas: Sequence[Delta]) -> bytes | None:
    """The whole answer of these Deltas; None where it is no JSON."""
    result = await collect(_stream(deltas))
    kept: dict[str, Any] = {name: getattr(result, name) for name in _KEPT}
    kept |= {"answerer": asdict(result.answerer), "usage": asdict(result.usage)}
    try:
        return orjson.dumps(kept)
    except (TypeError, ValueError):
        return None


def unpacked(kept: bytes) -> Result:
    """Raises ValueError, KeyError or TypeError for what `packed` did not make."""
    found = orjson.loads(kept)
    usage = replace(Usage(**found.pop("usage")), **_ANEW, from_cache=True, cost=0.0)
    answerer = Answerer(**found.pop("answerer"))
    return Result(**found, answerer=answerer, usage=usage)


def deltas(result: Result) -> Iterator[Delta]:
    """The answer as a backend would stream it, in as few pieces as say it in their order."""
    pieces: list[Delta] = []
    if result.reasoning:
        pieces.append(Delta(reasoning=result.reasoning))
    if result.text or result.logprobs:
        pieces.append(Delta(text=result.text, logprobs={"content": result.logprobs} if result.logprobs else None))
    if result.tool_calls:
        calls = [{**call, "index": index} for index, call in enumerate(result.tool_calls)]
        pieces.append(Delta(tool_calls=calls))
    last = Delta(data=result.data, finish=result.finish, usage=result.usage, stop_text=result.stop_text)
    first = pieces[0] if pieces else last
    first.answerer, first.tried = result.answerer, result.tried
    first.prompt_tokens, first.cached_tokens = result.usage.prompt_tokens, result.usage.cached_tokens
    yield from (*pieces, last)


def noted(delta: Delta) -> Delta:
    """The Delta as it came, whatever those do with it who get it."""
    return copy.copy(delta)


async def _stream(deltas: Sequence[Delta]) -> AsyncGenerator[Delta, None]:
    for delta in deltas:
        yield delta


_KEPT = ("text", "finish", "reasoning", "tool_calls", "logprobs", "data", "stop_text")
_TIMES = ("first_token_s", "total_s", "tokens_per_second", "prompt_tokens_per_second")
_ANEW: dict[str, Any] = {**dict.fromkeys(_TIMES), "budgets": ()}
