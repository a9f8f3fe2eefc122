"""What is said in a call: heard as it streams, then made fit to be kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from serai.telemetry import logs
from serai.telemetry.redaction import HIDDEN
from serai.types import LOCAL, OWNER, Call, Delta

LONGEST = 100_000
"""Characters that are kept of one text."""

_HEARD = 4_000_000
"""Characters of an answer that are listened to."""

_DATA = re.compile(r"data:[\w.+-]+/[\w.+-]+;base64,")
_SECRET = re.compile(r"(key|token|secret|password|passwd|authorization)$", re.IGNORECASE)


class Words:
    """What one call's answer says."""

    __slots__ = ("_heard", "data", "finish", "reasoning", "text", "tool_calls")

    def __init__(self) -> None:
        self.text: list[str] = []
        self.reasoning: list[str] = []
        self.tool_calls: list[dict[str, Any]] = []
        self.data: Any = None
        self.finish: str | None = None
        self._heard = 0

    def hear(self, delta: Delta) -> None:
        self.finish = delta.finish or self.finish
        if delta.data is not None:
            self.data = delta.data
        self._heard += len(delta.text) + len(delta.reasoning)
        if self._heard > _HEARD:
            return
        if delta.text:
            self.text.append(delta.text)
        if delta.reasoning:
            self.reasoning.append(delta.reasoning)
        if delta.tool_calls:
            self.tool_calls.extend(delta.tool_calls)

    def whole(self, call: Call) -> dict[str, Any]:
        """All of it beside what was asked, without what looks like a secret; long texts are cut."""
        return {
            "inputs": tidied(call.inputs),
            "settings": tidied(call.settings),
            "text": tidied("".join(self.text)),
            "reasoning": tidied("".join(self.reasoning)),
            "tool_calls": tidied(self.tool_calls),
            "data": tidied(self.data),
            "finish": self.finish,
        }


def may_be_kept(call: Call) -> bool:
    """Never the words of those who are bound to this machine, or of a private call, unless they are the owner's own."""
    places = call.principal.limits.places
    bound = call.wishes.private or (places is not None and set(places) <= {LOCAL})
    return not bound or call.principal.id == OWNER.id


def tidied(value: Any) -> Any:
    """As JSON can hold it: secrets hidden, files named by their size alone, long texts cut."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Mapping):
        return {str(name): _field(str(name), one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [tidied(one) for one in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return f"({type(value).__name__})"


def _field(name: str, value: Any) -> Any:
    return HIDDEN if isinstance(value, str) and _SECRET.search(name) else tidied(value)


def _text(text: str) -> str:
    if found := _DATA.match(text):
        return f"{found[0]}… ({len(text):,} characters)"
    clean = logs.clean(text[: 2 * LONGEST])  # before it is cut, so that no half of a secret is left
    return clean if len(clean) <= LONGEST and len(text) <= LONGEST else f"{clean[:LONGEST]}… ({len(text):,} characters)"
