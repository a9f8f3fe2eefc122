"""What waits to be written into the ledger."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from serai.money import periods
from serai.money.charges import Charge, Entry
from serai.types import Call, Model, Usage

MOST = 10_000
"""Charges that may wait; beyond it nothing that costs is begun, and free calls are told apart less finely."""

Alike = tuple[str, str, str, str, str]
"""Day, principal, place, model, session."""


@dataclass(slots=True)
class _Sum:
    """What calls that are alike took; `who` is their asker's name, `at` when the first was."""

    who: str
    at: float
    calls: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0


@dataclass(slots=True)
class Waiting:
    """Charges in their order, and free calls added up by day and all in which they are alike."""

    entries: list[Entry] = field(default_factory=list)
    again: bool = False
    """Some of them may have been written already, by a transaction of which nobody heard the end."""
    _free: dict[Alike, _Sum] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.entries or self._free)

    def count(self, call: Call, model: Model, at: float, usage: Usage) -> None:
        """Adds a call that cost nothing. Every local call comes here: a few microseconds are all it may take."""
        who = call.principal
        found = self._sum((periods.day_of(at), who.id, model.place, model.name, call.wishes.session), who.name, at)
        found.calls += 1
        found.prompt_tokens += usage.prompt_tokens
        found.completion_tokens += usage.completion_tokens
        found.cached_tokens += usage.cached_tokens

    def free(self) -> Iterator[Charge]:
        """The sums as rows; those of a day have one id, whoever writes them."""
        for (day, principal, place, model, session), found in self._free.items():
            yield Charge(
                id="|".join((day, principal, place, model, session)),
                call="",
                at=found.at,
                principal=principal,
                who=found.who,
                model=model,
                place=place,
                session=session,
                state="free",
                cost=0,
                calls=found.calls,
                prompt_tokens=found.prompt_tokens,
                completion_tokens=found.completion_tokens,
                cached_tokens=found.cached_tokens,
            )

    def add(self, later: Waiting) -> None:
        """What came after this."""
        self.entries += later.entries
        self.again = self.again or later.again
        for alike, other in later._free.items():
            found = self._sum(alike, other.who, other.at)
            found.calls += other.calls
            found.prompt_tokens += other.prompt_tokens
            found.completion_tokens += other.completion_tokens
            found.cached_tokens += other.cached_tokens

    def _sum(self, alike: Alike, who: str, at: float) -> _Sum:
        found = self._free.get(alike)
        if found is None and len(self._free) >= MOST:
            alike = (*alike[:4], "")
            found = self._free.get(alike)
        if found is None:
            found = self._free[alike] = _Sum(who, at)
        return found
