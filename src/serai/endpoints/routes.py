"""Routes: names that lead to models, and what would happen to a call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from serai.endpoints._request import NATIVE, Json, Request, given, nothing, pick, segment


def routes() -> Request[list[Json]]:
    """The named routes."""
    return Request("GET", f"{NATIVE}/routes", pick("routes"))


def route(name: str) -> Request[Json]:
    """One route. Raises NotFound."""
    return Request("GET", f"{NATIVE}/routes/{segment(name)}", dict)


def put_route(name: str, steps: Sequence[str | Mapping[str, Any]], **fields: Any) -> Request[Json]:
    """Adds a route or takes its place. A step is a model's name, or `{model, weight, when}`; the fields are `title`,
    `strategy`, `private`, `attempts`, `first_token_s`, `total_s`, `hedge_s` and `goes_on`."""
    each = [{"model": step} if isinstance(step, str) else dict(step) for step in steps]
    return Request("PUT", f"{NATIVE}/routes/{segment(name)}", dict, {"steps": each, **given(**fields)})


def remove_route(name: str) -> Request[None]:
    """Forgets a route."""
    return Request("DELETE", f"{NATIVE}/routes/{segment(name)}", nothing)


def plan_call(model: str = "auto", **call: Any) -> Request[Json]:
    """What would happen to this call now, and why: `{steps, left_out, …}`. Nobody is asked. A call has `task`,
    `inputs`, `settings`, `fallback`, `prefer`, `private`, `max_cost`, or a `route` that is not kept yet."""
    return Request("POST", f"{NATIVE}/routes/plan", dict, {"model": model, **given(**call)})
