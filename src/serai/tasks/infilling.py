"""How models are asked to fill a gap: the marks that stand around what comes before it and after it. Pure."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple


class Marks(NamedTuple):
    """The special tokens of one family of models; `suffix_first` puts what comes after the gap first."""

    prefix: str
    suffix: str
    middle: str
    suffix_first: bool = False

    def prompt(self, before: str, after: str) -> str:
        """The prompt after which the model writes what fills the gap."""
        if self.suffix_first:
            return f"{self.suffix}{after}{self.prefix}{before}"
        return f"{self.prefix}{before}{self.suffix}{after}{self.middle}"

    @property
    def tokens(self) -> tuple[str, ...]:
        """Those that a vocabulary must hold."""
        return (self.prefix, self.suffix) if self.suffix_first else (self.prefix, self.suffix, self.middle)


FAMILIES: tuple[Marks, ...] = (
    Marks("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>"),
    Marks("<fim_prefix>", "<fim_suffix>", "<fim_middle>"),
    Marks("<fim-prefix>", "<fim-suffix>", "<fim-middle>"),
    Marks("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>"),
    Marks("<|code_prefix|>", "<|code_suffix|>", "<|code_middle|>"),
    Marks("▁<PRE>", "▁<SUF>", "▁<MID>"),
    Marks("<PRE>", "<SUF>", "<MID>"),
    Marks("[PREFIX]", "[SUFFIX]", "", suffix_first=True),
)


def find(holds: Callable[[str], bool]) -> Marks | None:
    """The marks that a vocabulary holds, by asking whether it has a token; None where it has none of them."""
    return next((marks for marks in FAMILIES if all(map(holds, marks.tokens))), None)
