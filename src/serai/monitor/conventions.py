"""OpenTelemetry's semantic conventions for generative AI: what a call is called there.

They are those of https://github.com/open-telemetry/semantic-conventions-genai in 2026; what has no name there begins
with `serai.`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from serai.monitor.past import Past
from serai.types import CHAT, FEATURE_EXTRACTION, LOCAL, TEXT_GENERATION

OPERATION = "gen_ai.operation.name"
PROVIDER = "gen_ai.provider.name"
ERROR = "error.type"
TOKEN = "gen_ai.token.type"  # noqa: S105 - an attribute's name

DURATION = "gen_ai.client.operation.duration"
DURATION_BOUNDS = (0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92)
TOKENS = "gen_ai.client.token.usage"
TOKEN_BOUNDS = tuple(4.0**power for power in range(14))
FIRST = "gen_ai.client.operation.time_to_first_chunk"
FIRST_BOUNDS = (0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)

HERE = "serai"
"""The provider of models that run on this machine."""

_OPERATIONS = {CHAT: "chat", TEXT_GENERATION: "text_completion", FEATURE_EXTRACTION: "embeddings"}
_REQUEST = ("temperature", "top_p", "top_k", "max_tokens", "seed", "frequency_penalty", "presence_penalty")

Attributes = dict[str, Any]


def operation(task: str) -> str:
    """Tasks that have no name there keep their own."""
    return _OPERATIONS.get(task, task)


def common(past: Past) -> Attributes:
    """What metrics are told apart by."""
    return {
        OPERATION: operation(past.task),
        PROVIDER: HERE if past.place == LOCAL else past.place,
        "gen_ai.request.model": past.asked,
        **_given({"gen_ai.response.model": past.model}),
    }


def attributes(past: Past) -> Attributes:
    """What a span says of a call; none of its words."""
    usage = past.usage
    settings = {f"gen_ai.request.{name}": past.settings[name] for name in _REQUEST if _plain(past.settings.get(name))}
    told = {
        "gen_ai.response.id": past.id,
        "gen_ai.conversation.id": past.session,
        "gen_ai.response.time_to_first_chunk": usage.first_token_s,
        "gen_ai.usage.cache_read.input_tokens": usage.cached_tokens,
        ERROR: past.error,
        "serai.status": past.status,
        "serai.backend": past.backend,
        "serai.place": past.place,
        "serai.dialect": past.dialect,
        "serai.key": past.key,
        "serai.cost_usd": usage.cost,
        "serai.from_cache": usage.from_cache or None,
        "serai.fallbacks": [attempt.code or "unknown" for attempt in past.tried if attempt.tried],
    }
    tokens = {"gen_ai.usage.input_tokens": usage.prompt_tokens, "gen_ai.usage.output_tokens": usage.completion_tokens}
    return {**common(past), **settings, **tokens, **_given(told)}


def said(words: Mapping[str, Any]) -> Attributes:
    """What was said in a call, for those who asked for that."""
    inputs = words["inputs"]
    messages = inputs.get("messages")
    asked = messages if isinstance(messages, list) else [{"role": "user", "content": inputs}]
    parts = [_part("reasoning", words["reasoning"]), _part("text", words["text"])]
    calls = [{"type": "tool_call", **call} for call in words["tool_calls"]]
    answer = {"role": "assistant", "parts": [part for part in parts if part["content"]] + calls}
    return {
        "gen_ai.input.messages": _json([_message(message) for message in asked]),
        "gen_ai.output.messages": _json([{**answer, "finish_reason": words["finish"] or "error"}]),
        **({"gen_ai.response.finish_reasons": [words["finish"]]} if words["finish"] else {}),
    }


def _message(message: Any) -> Attributes:
    known = message if isinstance(message, Mapping) else {"content": message}
    return {"role": known.get("role", "user"), "parts": [_part("text", known.get("content"))]}


def _part(kind: str, content: Any) -> Attributes:
    return {"type": kind, "content": content}


def _given(told: Mapping[str, Any]) -> Attributes:
    return {name: value for name, value in told.items() if value not in (None, "", [])}


def _plain(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()
