"""How weights of a size fit this machine, before anything of them is read. Pure; `/fit` tells it to the byte."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from serai.wording import Saying, say

WEIGHTS_SHARE = 0.8
"""How much of the memory for a model its weights may be; the rest is for its context."""

_LEAST_SHARE = 0.95
"""The same where its context is kept short."""


@dataclass(frozen=True, slots=True)
class Rating:
    verdict: Literal["fits", "tight", "no"]
    text: Saying


def rate(size: int, *, memory: int, disk: int) -> Rating:
    """Where models may use so much memory and the disk has so much free, in bytes."""
    if size > disk:
        text = say(
            "Too large for the disk: it takes {size:.1f} GB, {free:.1f} GB are free.", size=_gb(size), free=_gb(disk)
        )
        return Rating("no", text)
    if size <= memory * WEIGHTS_SHARE:
        return Rating("fits", _words(say("Fits"), size / WEIGHTS_SHARE, memory))
    if size <= memory * _LEAST_SHARE:
        return Rating("tight", _words(say("Fits with a short context"), size / _LEAST_SHARE, memory))
    return Rating("no", _words(say("Does not fit"), size / _LEAST_SHARE, memory))


def _words(said: Saying, needed: float, memory: int) -> Saying:
    return say(
        "{verdict}: needs about {needed:.1f} GB of memory, models may use {memory:.1f} GB of this machine.",
        verdict=said,
        needed=_gb(needed),
        memory=_gb(memory),
    )


def _gb(size: float) -> float:
    return size / 1e9
