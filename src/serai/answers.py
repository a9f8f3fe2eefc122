"""What a client reads from Serai: a model's answer, vectors, a ranking, and errors with all their data."""

from __future__ import annotations

import base64
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, overload

from serai.errors import SeraiError
from serai.types import Answerer, Attempt, BudgetNote, Usage

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What every answer says beside itself: who gave it, what it took, and who was tried before."""

    model: str = ""
    usage: Usage = field(default_factory=Usage)
    answerer: Answerer | None = None
    tried: tuple[Attempt, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Facts):
    """The whole answer to a chat or the whole end of a text. `str(answer)` is its text; `others` are the further
    answers where `n` asked for several."""

    text: str
    finish: str
    reasoning: str = ""
    tool_calls: tuple[Json, ...] = ()
    others: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.text

    @classmethod
    def from_completion(cls, body: Json) -> Answer:
        """Reads a completion, of a chat or of a text, that was not streamed."""
        choice, *others = sorted(body["choices"], key=lambda choice: int(choice.get("index") or 0))
        message = choice.get("message") or {}
        return cls(
            text=_text(choice),
            reasoning=message.get("reasoning_content") or "",
            tool_calls=tuple(message.get("tool_calls") or ()),
            finish=choice.get("finish_reason") or "stop",
            others=tuple(_text(other) for other in others),
            **facts(body),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Embeddings(Facts):
    """A vector for each text, in their order: `for vector in embeddings`, `embeddings[0]`."""

    vectors: tuple[tuple[float, ...], ...]

    def __len__(self) -> int:
        return len(self.vectors)

    def __iter__(self) -> Iterator[tuple[float, ...]]:
        return iter(self.vectors)

    @overload
    def __getitem__(self, which: int) -> tuple[float, ...]: ...
    @overload
    def __getitem__(self, which: slice) -> tuple[tuple[float, ...], ...]: ...

    def __getitem__(self, which: int | slice) -> Any:
        return self.vectors[which]

    @classmethod
    def from_list(cls, body: Json) -> Embeddings:
        """Reads OpenAI's list of vectors, as numbers or as base64."""
        rows = sorted(body["data"], key=lambda row: int(row["index"]))
        return cls(vectors=tuple(_vector(row["embedding"]) for row in rows), **facts(body))


@dataclass(frozen=True, slots=True)
class Ranked:
    """A document's place: which it was, how well it answers (0 to 1), and its text."""

    index: int
    score: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking(Facts):
    """Documents, the best first: `for document in ranking`, `ranking[0]`."""

    documents: tuple[Ranked, ...]

    def __len__(self) -> int:
        return len(self.documents)

    def __iter__(self) -> Iterator[Ranked]:
        return iter(self.documents)

    def __getitem__(self, which: int) -> Ranked:
        return self.documents[which]

    @classmethod
    def from_results(cls, body: Json) -> Ranking:
        """Reads Jina's list of results."""
        found = (Ranked(row["index"], row["relevance_score"], row["document"]["text"]) for row in body["results"])
        return cls(documents=tuple(found), **facts(body))


def revive(body: Mapping[str, Any], status: int = 500) -> SeraiError:
    """The exception that an error envelope describes, of its own class where that is known here."""
    own = body.get("serai")
    content: Mapping[str, Any] = {**body, **own} if isinstance(own, Mapping) else body
    code = str(content.get("code") or "")
    kinds = _kinds()
    by_code = (kind for kind in reversed(kinds) if kind.code == code)
    kind = next(by_code, None) or next((kind for kind in kinds if kind.status == status), SeraiError)
    known = dict(content.get("facts") or {})
    if request_id := content.get("request_id"):
        known["request_id"] = request_id
    error = kind.__new__(kind)  # some classes make their own message; here it is given
    SeraiError.__init__(error, str(content.get("message") or "Serai failed."), hint=content.get("hint") or "")
    error.facts = known
    own_fields = {name: known[name] for name in ("cause", "retry_after") if name in known}
    error.__dict__.update(own_fields | {name: content[name] for name in ("code", "who") if content.get(name)})
    return error


def facts(body: Json) -> dict[str, Any]:
    """What an answer says beside itself, for the fields of `Facts`."""
    ours = body.get("serai") or {}
    usage = body.get("usage") or {}
    measured = {**ours, **(ours.get("usage") or {}), **usage}
    measured["budgets"] = tuple(_read(BudgetNote, note) for note in measured.get("budgets") or ())
    details = usage.get("prompt_tokens_details") or {}
    measured.setdefault("cached_tokens", details.get("cached_tokens") or 0)
    answerer = ours.get("answerer")
    return {
        "model": body.get("model") or "",
        "usage": _read(Usage, measured),
        "answerer": _read(Answerer, answerer) if answerer else None,
        "tried": tuple(_read(Attempt, attempt) for attempt in ours.get("tried") or ()),
    }


def _kinds() -> list[type[SeraiError]]:
    """The exception tree, the general before the particular."""
    kinds: list[type[SeraiError]] = [SeraiError]
    for kind in kinds:
        kinds.extend(kind.__subclasses__())
    return kinds


def _text(choice: Json) -> str:
    return (choice.get("message") or {}).get("content") or choice.get("text") or ""


def _vector(told: Any) -> tuple[float, ...]:
    if not isinstance(told, str):
        return tuple(told)
    raw = base64.b64decode(told)
    return struct.unpack(f"<{len(raw) // 4}f", raw)


def _read(kind: Any, values: Mapping[str, Any]) -> Any:
    """A dataclass from JSON; what a newer server adds is left out."""
    return kind(**{f.name: values[f.name] for f in fields(kind) if f.name in values})
