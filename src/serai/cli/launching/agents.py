"""Which coding agents there are, and how each is told where to ask."""

from __future__ import annotations

import json
import shutil
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from serai.errors import NotFound

DATA = Path(__file__).with_name("agents.toml")
ANSWER = 4
"""An answer may take this part of the context, as one in so many."""


@dataclass(frozen=True, slots=True)
class Told:
    """What an agent is told: where the server is, a key for it, which model, and how many tokens that reads."""

    url: str
    key: str
    model: str
    context: int

    def fill(self, text: str) -> str:
        """A text of the data file with these values."""
        values = {"url": self.url, "key": self.key, "model": self.model, "context": str(self.context)}
        values["output"] = str(max(512, self.context // ANSWER))
        for name, value in values.items():
            text = text.replace("{{" + name + "}}", value)
        return text


@dataclass(frozen=True, slots=True, kw_only=True)
class Agent:
    """An agent, as the data file has it. Without a program it is for `--print` alone."""

    name: str
    title: str
    speaks: str
    program: str = ""
    install: str = ""
    context: int = 0
    tools: bool = False
    arguments: Sequence[str] = ()
    unset: Sequence[str] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    file: Mapping[str, str] = field(default_factory=dict)

    def found(self) -> str | None:
        """Where its program is on this machine."""
        return shutil.which(self.program) if self.program else None

    def variables(self, told: Told) -> dict[str, str]:
        return {name: told.fill(value) for name, value in self.environment.items()}

    def words(self, told: Told) -> list[str]:
        """Its own arguments, before those of whoever starts it."""
        return [told.fill(word) for word in self.arguments]

    def addition(self, told: Told) -> tuple[Path, dict[str, Any]] | None:
        """The file that must say where to ask, and what is merged into it."""
        if not self.file:
            return None
        return Path(self.file["path"]).expanduser(), json.loads(told.fill(self.file["content"]))


def agents() -> dict[str, Agent]:
    """All of them by name."""
    known: dict[str, dict[str, Any]] = tomllib.loads(DATA.read_text("utf-8"))
    return {name: Agent(name=name, **entry) for name, entry in known.items()}


def agent(name: str) -> Agent:
    """One of them. Raises NotFound with the nearest."""
    known = agents()
    if name not in known:
        near = get_close_matches(name, known, 1)
        hint = f"Did you mean {near[0]}? " if near else ""
        hint += "`serai launch --list` shows them; `serai launch openai --print` wires any other."
        raise NotFound(f"There is no agent {name!r}.", hint=hint)
    return known[name]
