"""The last lines that models' processes logged, kept in memory for who looks on, also after a process ended."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass

MOST_LINES = 400
MOST_LETTERS = 2000


@dataclass(frozen=True, slots=True)
class Line:
    """`number` counts all lines of a model, so that a reader can ask for those it has not seen."""

    number: int
    time: float
    text: str


class Journal:
    """A bounded number of lines for each model, of bounded length."""

    def __init__(self) -> None:
        self._lines: dict[str, deque[Line]] = {}

    def note(self, model: str, text: str) -> None:
        """Takes a line."""
        lines = self._lines.setdefault(model, deque(maxlen=MOST_LINES))
        number = lines[-1].number + 1 if lines else 1
        lines.append(Line(number, time.time(), text[:MOST_LETTERS]))

    def after(self, model: str, number: int) -> list[Line]:
        """The lines that are kept of a model after this one; all of them after 0."""
        return [line for line in self._lines.get(model, ()) if line.number > number]

    def forget(self, model: str) -> None:
        """Drops the lines of a model that is gone."""
        self._lines.pop(model, None)
