"""What a client reads from Serai: a chat's answer, whole or piece by piece, and errors with all their data."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from serai.errors import SeraiError
from serai.types import Answerer, Attempt, Usage

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The whole answer to a chat, with its measurements and who gave it. `str(answer)` is its text."""

    text: str
    model: str
    finish: str
    usage: Usage = field(default_factory=Usage)
    answerer: Answerer | None = None
    tried: tuple[Attempt, ...] = ()
    reasoning: str = ""
    tool_calls: tuple[Json, ...] = ()

    def __str__(self) -> str:
        return self.text

    @classmethod
    def from_completion(cls, body: Json) -> Answer:
        """Reads a chat completion that was not streamed."""
        choice = body["choices"][0]
        message = choice["message"]
        return cls(
            text=message.get("content") or "",
            reasoning=message.get("reasoning_content") or "",
            tool_calls=tuple(message.get("tool_calls") or ()),
            finish=choice.get("finish_reason") or "stop",
            **_facts(body),
        )


class Gatherer:
    """Turns the events of a streamed completion into pieces of text and, at the end, the Answer."""

    def __init__(self) -> None:
        self._text: list[str] = []
        self._reasoning: list[str] = []
        self._finish: str | None = None
        self._last: Json = {}

    def feed(self, data: str) -> str:
        """The text of one event, often empty. Raises the SeraiError that an error event carries."""
        if data == "[DONE]":
            return ""
        chunk = json.loads(data)
        if error := chunk.get("error"):
            raise revive(error)
        self._last |= {name: value for name, value in chunk.items() if value}
        text = ""
        for choice in chunk.get("choices") or ():
            delta = choice.get("delta") or {}
            text += delta.get("content") or ""
            self._reasoning.append(delta.get("reasoning_content") or "")
            self._finish = choice.get("finish_reason") or self._finish
        self._text.append(text)
        return text

    def answer(self) -> Answer:
        """What has arrived until now; `finish` is `cancelled` when the stream was closed before its end."""
        return Answer(
            text="".join(self._text),
            reasoning="".join(self._reasoning),
            finish=self._finish or "cancelled",
            **_facts(self._last),
        )


def revive(body: Mapping[str, Any], status: int = 500) -> SeraiError:
    """The exception that an error envelope describes, of its own class where that is known here."""
    own = body.get("serai")
    content: Mapping[str, Any] = {**body, **own} if isinstance(own, Mapping) else body
    code = str(content.get("code") or "")
    kinds = _kinds()
    by_code = (kind for kind in reversed(kinds) if kind.code == code)
    kind = next(by_code, None) or next((kind for kind in kinds if kind.status == status), SeraiError)
    facts = dict(content.get("facts") or {})
    if request_id := content.get("request_id"):
        facts["request_id"] = request_id
    error = kind.__new__(kind)  # some classes make their own message; here it is given
    SeraiError.__init__(error, str(content.get("message") or "Serai failed."), hint=content.get("hint") or "")
    error.facts = facts
    own_fields = {name: facts[name] for name in ("cause", "retry_after") if name in facts}
    error.__dict__.update(own_fields | {name: content[name] for name in ("code", "who") if content.get(name)})
    return error


def _kinds() -> list[type[SeraiError]]:
    """The exception tree, the general before the particular."""
    kinds: list[type[SeraiError]] = [SeraiError]
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
    return kinds


def _facts(body: Json) -> dict[str, Any]:
    ours = body.get("serai") or {}
    usage = body.get("usage") or {}
    details = usage.get("prompt_tokens_details") or {}
    measured = {**ours, **(ours.get("usage") or {}), **usage}
    measured.setdefault("cached_tokens", details.get("cached_tokens") or 0)
    answerer = ours.get("answerer")
    return {
        "model": body.get("model") or "",
        "usage": _read(Usage, measured),
        "answerer": _read(Answerer, answerer) if answerer else None,
        "tried": tuple(_read(Attempt, attempt) for attempt in ours.get("tried") or ()),
    }


def _read(kind: Any, values: Mapping[str, Any]) -> Any:
    """A dataclass from JSON; what a newer server adds is left out."""
    return kind(**{f.name: values[f.name] for f in fields(kind) if f.name in values})
