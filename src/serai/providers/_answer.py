"""From what an OpenAI-style service answers to Deltas. Pure; on nonsense it raises Python's own errors."""

from __future__ import annotations

import math
from typing import Any

from serai.stream import FINISH
from serai.types import FEATURE_EXTRACTION, Answerer, Delta, Usage


def written(answer: Any, who: Answerer) -> Delta:
    """A chat's or text's answer that came whole, though a stream was asked for."""
    choice = answer["choices"][0]
    message = choice.get("message") or {"content": choice["text"]}
    calls = [{"index": index, **call} for index, call in enumerate(message.get("tool_calls") or ())]
    return Delta(
        text=message.get("content") or "",
        reasoning=message.get("reasoning_content") or message.get("reasoning") or "",
        tool_calls=calls or None,
        logprobs=modern(choice.get("logprobs")),
        answerer=who,
        finish=FINISH.get(choice.get("finish_reason"), "stop"),
        usage=usage(answer),
    )


def whole(task: str, answer: Any, who: Answerer) -> Delta:
    """The one Delta of embeddings or a ranking."""
    if task == FEATURE_EXTRACTION:
        rows = sorted(answer["data"], key=lambda row: row["index"])
        data: Any = [_unit(row["embedding"]) for row in rows]
    else:
        found = [{"index": row["index"], "score": row["relevance_score"]} for row in answer["results"]]
        data = sorted(found, key=lambda row: -row["score"])
    return Delta(data=data, answerer=who, finish="stop", usage=usage(answer))


def vectors(answer: Any, who: Answerer) -> Delta:
    """The one Delta of embeddings that come as bare lists, of one text as one."""
    return Delta(data=units(answer), answerer=who, finish="stop", usage=Usage())


def units(answer: Any) -> list[list[float]]:
    """The same vectors with length 1."""
    rows = answer if isinstance(answer[0], list) else [answer]
    return [_unit(row) for row in rows]


def usage(answer: Any) -> Usage:
    """What the service counted; what it does not tell stays as it is."""
    counts = answer.get("usage") or {}
    details = counts.get("prompt_tokens_details") or {}
    return Usage(
        prompt_tokens=counts.get("prompt_tokens") or counts.get("total_tokens") or 0,
        completion_tokens=counts.get("completion_tokens") or 0,
        cached_tokens=details.get("cached_tokens") or 0,
    )


def modern(logprobs: Any) -> dict[str, Any] | None:
    """Log probabilities in a chat's shape, also those of a text, which OpenAI has in another."""
    if not logprobs or "tokens" not in logprobs:
        return logprobs or None
    tops = logprobs.get("top_logprobs") or [None] * len(logprobs["tokens"])
    return {
        "content": [
            {**_likely(token, value), "top_logprobs": _top(top)}
            for token, value, top in zip(logprobs["tokens"], logprobs["token_logprobs"], tops, strict=True)
        ]
    }


def _top(tokens: Any) -> list[dict[str, Any]]:
    return [_likely(token, value) for token, value in (tokens or {}).items()]


def _likely(token: str, value: float) -> dict[str, Any]:
    return {"token": token, "logprob": value, "bytes": list(token.encode())}


def _unit(vector: list[float]) -> list[float]:
    """The vector with length 1, as the task promises it; most services send it so."""
    length = math.sqrt(math.fsum(number * number for number in vector))
    return vector if abs(length - 1) < 1e-3 or not length else [number / length for number in vector]
