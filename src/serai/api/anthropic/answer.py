"""A Result in Anthropic's shape. Pure."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import orjson

from serai.api.anthropic.request import Asked
from serai.api.openai.answer import extension
from serai.types import Call, Finish, Result, Usage

_REASONS = {"stop": "end_turn", "length": "max_tokens", "tool_calls": "tool_use", "content_filter": "refusal"}


def message_id(call: Call) -> str:
    return "msg_" + call.id.removeprefix("call_")


def usage(measured: Usage) -> dict[str, Any]:
    """What was known of the prompt is not counted among what was read."""
    return {
        "input_tokens": max(0, measured.prompt_tokens - measured.cached_tokens),
        "cache_creation_input_tokens": 0,
        "cache_read_input_tokens": measured.cached_tokens,
        "output_tokens": measured.completion_tokens,
    }


def reason(asked: Asked, finish: Finish, stop_text: str, measured: Usage) -> tuple[str, str | None]:
    """Why it ended, and at which of the asker's texts."""
    if finish == "stop" and stop_text in asked.stops:
        return "stop_sequence", stop_text
    if finish == "length" and measured.completion_tokens < asked.call.settings["max_tokens"]:
        return "model_context_window_exceeded", None
    return _REASONS.get(finish, "end_turn"), None


def signature(thought: str) -> str:
    """Something for clients to hand back; here it proves nothing and is not asked for."""
    return base64.b64encode(hashlib.sha256(thought.encode("utf-8", "replace")).digest()).decode("ascii")


def head(asked: Asked, model: str) -> dict[str, Any]:
    """What a message begins with."""
    return {"id": message_id(asked.call), "type": "message", "role": "assistant", "model": model}


def whole(asked: Asked, result: Result) -> bytes:
    """The whole answer."""
    why, stop = reason(asked, result.finish, result.stop_text, result.usage)
    return orjson.dumps(
        {
            **head(asked, result.answerer.model),
            "content": [*_thought(asked, result.reasoning), *_said(result.text), *map(_use, result.tool_calls)],
            "stop_reason": why,
            "stop_sequence": stop,
            "usage": usage(result.usage),
            "serai": extension(result.answerer, result.tried, result.usage),
        }
    )


def _thought(asked: Asked, thought: str) -> list[dict[str, Any]]:
    shown = thought if asked.shown else ""
    return [{"type": "thinking", "thinking": shown, "signature": signature(thought)}] if thought else []


def _said(text: str) -> list[dict[str, Any]]:
    return [{"type": "text", "text": text, "citations": None}] if text else []


def _use(call: dict[str, Any]) -> dict[str, Any]:
    """What was cut off in the middle is no object yet, and is told by the stop reason."""
    function = call["function"]
    try:
        given = orjson.loads(function["arguments"] or "{}")
    except orjson.JSONDecodeError:
        given = {}
    block = {"type": "tool_use", "id": call.get("id", ""), "name": function["name"]}
    return block | {"input": given if isinstance(given, dict) else {}}
