"""One question and its answer in each dialect, streamed and whole, as plain HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How to ask, and where the text is: of a whole answer, and of one event of a stream."""

    path: str
    body: Callable[..., dict[str, Any]]
    whole: Callable[[Any], str]
    piece: Callable[[Any], str]
    prompt: Callable[[Any], int]
    written: Callable[[Any], int]

    def streamed(self, text: str) -> list[str]:
        """The pieces of a stream's body."""
        lines = [line.removeprefix("data: ") for line in text.splitlines() if line.startswith(("data: {", "{"))]
        return [piece for line in lines if (piece := self.piece(json.loads(line)))]


def _options(named: Mapping[str, str], **wished: Any) -> dict[str, Any]:
    return {named.get(name, name): value for name, value in wished.items()}


def _openai(model: str, text: str, *, stream: bool, **wished: Any) -> dict[str, Any]:
    return {"model": model, "stream": stream, "messages": [{"role": "user", "content": text}], **wished}


def _responses(model: str, text: str, *, stream: bool, **wished: Any) -> dict[str, Any]:
    return {"model": model, "stream": stream, "input": text, **_options({"max_tokens": "max_output_tokens"}, **wished)}


def _anthropic(model: str, text: str, *, stream: bool, **wished: Any) -> dict[str, Any]:
    return _openai(model, text, stream=stream, **_options({"stop": "stop_sequences"}, **wished))


def _ollama(model: str, text: str, *, stream: bool, **wished: Any) -> dict[str, Any]:
    return {**_openai(model, text, stream=stream), "options": _options({"max_tokens": "num_predict"}, **wished)}


DIALECTS = {
    "openai": Dialect(
        path="/v1/chat/completions",
        body=_openai,
        whole=lambda answer: answer["choices"][0]["message"]["content"],
        piece=lambda event: event["choices"][0]["delta"].get("content", ""),
        prompt=lambda answer: answer["usage"]["prompt_tokens"],
        written=lambda answer: answer["usage"]["completion_tokens"],
    ),
    "responses": Dialect(
        path="/v1/responses",
        body=_responses,
        whole=lambda answer: answer["output"][0]["content"][0]["text"],
        piece=lambda event: event["delta"] if event["type"] == "response.output_text.delta" else "",
        prompt=lambda answer: answer["usage"]["input_tokens"],
        written=lambda answer: answer["usage"]["output_tokens"],
    ),
    "anthropic": Dialect(
        path="/v1/messages",
        body=_anthropic,
        whole=lambda answer: answer["content"][0]["text"],
        piece=lambda event: event["delta"]["text"] if event["type"] == "content_block_delta" else "",
        prompt=lambda answer: answer["usage"]["input_tokens"] + answer["usage"]["cache_read_input_tokens"],
        written=lambda answer: answer["usage"]["output_tokens"],
    ),
    "ollama": Dialect(
        path="/api/chat",
        body=_ollama,
        whole=lambda answer: answer["message"]["content"],
        piece=lambda event: event["message"]["content"],
        prompt=lambda answer: answer["prompt_eval_count"],
        written=lambda answer: answer["eval_count"],
    ),
}
