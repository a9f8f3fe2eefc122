"""What was said of an answer before it broke off, for whoever goes on with it."""

from __future__ import annotations

from dataclasses import replace

from serai.types import CHAT, Call, Delta


class Said:
    """Only plain text can be gone on with: whoever called a function, or was asked for probabilities, is not followed.
    The first Delta then names the last answerer, so that whoever tells of the answer at its end tells the truth."""

    def __init__(self) -> None:
        self._first: Delta | None = None
        self._text: list[str] = []
        self._tokens = 0
        self._before = 0
        self._plain = True

    def before(self, call: Call) -> Call:
        """The call with what was said as the beginning of its answer."""
        self._before = self._tokens
        if not self._text:
            return call
        messages = [*call.inputs["messages"], {"role": "assistant", "content": "".join(self._text)}]
        return replace(call, inputs={**call.inputs, "messages": messages})

    def answered_by(self, delta: Delta) -> None:
        """The Delta with which somebody begins, or goes on."""
        if self._first is None:
            self._first = delta
        else:
            self._first.answerer, self._first.tried = delta.answerer, delta.tried

    def hear(self, delta: Delta) -> None:
        """Takes in one Delta; the last one then counts all that was written."""
        self._text.append(delta.text)
        self._tokens += delta.usage is None
        if delta.tool_calls or delta.logprobs or delta.reasoning or delta.data is not None:
            self._plain = False
        if delta.usage is not None and self._before:
            written = delta.usage.completion_tokens + self._before
            delta.usage = replace(delta.usage, completion_tokens=written)

    def may_go_on(self, call: Call) -> bool:
        return call.task == CHAT and self._plain and not call.settings.get("response_format")
