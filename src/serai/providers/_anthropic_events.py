"""Reads Anthropic's events into Deltas. Pure; on nonsense it raises Python's own errors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from serai.types import Answerer, Delta, Finish, Usage

_FINISH: dict[str, Finish] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "content_filter",
}


class Reader:
    """One answer. `thoughts` are its blocks of thinking as they were signed, `called` the id of the first tool that it
    called; both are whole once a Delta has `finish`."""

    def __init__(self, who: Answerer) -> None:
        self.thoughts: list[dict[str, Any]] = []
        self.called = ""
        self._who: Answerer | None = who
        self._kinds: dict[int, str] = {}
        self._calls: dict[int, int] = {}
        self._argued: set[int] = set()
        self._counts: dict[str, Any] = {}
        self._end: Delta | None = None

    def read(self, event: Mapping[str, Any]) -> Delta | None:
        """What the event adds to the answer; the last Delta comes with the last event."""
        kind = event["type"]
        if kind == "message_start":
            self._count(event["message"].get("usage") or {})
        elif kind == "content_block_start":
            return self._starts(event["index"], event["content_block"])
        elif kind == "content_block_delta":
            return self._piece(event["index"], event["delta"])
        elif kind == "content_block_stop":
            return self._stops(event["index"])
        elif kind == "message_delta":
            self._count(event.get("usage") or {})
            self._ends(event["delta"])
        elif kind == "message_stop" and self._end is not None:
            return self._first(self._end)
        return None

    def _starts(self, index: int, block: Mapping[str, Any]) -> Delta | None:
        kind = self._kinds[index] = block["type"]
        if kind in ("thinking", "redacted_thinking"):
            self.thoughts.append(dict(block))
            return self._first(Delta(reasoning=block["thinking"])) if block.get("thinking") else None
        if kind == "text":
            return self._first(Delta(text=block["text"])) if block.get("text") else None
        if kind != "tool_use":
            return None
        number = self._calls[index] = len(self._calls)
        self.called = self.called or str(block["id"])
        function = {"name": block["name"], "arguments": ""}
        return self._call({"index": number, "id": block["id"], "type": "function", "function": function})

    def _piece(self, index: int, piece: Mapping[str, Any]) -> Delta | None:
        kind = piece["type"]
        if kind == "text_delta":
            return self._first(Delta(text=piece["text"]))
        if kind == "thinking_delta":
            self.thoughts[-1]["thinking"] += piece["thinking"]
            return self._first(Delta(reasoning=piece["thinking"]))
        if kind == "signature_delta":
            self.thoughts[-1]["signature"] = piece["signature"]
        if kind == "input_json_delta" and piece["partial_json"] and index in self._calls:
            self._argued.add(index)
            return self._argument(index, piece["partial_json"])
        return None

    def _stops(self, index: int) -> Delta | None:
        """A call without arguments is one with none of them, not with half a JSON."""
        if self._kinds.get(index) == "tool_use" and index not in self._argued:
            return self._argument(index, "{}")
        return None

    def _argument(self, index: int, text: str) -> Delta:
        return self._call({"index": self._calls[index], "function": {"arguments": text}})

    def _ends(self, end: Mapping[str, Any]) -> None:
        reason = end.get("stop_reason")
        if reason is not None:
            finish = _FINISH.get(reason, "stop")
            self._end = Delta(finish=finish, stop_text=end.get("stop_sequence") or "", usage=self._usage())

    def _call(self, part: dict[str, Any]) -> Delta:
        return self._first(Delta(tool_calls=[part]))

    def _first(self, delta: Delta) -> Delta:
        if self._who is not None:
            delta.answerer, self._who = self._who, None
            read = self._usage()
            delta.prompt_tokens, delta.cached_tokens = read.prompt_tokens, read.cached_tokens
        return delta

    def _count(self, usage: Mapping[str, Any]) -> None:
        """The counts are of the whole answer so far; what is not told anew stays."""
        self._counts |= {name: count for name, count in usage.items() if isinstance(count, int)}

    def _usage(self) -> Usage:
        """What came from its cache, or was kept in it, is not among its `input_tokens`, and is part of the prompt."""
        kept, known = (self._counts.get(f"cache_{word}_input_tokens", 0) for word in ("creation", "read"))
        return Usage(
            prompt_tokens=self._counts.get("input_tokens", 0) + kept + known,
            completion_tokens=self._counts.get("output_tokens", 0),
            cached_tokens=known,
        )


class Thoughts:
    """What was thought before tools were called: to go on, the service wants it back as it signed it, and no other
    dialect can carry it. Kept in memory alone, the newest `most` of them."""

    def __init__(self, most: int = 500) -> None:
        self._most = most
        self._by_call: dict[str, Sequence[dict[str, Any]]] = {}

    def keep(self, call: str, thoughts: Sequence[dict[str, Any]]) -> None:
        if call and thoughts:
            self._by_call[call] = thoughts
        while len(self._by_call) > self._most:
            del self._by_call[next(iter(self._by_call))]

    def recall(self, call: str) -> Sequence[dict[str, Any]]:
        """Nothing, where there was none, or it is too long ago."""
        return self._by_call.get(call, ())
