"""What calls cost, what may be spent, and what was."""

from __future__ import annotations

from serai.endpoints._request import NATIVE, Json, Request, given, nothing, segment


def prices() -> Request[Json]:
    """What models cost: `{prices: [{model, place, price, source, seen, where}], overrides: [{model, price}]}`. A price
    of None is not known."""
    return Request("GET", f"{NATIVE}/prices", dict, slow=True)


def set_price(model: str, **price: float) -> Request[Json]:
    """Sets what a model costs, or a pattern of models, in US dollars: `input`, `output` and `cached_input` for a
    million tokens; `request`, `image`, `audio_second`, `compute_second`, `hour`. Nothing at all is free."""
    return Request("PUT", f"{NATIVE}/prices/{segment(model)}", dict, given(**price))


def remove_price(model: str) -> Request[None]:
    """What the service or Serai's own list says holds again."""
    return Request("DELETE", f"{NATIVE}/prices/{segment(model)}", nothing)


def budgets() -> Request[list[Json]]:
    """All budgets as they stand: `{kind, name, period, amount, hard, spent, left, resets_at, …}`."""
    return Request("GET", f"{NATIVE}/budgets", lambda body: list(body["budgets"]))


def set_budget(
    kind: str, name: str, period: str, amount: float, *, hard: bool = True, unknown: bool = False
) -> Request[Json]:
    """Sets what a key, person, model, place, session or `all` (with an empty name) may spend in a day, a month or in
    all, in US dollars."""
    asked = {"kind": kind, "name": name, "period": period, "amount": amount, "hard": hard, "unknown": unknown}
    return Request("POST", f"{NATIVE}/budgets", dict, asked)


def remove_budget(budget_id: str) -> Request[None]:
    """Takes a budget away."""
    return Request("DELETE", f"{NATIVE}/budgets/{segment(budget_id)}", nothing)


def usage(by: str = "day", first: str | None = None, last: str | None = None) -> Request[list[Json]]:
    """Calls, tokens and cost by key, person, model, place, session or day; `first` and `last` are days in UTC."""
    params = given(by=by, **{"from": first, "to": last})
    return Request("GET", f"{NATIVE}/usage", lambda body: list(body["rows"]), params=params)


def usage_table(by: str = "day", first: str | None = None, last: str | None = None) -> Request[str]:
    """The same as CSV."""
    params = given(by=by, **{"from": first, "to": last})
    return Request("GET", f"{NATIVE}/usage.csv", str, params=params, plain=True)
