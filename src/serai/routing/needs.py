"""What the router needs of other rooms, which it never imports."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from serai.types import Call, Usage


class Events(Protocol):
    """What is needed of `telemetry.events.Events`."""

    def publish(self, topic: str, data: Mapping[str, Any]) -> None: ...


class Metrics(Protocol):
    """What is needed of `telemetry.metrics.Metrics`."""

    def call_finished(self, model: str, backend: str, status: str, usage: Usage) -> None: ...


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
