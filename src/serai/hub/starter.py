"""The first models worth having, as data, and how each fits this machine."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Literal

_ROOMY = 0.9
"""What needs more than this part of the memory that models may use is tight."""


_SLOW = 10_000_000_000
"""From so many parameters on a processor alone answers slower than one reads."""

CHAT = "chat"
"""The task of those that one can talk with; all others are for programs, and never suggested to begin with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Starter:
    """One entry of starter.toml; `why` in each language of the page. `instead` is the name of the entry that stands in
    for it where it cannot be fetched."""

    name: str
    title: str
    task: str = CHAT
    size: int
    needs: float
    parameters: int
    context_length: int
    languages: tuple[str, ...]
    why: Mapping[str, str]
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Fit:
    """Whether a model fits, and the numbers behind it."""

    verdict: Literal["fits", "tight", "no"]
    needed: float
    memory: float
    disk: float


@cache
def starters() -> tuple[Starter, ...]:
    """The list, smallest first."""
    rows = tomllib.loads((files("serai.hub") / "starter.toml").read_text("utf-8"))["model"]
    return tuple(Starter(**{**row, "languages": tuple(row["languages"])}) for row in rows)


def instead(repo: str) -> str:
    """What to pull in place of a listed repository that cannot be used; empty where there is nothing."""
    return next((one.instead for one in starters() if one.name.casefold() == repo.casefold()), "")


def fit(starter: Starter, *, memory: int, disk: int) -> Fit:
    """How it fits where models may use so much memory and the disk has so much free, in bytes."""
    usable, free = memory / 1e9, disk / 1e9
    if starter.needs > usable or starter.size > disk:
        verdict: Literal["fits", "tight", "no"] = "no"
    else:
        verdict = "fits" if starter.needs <= usable * _ROOMY else "tight"
    return Fit(verdict, starter.needs, round(usable, 1), round(free, 1))


def suggest(
    *, memory: int, disk: int, language: str = "en", count: int = 3, largest: bool = False, gpu: bool = True
) -> Sequence[tuple[Starter, Fit]]:
    """The models to begin with there: a small, a middle and the largest that fits well, or the `largest` ones, in this
    language first. Only those that chat, which are GGUF: every Serai can run them. Without a `gpu` none that would be
    too slow to talk with."""
    chatting = [one for one in starters() if one.task == CHAT and (gpu or one.parameters < _SLOW)]
    rated = [(starter, fit(starter, memory=memory, disk=disk)) for starter in chatting]
    fitting = [pair for pair in rated if pair[1].verdict == "fits"] or rated[:count]
    spoken = [pair for pair in fitting if language in pair[0].languages]
    pool = spoken if len(spoken) >= count else fitting
    if largest:
        return pool[-count:]
    places = sorted({round(i * (len(pool) - 1) / max(count - 1, 1)) for i in range(min(count, len(pool)))})
    return [pool[place] for place in places]
