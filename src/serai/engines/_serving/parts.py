"""Takes an answer apart as it comes: text, reasoning, and calls of tools in their two usual forms."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from serai.engines._serving.streams import beginning

_THINK, _THOUGHT = "<think>", "</think>"
_CALL, _CALLED = "<tool_call>", "</tool_call>"


@dataclass(slots=True)
class Part:
    """One piece of an answer; `calls` in OpenAI's streaming shape."""

    text: str = ""
    reasoning: str = ""
    calls: list[dict[str, Any]] = field(default_factory=list)


class Parts:
    """`tools` looks for calls, `thinking` says that the prompt has opened the reasoning already. What is no call in
    the end is given out as the text that it is; nothing of the answer is lost."""

    def __init__(self, *, tools: bool = False, thinking: bool = False) -> None:
        self.called = 0
        self._tools = tools
        self._state = "reasoning" if thinking else "start"
        self._held = ""

    def push(self, piece: str) -> Part:
        self._held += piece
        part = Part()
        while self._held and self._step(part):
            pass
        return part

    def flush(self) -> Part:
        """The rest, at the end of the answer."""
        rest, self._held = self._held, ""
        part = Part()
        if self._state == "reasoning":
            part.reasoning = rest
        elif self._state in {"json", "call"} and self._calls(rest, part):
            pass
        else:
            part.text = (_CALL if self._state == "call" else "") + rest
        return part

    def _step(self, part: Part) -> bool:
        """Takes one step through what is held; False where it must wait for more."""
        if self._state == "start":
            return self._begin()
        if self._state == "reasoning":
            return self._until(_THOUGHT, "text", part)
        if self._state == "call":
            body, end, rest = self._held.partition(_CALLED)
            if not end:
                return False
            if not self._calls(body, part):
                part.text += _CALL + body + _CALLED
            self._held, self._state = rest, "text"
            return True
        return self._state != "json" and self._until(_CALL if self._tools else "", "call", part)

    def _begin(self) -> bool:
        """What the answer is to be is seen from its first characters."""
        head = self._held.lstrip()
        if not head or (head != _THINK and _THINK.startswith(head)):
            return False
        if head.startswith(_THINK):
            self._held, self._state = head[len(_THINK) :], "reasoning"
        else:
            self._state = "json" if self._tools and head[0] in "{[" else "text"
        return True

    def _until(self, tag: str, then: str, part: Part) -> bool:
        """Gives out all before the tag; what could be its beginning waits."""
        text, found, rest = self._held.partition(tag) if tag else (self._held, "", "")
        if not found:
            keep = beginning(self._held, (tag,))
            text, rest = self._held[: len(self._held) - keep], self._held[len(self._held) - keep :]
        if self._state == "reasoning":
            part.reasoning += text
        else:
            part.text += text
        self._held = rest
        if found:
            self._state = then
        return bool(found)

    def _calls(self, text: str, part: Part) -> bool:
        """Reads calls from JSON, one or a list; False where it is not that."""
        try:
            read = json.loads(text)
        except ValueError:
            return False
        calls = read if isinstance(read, list) else [read]
        if not calls or not all(isinstance(call, dict) and isinstance(call.get("name"), str) for call in calls):
            return False
        part.calls.extend(self._numbered(calls))
        return True

    def _numbered(self, calls: Iterable[dict[str, Any]]) -> Iterable[dict[str, Any]]:
        for call in calls:
            arguments = call.get("arguments", call.get("parameters", {}))
            text = arguments if isinstance(arguments, str) else json.dumps(arguments, ensure_ascii=False)
            function = {"name": call["name"], "arguments": text}
            yield {"index": self.called, "id": f"call_{secrets.token_hex(8)}", "type": "function", "function": function}
            self.called += 1
