"""What may be said of a key: its limits as they are stored, and whether they make sense together. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

from serai.errors import BadRequest
from serai.types import NO_LIMITS, Limits

DIALECTS = ("openai", "anthropic", "ollama", "huggingface", "native")
"""The languages that Serai answers in; `huggingface` is also its mirror, `native` also the simple chat call."""

EVERYTHING = ("*",)
ASKING = ("infer",)
"""The scopes of a new key for which none were chosen: everything, or with limits, asking models."""

_NARROW = frozenset({"infer", "chat", "mirror"})
"""The scopes that know a model when they see one. The others show or change everything on this machine."""

_MOST = {"requests_per_minute": 1_000_000, "tokens_per_minute": 1_000_000_000, "at_once": 10_000}
_SPEND = 1_000_000.0
_ENTRIES = 100
_MODEL = re.compile(r"[A-Za-z0-9*][A-Za-z0-9._*/:@-]{0,199}")
_PLACE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}")
_STARS = 3


def check(limits: Limits, scopes: Sequence[str] | None) -> tuple[Limits, tuple[str, ...]]:
    """The limits and scopes to keep. Raises BadRequest, naming what does not fit."""
    _entries("dialects", limits.dialects, lambda name: name in DIALECTS, f"one of {', '.join(DIALECTS)}")
    _entries("models", limits.models, _is_model, "a model's name, or a pattern such as org/*")
    _entries("places", limits.places, lambda name: bool(_PLACE.fullmatch(name)), "`local` or a service's name")
    for name, most in _MOST.items():
        _number(name, getattr(limits, name), 1, most)
    for name in ("spend_per_day", "spend_per_month"):
        _number(name, getattr(limits, name), 0, _SPEND)
    limits = NO_LIMITS if limits == NO_LIMITS else limits
    chosen = tuple(scopes) if scopes else EVERYTHING if limits is NO_LIMITS else ASKING
    _together(limits, chosen)
    return limits, chosen


def _together(limits: Limits, scopes: tuple[str, ...]) -> None:
    if limits is not NO_LIMITS and {"*", "admin"} & set(scopes):
        hint = "Choose other scopes, such as infer; or leave the limits out."
        raise BadRequest(
            "A key that may administer Serai could lift its own limits, so it cannot have any.",
            hint=hint,
            param="scopes",
        )
    wide = sorted(set(scopes) - _NARROW)
    if (limits.models is not None or limits.places is not None) and wide:
        raise BadRequest(
            f"A key for some models or places only cannot have the scope {wide[0]!r}, which shows all of them.",
            hint=f"Its scopes can be {', '.join(sorted(_NARROW))}.",
            param="scopes",
        )


def _entries(field: str, values: tuple[str, ...] | None, fits: Any, expected: str) -> None:
    if values is None:
        return
    if not values or len(values) > _ENTRIES:
        hint = "Leave it out where nothing is to be limited."
        raise BadRequest(f"{field} needs 1 to {_ENTRIES} entries.", hint=hint, param=field)
    for value in values:
        if not fits(value):
            raise BadRequest(f"{field}: {value[:100]!r} is not {expected}.", param=field)


def _is_model(name: str) -> bool:
    return bool(_MODEL.fullmatch(name)) and name.count("*") <= _STARS and ".." not in name


def _number(field: str, value: float | None, least: float, most: float) -> None:
    if value is not None and not least <= value <= most:
        raise BadRequest(f"{field} must be between {least:,} and {most:,}.", param=field)


def stored(limits: Limits) -> dict[str, Any]:
    """Only what is limited."""
    values = {field.name: getattr(limits, field.name) for field in fields(limits)}
    given = {name: value for name, value in values.items() if value is not None}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in given.items()}


def read(row: Mapping[str, Any]) -> Limits:
    """The limits of a stored key. Raises TypeError for one that this Serai does not know: better nothing than all."""
    values: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in row.items()}
    return Limits(**values) if values else NO_LIMITS
