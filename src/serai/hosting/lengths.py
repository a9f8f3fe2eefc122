"""Prompts that cannot fit whatever their tokens are, told before an engine counts for minutes. Pure."""

from __future__ import annotations

from typing import Any

from serai.errors import ContextExceeded
from serai.types import CHAT, TEXT_GENERATION, Call

LONGEST_TOKEN = 256
"""No vocabulary that we know has a token of more characters."""


def check(call: Call, context: int, model: str) -> None:
    """Raises ContextExceeded for a chat or text that surely has more tokens than the context."""
    if call.task not in (CHAT, TEXT_GENERATION):
        return
    least = _characters(call) // LONGEST_TOKEN
    if least > context > 0:
        raise ContextExceeded(least, context, model, at_least=True)


def _characters(call: Call) -> int:
    if call.task == TEXT_GENERATION:
        return _length(call.inputs.get("inputs"))
    return sum(_length(message.get("content")) for message in call.inputs.get("messages", ()))


def _length(content: Any) -> int:
    if isinstance(content, str):
        return len(content)
    parts = content if isinstance(content, list) else ()
    return sum(len(part["text"]) for part in parts if isinstance(part, dict) and isinstance(part.get("text"), str))
