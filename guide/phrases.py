"""The written data: answers and declines, the tuning set and the exam. TOML files, one per language."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
LANGUAGES = ("en", "de", "fa")
DECLINE = "decline"


@dataclass(frozen=True)
class Phrase:
    """One question, and the intent it belongs to (`decline` when it is not about Serai)."""

    language: str
    intent: str
    text: str


@dataclass(frozen=True)
class Synonyms:
    """How a language says the same thing: frames around a question (… marks its place) and interchangeable words."""

    frames: tuple[str, ...]
    groups: tuple[tuple[str, ...], ...]


def read(path: Path) -> dict[str, dict[str, object]]:
    """The tables of one TOML file, in the order they are written."""
    with path.open("rb") as file:
        return tomllib.load(file)


def _asked(language: str, tables: dict[str, dict[str, object]]) -> list[Phrase]:
    return [Phrase(language, intent, text) for intent, table in tables.items() for text in strings(table["ask"])]


def strings(value: object) -> list[str]:
    """The value as a list of strings; raises TypeError when it is anything else."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TypeError(f"expected a list of strings, not {value!r}")
    return value


def answers(language: str) -> dict[str, str]:
    """The answer of every intent, the decline among them."""
    tables = read(HERE / "intents" / f"{language}.toml") | read(HERE / "declines" / f"{language}.toml")
    return {intent: str(table["answer"]) for intent, table in tables.items()}


def training(language: str) -> list[Phrase]:
    """Everything the guide learns from in this language."""
    return [
        phrase
        for kind in ("intents", "declines")
        for phrase in _asked(language, read(HERE / kind / f"{language}.toml"))
    ]


def unseen(language: str) -> list[Phrase]:
    """The exam: questions by another author, never used in training."""
    return _asked(language, read(HERE / "unseen" / f"{language}.toml"))


def tuning(language: str) -> list[Phrase]:
    """Questions to choose a recipe by and to weigh declines with: neither trained on nor in the exam."""
    return _asked(language, read(HERE / "tuning" / f"{language}.toml"))


def synonyms(language: str) -> Synonyms:
    """The frames and word groups of a language."""
    tables = read(HERE / f"synonyms-{language}.toml")
    frames = [frame for kind in tables["frames"].values() for frame in strings(kind)]
    groups = [tuple(strings(group)) for kind in tables["swap"].values() for group in _lists(kind)]
    return Synonyms(tuple(frames), tuple(groups))


def _lists(value: object) -> list[object]:
    """A list of word groups, or one group written on its own."""
    if not isinstance(value, list):
        raise TypeError(f"expected a list, not {value!r}")
    return value if value and isinstance(value[0], list) else [value]
