"""Deltas and Results of completions in OpenAI's older shape, with its older shape of log probabilities. Pure."""

from __future__ import annotations

import codecs
import time
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

from serai.api.openai import answer, many
from serai.api.openai.completion_request import Completion
from serai.types import Call, Delta, Result, Usage


def completion_id(call: Call) -> str:
    return "cmpl-" + call.id.removeprefix("call_")


def whole(asked: Completion, results: Sequence[Result]) -> dict[str, Any]:
    """The whole answer, with a choice for each result."""
    first, measured = results[0], _summed(asked, [result.usage for result in results])
    return {
        "id": completion_id(asked.first),
        "object": "text_completion",
        "created": int(time.time()),
        "model": first.answerer.model,
        "choices": [
            {
                "index": index,
                "text": asked.echoed(index) + result.text,
                "logprobs": Probabilities(asked.logprobs).of(result.logprobs),
                "finish_reason": answer.finish_reason(result.finish),
            }
            for index, result in enumerate(results)
        ],
        "usage": answer.usage(measured),
        "serai": answer.extension(first.answerer, first.tried, measured),
    }


async def chunks(asked: Completion, deltas: AsyncGenerator[tuple[int, Delta], None]) -> AsyncGenerator[bytes, None]:
    """All answers as they come, as server-sent events, to `[DONE]`."""
    count = len(asked.prompts) * asked.count
    probabilities = [Probabilities(asked.logprobs) for _ in range(count)]
    measured: dict[int, Usage] = {}
    opening, first = b"", Delta()
    no_usage: dict[str, Any] = {"usage": None} if asked.usage else {}
    async with aclosing(deltas):
        async for index, delta in deltas:
            echoed = ""
            if delta.answerer is not None:
                echoed = asked.echoed(index)
                first = delta if not opening else first
                opening = opening or answer.head(asked.first, delta, completion_id(asked.first), "text_completion")
            if echoed or delta.text or delta.logprobs or delta.finish:
                choice = {
                    "index": index,
                    "text": echoed + delta.text,
                    "logprobs": probabilities[index].of((delta.logprobs or {}).get("content") or ()),
                    "finish_reason": answer.finish_reason(delta.finish) if delta.finish else None,
                }
                last = _last(asked, first, measured, index, delta, count)
                yield answer.event(opening, {"choices": [choice], **no_usage, **({} if asked.usage else last)})
                if last and asked.usage:
                    yield answer.event(opening, {"choices": [], **last})
    yield answer.DONE


def _last(
    asked: Completion, first: Delta, measured: dict[int, Usage], index: int, delta: Delta, count: int
) -> dict[str, Any]:
    """Notes what an answer took; with the last of them, what all took."""
    if delta.finish is None:
        return {}
    measured[index] = delta.usage or Usage()
    if len(measured) < count:
        return {}
    total = _summed(asked, [measured[number] for number in range(count)])
    counts = {"usage": answer.usage(total)} if asked.usage else {}
    return {**counts, "serai": answer.extension(first.answerer, first.tried, total)}


def _summed(asked: Completion, each: Sequence[Usage]) -> Usage:
    return many.summed([each[start : start + asked.count] for start in range(0, len(each), asked.count)])


class Probabilities:
    """Log probabilities of one answer, as they come. Places are counted in the answer's characters, so that one which
    several tokens make has the place of the first."""

    def __init__(self, alternatives: int | None) -> None:
        self._alternatives = alternatives
        self._characters = codecs.getincrementaldecoder("utf-8")("replace")
        self._at = 0

    def of(self, tokens: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
        """The next tokens; None where nobody asked for them."""
        if self._alternatives is None or not tokens:
            return None
        return {
            "tokens": [token["token"] for token in tokens],
            "token_logprobs": [token["logprob"] for token in tokens],
            "top_logprobs": [self._top(token) for token in tokens] if self._alternatives else None,
            "text_offset": [self._place(token) for token in tokens],
        }

    def _top(self, token: Mapping[str, Any]) -> dict[str, float]:
        """The likeliest ones, and the one that was chosen."""
        top = {other["token"]: other["logprob"] for other in token["top_logprobs"]}
        return top | {token["token"]: token["logprob"]}

    def _place(self, token: Mapping[str, Any]) -> int:
        place = self._at
        self._at += len(self._characters.decode(bytes(token.get("bytes") or b"")))
        return place
