"""A call that has ended, without its words: what statistics, history, traces and hooks are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

from serai.types import Attempt, Record, Trace, Usage

LABELS = ("task", "model", "backend", "place", "dialect", "key")
"""What calls are told apart by; `key` is the principal's id."""

LONGEST = 300
"""Characters that are kept of a name."""


class Past(NamedTuple):
    """What is kept of a Record until it is counted. It holds no inputs, so that those are free at once. `asked` is the
    model's name as it was asked for."""

    id: str
    at: float
    task: str
    model: str
    backend: str
    place: str
    dialect: str
    key: str
    asked: str
    session: str
    status: str
    error: str
    tried: tuple[Attempt, ...]
    usage: Usage
    settings: Mapping[str, Any]
    trace: Trace | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """The values of LABELS."""
        return self[2:8]


def past(record: Record) -> Past:
    """Takes about a microsecond."""
    call = record.call
    return Past(
        call.id,
        record.started_at,
        call.task,
        record.model[:LONGEST],
        record.backend,
        record.place,
        call.wishes.dialect,
        call.principal.id,
        call.model[:LONGEST],
        call.wishes.session,
        record.status,
        record.error,
        record.tried,
        record.usage,
        call.settings,
        call.trace,
    )
