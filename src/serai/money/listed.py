"""The prices that come with Serai, each with the day on which it was seen, and where."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

from serai.money import patterns
from serai.money.price import Known, check


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A price at services of one kind, for models by the service's own names. It holds from `since` on."""

    kind: str
    models: tuple[str, ...]
    known: Known
    since: date | None = None


@cache
def every() -> Sequence[Listed]:
    """All of them, as `prices.toml` has them."""
    tree = tomllib.loads((files("serai.money") / "prices.toml").read_text("utf-8"))
    return [_read(kind, source, row) for kind, source in tree.items() for row in source["prices"]]


def find(kind: str, model: str, today: date) -> Known | None:
    """The price of a model at a service of that kind, by the service's own name for it."""
    return _find(kind, model, today)


@lru_cache(4096)
def _find(kind: str, model: str, today: date) -> Known | None:
    held = [one for one in every() if one.kind == kind and (one.since is None or one.since <= today)]
    pattern = patterns.closest((name for one in held for name in one.models), model)
    fitting = [one for one in held if pattern in one.models]
    return max(fitting, key=lambda one: one.since or date.min).known if fitting else None


def _read(kind: str, source: Mapping[str, Any], row: Mapping[str, Any]) -> Listed:
    own = ("models", "since")
    price = check({name: value for name, value in row.items() if name not in own})
    others = ", ".join(source.get("through", ()))
    where = f"{source['where']} (as read by {others})" if others else source["where"]
    known = Known(price, "listed", source["seen"], where)
    return Listed(kind=kind, models=tuple(row["models"]), known=known, since=row.get("since"))
