"""How a call wants to be routed, as clients of any dialect say it: by headers, or by `fallback` and `serai` in a body.

Who answered comes back in headers, too, for clients that show nothing else."""

from __future__ import annotations

import math
import time
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import replace
from functools import lru_cache
from typing import Any, get_args
from urllib.parse import quote, unquote

from starlette.requests import HTTPConnection, Request
from starlette.types import Scope

from serai.api.body import fault, kind, parse
from serai.api.deps import services_of
from serai.api.envelopes import dialect_of
from serai.types import NO_WISHES, BudgetNote, Call, Delta, Prefer, Priority, Wishes

Run = Callable[[Call], AsyncGenerator[Delta, None]]

FALLBACK, EXTENSION = "fallback", "serai"

CALL = "serai.call"
"""Where the ASGI scope keeps a request's first call, whose answerer its response's headers name."""

_SCOPE = "serai.wishes"
_TRUE, _FALSE = ("1", "true", "yes", "on"), ("0", "false", "no", "off")
_HEADER = b"x-serai-"
_MOST = 32

PROPERTIES: dict[str, Any] = {
    FALLBACK: {
        "type": ["array", "null"],
        "items": {"type": "string"},
        "maxItems": _MOST,
        "description": "Models that are asked in turn where the first cannot answer.",
    },
    EXTENSION: {
        "type": ["object", "null"],
        "description": "How the call wants to be routed.",
        "properties": {
            "fallback": {"type": ["array", "null"], "items": {"type": "string"}},
            "prefer": {"enum": [*get_args(Prefer), None]},
            "private": {"type": ["boolean", "null"], "description": "It never leaves this machine."},
            "priority": {"enum": [*get_args(Priority), None]},
            "cache": {"type": ["boolean", "null"], "description": "Whether an answer that is known already will do."},
            "max_cost": {"type": ["number", "null"], "minimum": 0, "description": "In US dollars."},
            "hedge_s": {"type": ["number", "null"], "exclusiveMinimum": 0},
            "timeout_s": {"type": ["number", "null"], "exclusiveMinimum": 0},
        },
    },
}
"""As the body's schema has them."""


async def read(request: Request) -> dict[str, Any]:
    """The body's JSON without what is meant for the router, which `runner` gives to the request's calls. Raises
    BadRequest."""
    return heard(request, parse(await request.body()))


def heard(request: Request, body: dict[str, Any]) -> dict[str, Any]:
    """The same for a body that was read already."""
    request.scope[_SCOPE] = Asked(taken(body), request)
    return body


def refine(request: Request, **more: Any) -> None:
    """Wishes that a dialect has words of its own for; they go before all others."""
    said = asked(request)
    said.wishes = replace(said.wishes, **more)


def asked(request: HTTPConnection) -> Asked:
    """What the request wishes: by its headers, and by its body where that was read. Raises BadRequest."""
    said: Asked | None = request.scope.get(_SCOPE)
    if said is None:
        said = request.scope[_SCOPE] = Asked({}, request)
    return said


def runner(request: Request) -> Run:
    """The router's `run` for this request's calls."""
    run = services_of(request).router.run
    said = asked(request)

    def with_wishes(call: Call) -> AsyncGenerator[Delta, None]:
        call.wishes, call.deadline = said.wishes, said.deadline or call.deadline
        request.scope.setdefault(CALL, call)
        return run(call)

    return with_wishes


def taken(body: dict[str, Any]) -> dict[str, Any]:
    """What a body says to the router, taken out of it. Raises BadRequest."""
    said: dict[str, Any] = {}
    if (own := body.get(EXTENSION)) is not None:
        said = dict(kind(EXTENSION, own, dict, "an object"))
    if (names := body.get(FALLBACK)) is not None:
        said[FALLBACK] = names
    body.pop(EXTENSION, None)
    body.pop(FALLBACK, None)
    return {name: value for name, value in said.items() if value is not None}


def wishes(said: Mapping[str, Any], **more: Any) -> Wishes:
    """Checked. Raises BadRequest, naming the field."""
    known: dict[str, Any] = dict(more)
    for name, value in said.items():
        check = _CHECKS.get(name)
        if check is None:
            raise fault(f"{EXTENSION}.{name}", f"There is no wish {name[:64]!r}.", f"There are: {', '.join(_CHECKS)}.")
        if name != "timeout_s":
            known[name] = check(f"{EXTENSION}.{name}", value)
    return Wishes(**known) if known else NO_WISHES


def headers(scope: Scope) -> list[tuple[bytes, bytes]]:
    """Who answers, what was tried before, why that did not, and which budgets are nearly spent or passed: once the
    answer has begun."""
    call: Call | None = scope.get(CALL)
    first = call.course.first if call is not None else None
    if first is None or first.answerer is None:
        return []
    who = first.answerer
    told = {"x-serai-model": who.model, "x-serai-backend": who.backend, "x-serai-place": who.place}
    if first.tried:
        told["x-serai-tried"] = ", ".join(f"{one.model or one.backend}={one.code}" for one in first.tried[:_MOST])
    if who.why:
        told["x-serai-why"] = who.why
    if first.usage is not None and first.usage.from_cache:
        told["x-serai-cache"] = "hit"
    if call is not None and call.course.budgets:
        told["x-serai-budget"] = ", ".join(map(_standing, call.course.budgets[:_MOST]))
    return [(name.encode(), _quoted(value)) for name, value in told.items()]


@lru_cache(1000)
def _quoted(value: str) -> bytes:
    return quote(value[:2000], safe=_SAFE).encode()


_SAFE = " !#$&'()*+,/:;=?@[]-._~"


def _standing(note: BudgetNote) -> str:
    """How a budget stands, in one header's words."""
    facts = {"budget": note.id, "period": note.period, "spent": f"{note.spent:.9g}", "limit": f"{note.limit:.9g}"}
    return "; ".join((note.state, *(f"{name}={value}" for name, value in facts.items())))


class Asked:
    """What one request wishes: the body's word goes before the header's, but what either of them binds to this
    machine is bound. Raises BadRequest."""

    def __init__(self, said: Mapping[str, Any], request: HTTPConnection) -> None:
        given = [
            (name[len(_HEADER) :].decode(), value)
            for name, value in request.scope["headers"]
            if name.startswith(_HEADER)
        ]
        heads = {name: _of_header(name, value.decode("latin-1")) for name, value in _known(given)}
        both = {**heads, **said}
        if heads.get("private") is True and both["private"] is False:
            both["private"] = True
        dialect = dialect_of(request.scope)
        self.wishes = wishes(both, dialect=dialect) if both else _none(dialect)
        seconds = both.get("timeout_s")
        self.deadline = None
        if seconds is not None:
            self.deadline = time.monotonic() + _seconds(f"{EXTENSION}.timeout_s", seconds)


@lru_cache
def _none(dialect: str) -> Wishes:
    return Wishes(dialect=dialect)


def _known(given: list[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """Those of the headers that are wishes; `x-serai-max-cost` is `max_cost`."""
    named = [(_WORDS.get(name, ""), value) for name, value in given]
    return [(name, value) for name, value in named if name]


def _of_header(name: str, text: str) -> Any:
    if name == FALLBACK:
        return [unquote(part.strip()) for part in text.split(",") if part.strip()]
    if name in ("private", "cache"):
        folded = text.strip().casefold()
        return True if folded in _TRUE else False if folded in _FALSE else text
    if name in ("max_cost", "hedge_s", "timeout_s"):
        try:
            return float(text)
        except ValueError:
            return text
    return text.strip()


def _names(place: str, value: Any) -> tuple[str, ...]:
    names = kind(place, value, list, "a list of models' names")
    if len(names) > _MOST or not all(isinstance(name, str) and 0 < len(name) <= 300 for name in names):
        raise fault(place, f"{place} is a list of at most {_MOST} models' names.")
    return tuple(names)


def _seconds(place: str, value: Any) -> float:
    number = _number(place, value)
    if not 0 < number <= 86_400:
        raise fault(place, f"{place} is more than 0 and at most 86,400 seconds.")
    return number


def _number(place: str, value: Any) -> float:
    number = float(kind(place, value, (int, float), "a number"))
    if not math.isfinite(number) or number < 0:
        raise fault(place, f"{place} must be a number from 0 on.")
    return number


def _one_of(*words: str) -> Callable[[str, Any], Any]:
    def check(place: str, value: Any) -> Any:
        if value not in words:
            raise fault(place, f"{place} must be one of {', '.join(words)}.")
        return value

    return check


def _yes_or_no(place: str, value: Any) -> bool:
    return bool(kind(place, value, bool, "true or false"))


_CHECKS: Mapping[str, Callable[[str, Any], Any]] = {
    FALLBACK: _names,
    "prefer": _one_of(*get_args(Prefer)),
    "private": _yes_or_no,
    "priority": _one_of(*get_args(Priority)),
    "cache": _yes_or_no,
    "max_cost": _number,
    "hedge_s": _seconds,
    "timeout_s": _seconds,
}

_WORDS: Mapping[str, str] = {name.removesuffix("_s").replace("_", "-"): name for name in _CHECKS}
"""What the headers' names end with."""

HEADERS = b", ".join(_HEADER + word.encode() for word in _WORDS)
"""Those by which a call says how it wants to be routed."""

TOLD = [_HEADER + word for word in (b"model", b"backend", b"place", b"tried", b"why", b"cache", b"budget")]
"""Those that say who answered, and which budgets are spent."""
