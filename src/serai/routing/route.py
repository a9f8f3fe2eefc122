"""A named route: which models may answer, in which order, under which conditions. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, time
from typing import Any, Literal, get_args

from serai.errors import BadRequest
from serai.types import AUTO, LOCAL, Prefer

Strategy = Literal["order", "balance"] | Prefer
STRATEGIES: tuple[str, ...] = ("order", "balance", *get_args(Prefer))
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
MOST_STEPS = 32

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-3]):([0-5]\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class When:
    """Under which conditions a step is taken; what is empty or None is no condition. Prompts are measured in tokens,
    as far as they can be guessed. `hours` is `08:00-18:00` on this machine's clock and may reach over midnight.
    `max_cost` is what the call may cost at most there, in US dollars."""

    tasks: tuple[str, ...] = ()
    prompt_min: int | None = None
    prompt_max: int | None = None
    tools: bool | None = None
    pictures: bool | None = None
    hours: str = ""
    days: tuple[str, ...] = ()
    max_cost: float | None = None


ALWAYS = When()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A model of a route. `weight` is its share where the route balances; one of weight 0 only stands in."""

    model: str
    weight: float = 1.0
    when: When = ALWAYS


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """`attempts` is how often each model is asked at most. A model that has not begun after `first_token_s`, or not
    ended after `total_s`, has failed. `hedge_s`: the next one is asked, too, where the first is silent for so long, and
    the first to begin answers. `goes_on`: where a model fails in the middle of its text, the next goes on there."""

    name: str
    title: str = ""
    strategy: str = "order"
    steps: tuple[Step, ...] = ()
    private: bool = False
    attempts: int = 1
    first_token_s: float | None = None
    total_s: float | None = None
    hedge_s: float | None = None
    goes_on: bool = False
    created_at: float = field(default=0.0, compare=False)
    changed_at: float = field(default=0.0, compare=False)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def of(cls, shape: Mapping[str, Any]) -> Route:
        """From `as_dict`'s shape, which may have come from elsewhere: what is not known there is left out."""
        known = {name.name: shape[name.name] for name in fields(cls) if name.name in shape}
        return cls(**{**known, "steps": tuple(_step(step) for step in known.get("steps", ()))})


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What conditions ask of a call."""

    task: str
    prompt_tokens: int
    tools: bool
    pictures: bool
    now: datetime


def checked(route: Route) -> Route:
    """Raises BadRequest, naming the field, for what does not fit."""
    if not _NAME.fullmatch(route.name) or ".." in route.name or route.name.casefold() == LOCAL:
        hint = "It has letters, digits, and .-_ between them."
        raise BadRequest(f"A route cannot be called {route.name[:80]!r}.", hint=hint, field="name")
    if route.strategy not in STRATEGIES:
        raise BadRequest(f"There is no strategy {route.strategy!r}.", hint=_one_of(STRATEGIES), field="strategy")
    if not 1 <= len(route.steps) <= MOST_STEPS:
        raise BadRequest(f"A route has from 1 to {MOST_STEPS} models.", field="steps")
    if not 1 <= route.attempts <= 10:
        raise BadRequest("Each model is asked from 1 to 10 times.", field="attempts")
    for name in ("first_token_s", "total_s", "hedge_s"):
        seconds = getattr(route, name)
        if seconds is not None and not 0 < seconds <= 86_400:
            raise BadRequest(f"{name} is more than nothing and at most a day, in seconds.", field=name)
    for number, step in enumerate(route.steps):
        _check_step(step, route.name, f"steps[{number}]")
    return route


def against(when: When, facts: Facts) -> str:
    """Why the step is not taken, in words; empty where it is."""
    if when.tasks and facts.task not in when.tasks:
        return f"It is for {_listed(when.tasks)}, not for {facts.task}."
    if when.prompt_min is not None and facts.prompt_tokens < when.prompt_min:
        return f"It is for prompts of at least {when.prompt_min:,} tokens; this has about {facts.prompt_tokens:,}."
    if when.prompt_max is not None and facts.prompt_tokens > when.prompt_max:
        return f"It is for prompts of at most {when.prompt_max:,} tokens; this has about {facts.prompt_tokens:,}."
    if when.tools is not None and when.tools != facts.tools:
        return "It is for calls with functions." if when.tools else "It is for calls without functions."
    if when.pictures is not None and when.pictures != facts.pictures:
        return "It is for calls with pictures." if when.pictures else "It is for calls without pictures."
    if when.hours and not _within(when.hours, facts.now.time()):
        return f"It is for {when.hours}; it is {facts.now:%H:%M}."
    if when.days and DAYS[facts.now.weekday()] not in when.days:
        return f"It is for {_listed(when.days)}."
    return ""


def _check_step(step: Step, route: str, place: str) -> None:
    if not step.model or len(step.model) > 300:
        raise BadRequest("A step needs a model.", field=f"{place}.model")
    if step.model.casefold() == route.casefold() and step.model != AUTO:
        raise BadRequest("A route cannot lead to itself.", field=f"{place}.model")
    if not 0 <= step.weight <= 1_000_000:
        raise BadRequest("A weight is 0 or more.", field=f"{place}.weight")
    when = step.when
    if when.hours and not _HOURS.fullmatch(when.hours):
        raise BadRequest("Hours are written as 08:00-18:00.", field=f"{place}.when.hours")
    for day in when.days:
        if day not in DAYS:
            raise BadRequest(f"{day!r} is no day.", hint=_one_of(DAYS), field=f"{place}.when.days")


def _within(hours: str, now: time) -> bool:
    begin, _, end = hours.partition("-")
    first, last = time.fromisoformat(begin), time.fromisoformat(end)
    return first <= now < last if first <= last else now >= first or now < last


def _step(shape: Mapping[str, Any] | Step) -> Step:
    if isinstance(shape, Step):
        return shape
    known = {name.name: shape[name.name] for name in fields(Step) if name.name in shape}
    when = known.pop("when", None) or {}
    told = {name.name: when[name.name] for name in fields(When) if name.name in when}
    lists = {name: tuple(value) for name, value in told.items() if isinstance(value, list)}
    return Step(**known, when=When(**{**told, **lists}))


def _one_of(names: Sequence[str]) -> str:
    return f"There are: {', '.join(names)}."


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names)
