"""Results and Deltas of a text generation as TGI tells them. Pure, and lean: a streamed piece costs one small dump."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Mapping, Sequence
from contextlib import aclosing
from typing import Any

import orjson

from serai.api.huggingface.parameters import Wanted
from serai.types import Delta, Finish, Result, Usage

Token = dict[str, Any]


def whole(prompt: str, result: Result, wanted: Wanted) -> dict[str, Any]:
    """The whole answer; with the prompt before it and with details where they were asked for."""
    told: dict[str, Any] = {"generated_text": (prompt if wanted.full_text else "") + result.text}
    if wanted.details:
        told["details"] = {
            "finish_reason": _finish(result.finish, result.stop_text),
            "generated_tokens": result.usage.completion_tokens,
            "seed": wanted.seed,
            "prefill": [],
            "tokens": [_token(entry) for entry in result.logprobs],
            **_tops(result.logprobs, wanted),
        }
    return told


async def events(prompt: str, deltas: AsyncGenerator[Delta, None], wanted: Wanted) -> AsyncGenerator[bytes, None]:
    """The answer as server-sent events: one for each token, and a last one without text that holds all of it."""
    texts = [prompt] if wanted.full_text else []
    index = 0
    length = 0
    async with aclosing(deltas):
        async for delta in deltas:
            length = length or delta.prompt_tokens
            for token, top in _tokens(delta):
                index += 1
                yield _event(index, token, top if wanted.alternatives else None)
            texts.append(delta.text)
            if delta.finish is not None:
                measured = delta.usage or Usage()
                last = {
                    "finish_reason": _finish(delta.finish, delta.stop_text),
                    "generated_tokens": measured.completion_tokens,
                    "input_length": measured.prompt_tokens or length,
                    "seed": wanted.seed,
                }
                end = {"id": 0, "text": "", "logprob": 0.0, "special": True}
                yield _event(index + 1, end, None, "".join(texts), last)


def _event(
    index: int, token: Token, top: list[Token] | None, text: str | None = None, details: dict[str, Any] | None = None
) -> bytes:
    told: dict[str, Any] = {"index": index, "token": token}
    if top is not None:
        told["top_tokens"] = top
    return b"data:" + orjson.dumps({**told, "generated_text": text, "details": details}) + b"\n\n"


def _tokens(delta: Delta) -> Iterator[tuple[Token, list[Token]]]:
    """The tokens of a piece, with their alternatives. Where their texts do not make up the piece, because characters
    or stop texts lie across them, its text comes with the first."""
    entries: Sequence[Mapping[str, Any]] = (delta.logprobs or {}).get("content") or ()
    if not entries:
        if delta.text:
            yield {"id": 0, "text": delta.text, "logprob": 0.0, "special": False}, []
        return
    fits = "".join(entry["token"] for entry in entries) == delta.text
    for number, entry in enumerate(entries):
        own = entry["token"] if fits else (delta.text if number == 0 else "")
        yield {**_token(entry), "text": own}, [_token(other) for other in entry.get("top_logprobs") or ()]


def _token(entry: Mapping[str, Any]) -> Token:
    return {"id": entry.get("id", 0), "text": entry["token"], "logprob": entry["logprob"], "special": False}


def _tops(entries: Sequence[Mapping[str, Any]], wanted: Wanted) -> dict[str, Any]:
    if not wanted.alternatives:
        return {}
    return {"top_tokens": [[_token(other) for other in entry.get("top_logprobs") or ()] for entry in entries]}


def _finish(finish: Finish, stop_text: str) -> str:
    """TGI's word for how an answer ended."""
    if finish == "length":
        return "length"
    return "stop_sequence" if stop_text else "eos_token"
