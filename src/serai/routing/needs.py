"""What the router needs of other rooms, which it never imports."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping
from typing import Any, Protocol

from serai.types import Call, Delta, Model, Record, Usage

Overhear = Callable[[Call, AsyncGenerator[Delta, None]], AsyncGenerator[Delta, None]]
"""Gives a call's answer back as it is, or as a stream of the same Deltas that somebody listens to; closing that closes
the answer."""


class Events(Protocol):
    """What is needed of `telemetry.events.Events`."""

    def publish(self, topic: str, data: Mapping[str, Any]) -> None: ...


class Watcher(Protocol):
    """Whoever is told of calls: metrics, statistics, traces."""

    def ended(self, record: Record) -> None:
        """Told once of every call, in the loop's thread; it waits for nothing and raises nothing."""
        ...


class Hold(Protocol):
    """Money that is put aside for one attempt."""

    def settle(self, usage: Usage, took_s: float = 0.0) -> float | None:
        """Told once, whatever became of the attempt, with what was counted (nothing where it never began) and how long
        it was at work. Returns what it cost, None where that is not known."""
        ...


class Money(Protocol):
    """What calls cost, and what may be spent."""

    async def hold(self, call: Call, model: Model, /) -> Hold:
        """Puts aside what this attempt may cost at most. Raises OverBudget where that would be too much for whoever
        asks, and where nothing can be written down that costs something."""
        ...

    def estimate(self, call: Call, model: Model, /) -> float | None:
        """What the call would cost at most, in US dollars; None where the price is not known."""
        ...


class Place(Protocol):
    """One call's place within its principal's rates."""

    def leave(self, prompt_tokens: int, completion_tokens: int, *, began: bool) -> None:
        """Told once, when the call has ended: what was counted, and whether a model had begun to answer."""
        ...


class Rates(Protocol):
    """What is needed of `accounts.limits.Rates`."""

    def enter(self, call: Call) -> Place:
        """Raises RateLimited."""
        ...
