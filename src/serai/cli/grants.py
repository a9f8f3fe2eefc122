"""What a key may do, as it is written on the command line and shown there. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from serai.errors import BadRequest

Json = dict[str, Any]

NONE = "none"
"""Takes a limit away."""

_PER_MINUTE = {"": 1.0, "s": 60.0, "sec": 60.0, "min": 1.0, "minute": 1.0, "h": 1 / 60, "hour": 1 / 60}
_SPANS = {"day": "spend_per_day", "month": "spend_per_month"}
_SHOWN = {"requests_per_minute": "requests/min", "tokens_per_minute": "tokens/min", "at_once": "at once"}


def per_minute(text: str) -> int | None:
    """`60/min`, `1/s`, `600/hour` or `60` as a number a minute; None for `none`. Raises BadRequest."""
    if text == NONE:
        return None
    number, _, unit = text.partition("/")
    try:
        found = float(number.replace(",", "")) * _PER_MINUTE[unit.strip()]
    except (ValueError, KeyError):
        raise BadRequest(f"{text!r} is not a rate.", hint="Write 60/min, 1/s or 600/hour, or none.") from None
    if not 1 <= found < 1e12:
        raise BadRequest(f"{text!r} is less than one a minute, or too much.", hint="Write 60/min, 1/s or 600/hour.")
    return int(found)


def spend(texts: Sequence[str]) -> Json:
    """`5/day` and `100/month` as limits. Raises BadRequest."""
    if NONE in texts:
        return dict.fromkeys(_SPANS.values())
    found: Json = {}
    for text in texts:
        number, _, span = text.lstrip("$").partition("/")
        try:
            found[_SPANS[span.strip()]] = float(number)
        except (ValueError, KeyError):
            raise BadRequest(f"{text!r} is not a limit of money.", hint="Write 5/day or 100/month, or none.") from None
    return found


def listed(values: Sequence[str]) -> list[str] | None:
    """What was given one by one or with commas between; None for `none`."""
    found = [part.strip() for value in values for part in value.split(",") if part.strip()]
    return None if found == [NONE] else found


def limits(
    model: list[str] | None,
    dialect: list[str] | None,
    place: list[str] | None,
    rate: str | None,
    tokens: str | None,
    at_once: str | None,
    money: list[str] | None,
    *,
    local_only: bool,
) -> dict[str, Any]:
    """The limits that were given; None where one is taken away. Raises BadRequest."""
    places = ["local"] if local_only else place
    found: dict[str, Any] = {}
    for name, values in (("models", model), ("dialects", dialect), ("places", places)):
        if values:
            found[name] = listed(values)
    for name, text in (("requests_per_minute", rate), ("tokens_per_minute", tokens)):
        if text is not None:
            found[name] = per_minute(text)
    if at_once is not None:
        if at_once != NONE and not at_once.isdecimal():
            raise BadRequest(f"{at_once!r} is not a number of calls.", hint="Write --at-once 4, or none.")
        found["at_once"] = None if at_once == NONE else int(at_once)
    return found | spend(money or [])


def summary(key: Mapping[str, Any]) -> str:
    """What a key may do, in a line."""
    scopes = key.get("scopes") or ["*"]
    set_ = key.get("limits") or {}
    parts = ["everything" if "*" in scopes else ", ".join(scopes)]
    parts += [", ".join(set_[name]) for name in ("dialects", "models", "places") if set_.get(name)]
    parts += [f"{set_[name]:,} {unit}" for name, unit in _SHOWN.items() if set_.get(name)]
    parts += [f"${set_[name]:g}/{span}" for span, name in _SPANS.items() if set_.get(name) is not None]
    return " · ".join(parts)
