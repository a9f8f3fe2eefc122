"""The bytes of an answer's stream: OpenAI's events, with llama.cpp's timings at the end."""

from __future__ import annotations

from typing import Any

import orjson

from serai.engines._serving.answer import Answer, Piece

DONE = b"data: [DONE]\n\n"
_NO_MEMORY = ("out of memory", "allocate memory", "bad_alloc")
"""As CUDA says it, as PyTorch and ONNX Runtime do on the CPU, and as C++ does."""


def event(data: dict[str, Any]) -> bytes:
    return b"data: " + orjson.dumps(data) + b"\n\n"


def piece(made: Piece, *, chat: bool) -> bytes:
    """A piece of the answer; the last one tells how it ended."""
    choice: dict[str, Any] = {"index": 0, "finish_reason": made.finish or None}
    if made.stop_text:
        choice["stop_reason"] = made.stop_text
    if made.logprobs:
        choice["logprobs"] = {"content": made.logprobs}
    if not chat:
        return event({"choices": [{**choice, "text": made.part.reasoning + made.part.text}]})
    delta: dict[str, Any] = {}
    if made.part.text:
        delta["content"] = made.part.text
    if made.part.reasoning:
        delta["reasoning_content"] = made.part.reasoning
    if made.part.calls:
        delta["tool_calls"] = made.part.calls
    return event({"choices": [{**choice, "delta": delta}]})


def progress(answer: Answer) -> bytes:
    """How long the prompt is, and how much of it was known, as llama.cpp says it."""
    return event({"choices": [], "prompt_progress": {"total": len(answer.prompt), "cache": answer.cached}})


def failure(error: Exception) -> bytes:
    """An error in the middle of an answer."""
    said = str(error).lower()
    memory = isinstance(error, MemoryError) or any(words in said for words in _NO_MEMORY)
    told = "there was not enough memory" if memory else f"{type(error).__name__}: {error}"
    return event({"error": {"code": 500, "type": "server_error", "message": told}})


def measurements(answer: Answer) -> bytes:
    """What the answer took."""
    prompt, count, times = len(answer.prompt), len(answer.tokens), answer.times
    usage = {
        "prompt_tokens": prompt,
        "completion_tokens": count,
        "total_tokens": prompt + count,
        "prompt_tokens_details": {"cached_tokens": answer.cached},
    }
    reading, writing = times.first - times.begun, times.last - times.first
    timings = {
        "prompt_per_second": (prompt - answer.cached) / reading if reading > 0 else None,
        "predicted_per_second": (count - 1) / writing if writing > 0 else None,
    }
    return event({"choices": [], "usage": usage, "timings": timings})
