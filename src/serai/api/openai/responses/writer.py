"""The events of one response, in their order, and the response that they make in the end."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from serai.api import sse
from serai.api.openai import answer
from serai.errors import SeraiError
from serai.types import Call, Delta, Usage, new_id

Item = dict[str, Any]

_KIND = b"response.output_text.delta"
_DELTA = b"event: " + _KIND + b'\ndata: {"type":"' + _KIND + b'","sequence_number":'

_STATUS = {"length": "incomplete", "content_filter": "incomplete", "cancelled": "cancelled"}
_REASONS = {"length": "max_output_tokens", "content_filter": "content_filter"}


def response_id(call: Call) -> str:
    return "resp_" + call.id.removeprefix("call_")


class Writer:
    """Takes Deltas, gives events. `response` is the answer as far as it goes; only one item is open at a time,
    and its text is put together at its end."""

    def __init__(self, call: Call, base: Mapping[str, Any], *, logprobs: bool) -> None:
        self.response: dict[str, Any] = {
            "id": response_id(call),
            "object": "response",
            "created_at": int(time.time()),
            "status": "in_progress",
            "completed_at": None,
            "error": None,
            "incomplete_details": None,
            "model": call.model,
            **base,
            "output": [],
            "usage": None,
        }
        self._logprobs = logprobs
        self._number = -1
        self._open: Item | None = None
        self._call: int | None = None
        self._pieces: list[str] = []
        self._before = b""
        self._first = Delta()

    def begin(self, first: Delta) -> Iterator[bytes]:
        """With the first Delta it is known who answers."""
        self._first = first
        if first.answerer is not None:
            self.response["model"] = first.answerer.model
        yield self._event("response.created", response=self.response)
        yield self._event("response.in_progress", response=self.response)

    def take(self, delta: Delta) -> Iterator[bytes]:
        """What a Delta adds."""
        if delta.reasoning:
            yield from self._reasoning(delta.reasoning)
        if delta.text or delta.logprobs:
            yield from self._text(delta)
        for part in delta.tool_calls or ():
            yield from self._tool(part)

    def end(self, finish: str, usage: Usage) -> Iterator[bytes]:
        """The last events; from now on the response is whole."""
        status = _STATUS.get(finish, "completed")
        if self._open is None and not self.response["output"]:
            yield from self._begin_message()
        yield from self._close("completed" if status == "completed" else "incomplete")
        self.response |= {
            "status": status,
            "completed_at": int(time.time()) if status == "completed" else None,
            "incomplete_details": {"reason": _REASONS[finish]} if finish in _REASONS else None,
            "usage": _usage(usage),
            "serai": answer.extension(self._first.answerer, self._first.tried, usage),
        }
        # OpenAI has no event for a response that was cancelled while it streamed.
        kind = "completed" if status == "completed" else "incomplete"
        yield self._event(f"response.{kind}", response=self.response)

    def fail(self, error: SeraiError) -> Iterator[bytes]:
        """What ends a response that broke off."""
        yield from self._close("incomplete")
        words = {"code": "server_error", "message": f"{error.message} {error.hint}".strip()}
        self.response |= {"status": "failed", "error": words, "serai": error.as_dict()}
        yield self._event("response.failed", response=self.response)

    def _reasoning(self, text: str) -> Iterator[bytes]:
        if self._open is None or self._open["type"] != "reasoning":
            yield from self._close()
            part = {"type": "reasoning_text", "text": ""}
            yield from self._begin({"type": "reasoning", "id": new_id("rs"), "summary": [], "content": []}, part)
        assert self._open is not None
        self._pieces.append(text)
        yield self._event("response.reasoning_text.delta", **self._place(part=True), delta=text)

    def _text(self, delta: Delta) -> Iterator[bytes]:
        if self._open is None or self._open["type"] != "message":
            yield from self._close()
            yield from self._begin_message()
        assert self._open is not None
        part = self._open["content"][0]
        self._pieces.append(delta.text)
        if not self._logprobs:
            yield self._plain(delta.text)
            return
        found = list((delta.logprobs or {}).get("content") or ())
        part["logprobs"].extend(found)
        yield self._event("response.output_text.delta", **self._place(part=True), delta=delta.text, logprobs=found)

    def _plain(self, text: str) -> bytes:
        """The event that comes for every token; what is the same in all of them is built once for each item."""
        if not self._before:
            self._before = b"," + orjson.dumps(self._place(part=True))[1:-1] + b',"logprobs":[],"delta":'
        self._number += 1
        return _DELTA + b"%d" % self._number + self._before + orjson.dumps(text) + b"}\n\n"

    def _tool(self, piece: Mapping[str, Any]) -> Iterator[bytes]:
        function = piece.get("function") or {}
        if self._call != piece.get("index", 0) or self._open is None:
            yield from self._close()
            self._call = piece.get("index", 0)
            item = {"type": "function_call", "id": new_id("fc"), "call_id": piece.get("id") or new_id("call")}
            yield from self._begin({**item, "name": function.get("name") or "", "arguments": ""})
        assert self._open is not None
        if text := function.get("arguments"):
            self._pieces.append(text)
            yield self._event("response.function_call_arguments.delta", **self._place(), delta=text)

    def _begin_message(self) -> Iterator[bytes]:
        item = {"type": "message", "id": new_id("msg"), "role": "assistant", "content": []}
        return self._begin(item, {"type": "output_text", "text": "", "annotations": [], "logprobs": []})

    def _begin(self, item: Item, part: dict[str, Any] | None = None) -> Iterator[bytes]:
        self._open = {**item, "status": "in_progress"}
        self.response["output"].append(self._open)
        yield self._event("response.output_item.added", output_index=self._index(), item=self._open)
        if part is not None:
            self._open["content"].append(part)
            yield self._event("response.content_part.added", **self._place(part=True), part=part)

    def _close(self, status: str = "completed") -> Iterator[bytes]:
        """Ends the item that is open, if one is."""
        item = self._open
        if item is None:
            return
        item["status"] = status
        whole, self._pieces = "".join(self._pieces), []
        if item["type"] == "function_call":
            item["arguments"] = whole
            done = {"name": item["name"], "arguments": item["arguments"]}
            yield self._event("response.function_call_arguments.done", **self._place(), **done)
        else:
            part = item["content"][0]
            part["text"] = whole
            kind = "output_text" if item["type"] == "message" else "reasoning_text"
            more = {"logprobs": part["logprobs"]} if item["type"] == "message" else {}
            yield self._event(f"response.{kind}.done", **self._place(part=True), text=part["text"], **more)
            yield self._event("response.content_part.done", **self._place(part=True), part=part)
        yield self._event("response.output_item.done", output_index=self._index(), item=item)
        self._open = self._call = None
        self._before = b""

    def _index(self) -> int:
        return len(self.response["output"]) - 1

    def _place(self, *, part: bool = False) -> dict[str, Any]:
        assert self._open is not None
        place = {"item_id": self._open["id"], "output_index": self._index()}
        return {**place, "content_index": 0} if part else place

    def _event(self, kind: str, **fields: Any) -> bytes:
        self._number += 1
        return sse.event(kind, {"type": kind, "sequence_number": self._number, **fields})


def _usage(measured: Usage) -> dict[str, Any]:
    return {
        "input_tokens": measured.prompt_tokens,
        "input_tokens_details": {"cached_tokens": measured.cached_tokens, "cache_write_tokens": 0},
        "output_tokens": measured.completion_tokens,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": measured.prompt_tokens + measured.completion_tokens,
    }
