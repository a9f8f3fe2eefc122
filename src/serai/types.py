"""The neutral vocabulary that every room shares: Call, Delta, Result, Usage, ModelRef. No framework, no I/O."""

from __future__ import annotations

import os
import re
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

CHAT = "chat"
TEXT_GENERATION = "text-generation"
FEATURE_EXTRACTION = "feature-extraction"
TEXT_RANKING = "text-ranking"
TOKEN_COUNT = "token-count"  # noqa: S105 - no secret, a task

AUTO = "auto"
"""The model name that leaves the choice to Serai."""

LOCAL = "local"
"""The place of everything that runs on this machine; a provider's place is its own name."""

Finish = Literal["stop", "length", "tool_calls", "content_filter", "cancelled"]


_DRAWN = 256
_random: deque[bytes] = deque()
"""Drawn so many at once: asking the system lets other threads go first. Taking one is safe in any thread."""

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_random.clear)


def new_id(prefix: str) -> str:
    """A unique id that sorts by time of creation: `prefix_<millis><random>`, both in hexadecimal."""
    try:
        random = _random.popleft()
    except IndexError:
        drawn = os.urandom(6 * _DRAWN)
        _random.extend(drawn[place : place + 6] for place in range(6, len(drawn), 6))
        random = drawn[:6]
    return f"{prefix}_{time.time_ns() // 1_000_000:012x}{random.hex()}"


_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"
_REF = re.compile(
    rf"(?P<name>{_NAME}(?:/{_NAME})?)(?::(?P<variant>[A-Za-z0-9][A-Za-z0-9._-]{{0,95}}))?"
    r"(?:@(?P<revision>[A-Za-z0-9][A-Za-z0-9._/-]{0,95}))?"
)


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A model's name as people write it: `org/name`, `org/name:Q4_K_M`, `…@revision`, or an alias."""

    name: str
    variant: str | None = None
    revision: str | None = None

    @classmethod
    def parse(cls, text: str) -> ModelRef:
        """Reads a name; raises ValueError with the grammar in words when it is not one."""
        match = _REF.fullmatch(text)
        if match is None or ".." in text:
            raise ValueError(f"{text!r} is not a model name: write org/name, org/name:Q4_K_M, …@revision or an alias")
        return cls(match["name"], match["variant"], match["revision"])

    def __str__(self) -> str:
        variant = f":{self.variant}" if self.variant else ""
        revision = f"@{self.revision}" if self.revision else ""
        return f"{self.name}{variant}{revision}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How far a principal's scopes go. None is no limit; an empty tuple lets nothing through. `models` are names or
    patterns such as `org/*`, `places` are `local` or services' names, money is in US dollars."""

    dialects: tuple[str, ...] | None = None
    models: tuple[str, ...] | None = None
    places: tuple[str, ...] | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    at_once: int | None = None
    spend_per_day: float | None = None
    spend_per_month: float | None = None


NO_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. On loopback without login this is `OWNER`."""

    id: str
    name: str
    scopes: frozenset[str] = frozenset({"*"})
    limits: Limits = NO_LIMITS


OWNER = Principal("owner", "owner")


Prefer = Literal["local", "remote", "cheapest", "fastest"]
Priority = Literal["high", "normal", "low"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How a call wants to be routed; what is None or empty follows the route or the settings. `fallback` are the names
    that are asked in turn where the first cannot answer. `private`: it never leaves this machine. `cache`: whether an
    answer that is known already will do, and this one may be kept. `max_cost` is what it may cost at most, in US
    dollars. `hedge_s`: ask a second one where the first is silent for so long. `session` is the chat it is part of,
    `dialect` the language in which it came."""

    fallback: tuple[str, ...] = ()
    prefer: Prefer | None = None
    private: bool = False
    priority: Priority = "normal"
    cache: bool | None = None
    max_cost: float | None = None
    hedge_s: float | None = None
    session: str = ""
    dialect: str = ""


NO_WISHES = Wishes()


class Waiting(Protocol):
    """A call's place in a queue."""

    @property
    def position(self) -> int:
        """How many are before it, itself included; 0 when it waits no longer."""
        ...

    @property
    def expected_s(self) -> float | None:
        """How long it should still take, where that is known."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetNote:
    """A budget from which a call is spent, and which is nearly spent, or passed. Amounts are in US dollars, and hold
    what calls that run now have put aside."""

    id: str
    state: Literal["near", "passed"]
    kind: str
    name: str
    period: str
    hard: bool
    limit: float
    spent: float
    resets_at: float | None = None


@dataclass(slots=True)
class Course:
    """What has become of a call so far: who is asked, who was before, how the answer began, what was spent, and from
    which budgets that are nearly spent or passed. Written by the router, by whoever lets it wait and by whoever counts
    money; shared by all copies of the call."""

    model: str = ""
    backend: str = ""
    place: str = LOCAL
    tried: tuple[Attempt, ...] = ()
    waiting: Waiting | None = None
    first: Delta | None = None
    cost: float | None = 0.0
    budgets: tuple[BudgetNote, ...] = ()

    def spent(self, cost: float | None) -> float | None:
        """Adds what an attempt cost; returns what all of them did, None where that is not known of one."""
        self.cost = None if cost is None or self.cost is None else self.cost + cost
        return self.cost


@dataclass(frozen=True, slots=True)
class Trace:
    """A call's span in a trace, with ids as W3C's Trace Context writes them; `parent_id` is its caller's span, empty
    where there is none. One that is not `sampled` is not told of."""

    trace_id: str
    span_id: str
    parent_id: str = ""
    sampled: bool = True

    @property
    def header(self) -> str:
        """The `traceparent` for whoever is asked next."""
        return f"00-{self.trace_id}-{self.span_id}-0{int(self.sampled)}"


@dataclass(slots=True, kw_only=True)
class Call:
    """One neutral request. For CHAT, `inputs` is `{"messages": […], "tools"?: […], "tool_choice"?: …}` in OpenAI's
    shape; for every other task it is the Hugging Face task's input. `settings` holds only what the asker set, in the
    spelling of `tasks/text_generation.py`. `loading` is how a local model is wanted loaded for it, in the spelling of
    `loading.py`: a wish, which holds where the model is loaded for this call, or can be anew without disturbing others.
    `wishes` are for the router alone. `deadline` is on the monotonic clock. `whole`: nobody reads the answer while
    it is written, so its text may come in fewer pieces. `trace` is there only while traces are sent to somebody."""

    task: str
    model: str
    inputs: Mapping[str, Any]
    settings: Mapping[str, Any] = field(default_factory=dict)
    loading: Mapping[str, Any] = field(default_factory=dict)
    principal: Principal = OWNER
    wishes: Wishes = NO_WISHES
    deadline: float | None = None
    whole: bool = False
    id: str = field(default_factory=lambda: new_id("call"))
    course: Course = field(default_factory=Course)
    trace: Trace | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answerer:
    """Who answers a call: a model, run by a backend, on a device, in a place (`local` or a service's name); and `why`
    that one, where there was a choice."""

    model: str
    backend: str
    place: str = LOCAL
    device: str = ""
    device_reason: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A backend that was tried or considered before and did not answer, and why. `code` is the error's, or says why it
    was not even asked; `tried` is whether it was."""

    backend: str
    reason: str
    model: str = ""
    code: str = ""
    tried: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """The measurements of one answer; times in seconds from the moment the call reached the router. `left_out` is how
    many messages of a chat were not read, because it was too long and its asker allowed that. `cost` is in US dollars,
    None where the price is not known. `from_cache`: nothing was computed, the same call was answered before. `budgets`
    are those from which it was spent, where they are nearly spent or passed, and the asker may know."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    first_token_s: float | None = None
    total_s: float | None = None
    tokens_per_second: float | None = None
    prompt_tokens_per_second: float | None = None
    left_out: int = 0
    cost: float | None = None
    from_cache: bool = False
    budgets: tuple[BudgetNote, ...] = ()


@dataclass(slots=True, kw_only=True)
class Delta:
    """One piece of a streamed answer. The first of a stream carries `answerer` (as does a later one, from which another
    goes on with the text), and how long the prompt is, and how
    much of that was known, where the backend says so by then. The last, and only it, carries `finish` and `usage`, and
    `stop_text` where one of the call's stop texts ended it and the backend says which. `tool_calls` and `logprobs` are
    in OpenAI's streaming shape. `data` is the whole answer of a task whose answer is no text, in one Delta: see the
    task's declaration. `pieces` is how many of the backend's own pieces this is made of: those of a `whole` call that
    came together."""

    text: str = ""
    reasoning: str = ""
    tool_calls: list[dict[str, Any]] | None = None
    logprobs: dict[str, Any] | None = None
    data: Any = None
    pieces: int = 1
    answerer: Answerer | None = None
    tried: tuple[Attempt, ...] = ()
    prompt_tokens: int = 0
    cached_tokens: int = 0
    finish: Finish | None = None
    stop_text: str = ""
    usage: Usage | None = None


@dataclass(slots=True, kw_only=True)
class Result:
    """The whole answer to a call."""

    text: str
    finish: Finish
    usage: Usage
    answerer: Answerer
    tried: tuple[Attempt, ...] = ()
    reasoning: str = ""
    tool_calls: list[dict[str, Any]] = field(default_factory=list)
    logprobs: list[dict[str, Any]] = field(default_factory=list)
    data: Any = None
    stop_text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One call after its end, as all who watch are told of it, once. `backend` and `place` are who answered, or who was
    asked last; `model` is empty where none was found. `error` is the code of what it ended with. `inputs` and answers
    are not part of it: see `call`."""

    call: Call
    model: str
    backend: str
    place: str
    status: Literal["done", "failed", "cancelled"]
    error: str
    tried: tuple[Attempt, ...]
    usage: Usage
    started_at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model and its facts, wherever it lives. What is unknown is None, never a guess: `tools` and `sees` say whether
    it calls functions and looks at pictures. `settings` and `loading` hold only what was set for it, in the spelling of
    `tasks/text_generation.py` and `loading.py`."""

    name: str
    task: str
    place: str = LOCAL
    title: str = ""
    description: str = ""
    source: Literal["embedded", "file", "hub", "service", "route"] = "file"
    format: str = ""
    engine: str = ""
    path: str | None = None
    size: int | None = None
    quantisation: str | None = None
    parameters: int | None = None
    context_length: int | None = None
    tools: bool | None = None
    sees: bool | None = None
    architecture: str | None = None
    license: str | None = None
    languages: tuple[str, ...] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)
    loading: Mapping[str, Any] = field(default_factory=dict)
    added_at: float | None = None
    last_used_at: float | None = None
    pinned: bool = False
