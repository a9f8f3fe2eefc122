"""Budgets: whose spending, how much of it, in which period. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from serai.errors import BadRequest, OverBudget
from serai.money import periods
from serai.money.amounts import NANO, dollars, said
from serai.money.periods import PERIODS, Period
from serai.types import Call, Limits, Model, Principal

Kind = Literal["key", "person", "model", "place", "session", "all"]

KINDS: tuple[Kind, ...] = ("key", "person", "model", "place", "session", "all")
_KEYS = "key_"
_MOST = 1_000_000_000 * NANO
_LONGEST_NAME = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """`name` says whose: a key's id, a person's, a model, a service, a session; it is empty for `all`. A soft one is
    told when it is passed, a hard one is never passed. `unknown`: models whose price is not known may be asked all the
    same, and count as nothing. `own` are the limits of a key, which belong to it and have no row."""

    id: str
    kind: Kind
    name: str
    period: Period
    amount: int
    hard: bool = True
    unknown: bool = False
    told: str = ""
    own: bool = False

    @property
    def subject(self) -> str:
        return f"{self.kind}:{self.name}"


def of_limits(principal: str, limits: Limits) -> Iterator[Budget]:
    """The budgets that a key carries itself."""
    given: tuple[tuple[Period, float | None], ...] = (("day", limits.spend_per_day), ("month", limits.spend_per_month))
    for period, amount in given:
        if amount is not None:
            kind, name = _asker(principal)
            budget_id = f"{principal}.{period}"
            yield Budget(id=budget_id, kind=kind, name=name, period=period, amount=round(amount * NANO), own=True)


def subjects(principal: str, model: str, place: str, session: str) -> tuple[str, ...]:
    """All whose spending a charge is."""
    kind, name = _asker(principal)
    named = ("all:", f"{kind}:{name}", f"model:{model}", f"place:{place}")
    return (*named, f"session:{session}") if session else named


def of_call(budgets: Iterable[Budget], call: Call, model: Model) -> list[Budget]:
    """Those that the call is spent from, its key's own limits too."""
    whose = subjects(call.principal.id, model.name, model.place, call.wishes.session)
    own = of_limits(call.principal.id, call.principal.limits)
    return [*own, *(budget for budget in budgets if budget.subject in whose)]


def check(kind: str, name: str, period: str, amount: float) -> None:
    """Raises BadRequest, naming what does not fit."""
    if kind not in KINDS:
        raise BadRequest(f"A budget is for one of {', '.join(KINDS)}, not {kind[:80]!r}.", param="kind")
    if period not in PERIODS:
        raise BadRequest(f"A budget is for a {', '.join(PERIODS)}, not {period[:80]!r}.", param="period")
    if (kind == "all") != (not name) or len(name) > _LONGEST_NAME or not name.isprintable():
        hint = "`all` has no name; each other kind needs one: a key, person, model, service or session."
        raise BadRequest("Whose budget this is cannot be told.", hint=hint, param="name")
    if kind in ("key", "person") and (kind == "key") != name.startswith(_KEYS):
        raise BadRequest(f"{name[:80]!r} is no {kind}'s id.", hint="`serai keys list` shows keys' ids.", param="name")
    if not 0 <= amount * NANO <= _MOST:
        raise BadRequest("A budget is between 0 and a billion US dollars.", param="amount")


def may_know(budget: Budget, asker: Principal) -> bool:
    """Whether how much of it is spent is the asker's business."""
    return budget.name == asker.id or budget.kind == "session" or bool(asker.scopes & {"*", "admin", "monitor"})


def overspent(budget: Budget, total: int, worst: int, asker: Principal, now: float) -> OverBudget:
    """The refusal of a call. Whoever is not the budget's own is not told how much others spend."""
    ends = periods.ends_at(budget.period, now)
    hint = f"{_when(budget)}Ask for a shorter answer (max_tokens), or a model that costs nothing."
    facts: dict[str, Any] = {"period": budget.period, "budget": budget.id, "resets_at": ends}
    if not may_know(budget, asker):
        return OverBudget(
            "What may be spent here is spent, or this call could cost more than is left.", hint=hint, **facts
        )
    left = max(0, budget.amount - total)
    span = {"day": " a day", "month": " a month", "all": ""}[budget.period]
    facts |= {"limit": dollars(budget.amount), "spent": dollars(total), "worst": dollars(worst)}
    message = f"This call may cost up to {said(worst)}, and of the {said(budget.amount)}{span} for {_whose(budget)}"
    return OverBudget(f"{message}, {said(left) if left else 'nothing'} is left.", hint=hint, **facts)


def unpriced(model: Model, budget: Budget | None) -> OverBudget:
    """The refusal of a call of which nobody can say what it costs at most. Without a budget: the call's own wish."""
    period = "call" if budget is None else budget.period
    hint = f"Whoever runs Serai can say what it costs: serai prices set '{model.name}' --input … --output …"
    message = f"What {model.name} costs is not known, and what may be spent is limited."
    return OverBudget(message, hint=hint, period=period, **({} if budget is None else {"budget": budget.id}))


def unbounded(model: Model, budget: Budget | None) -> OverBudget:
    """The refusal of a call whose answer could be of any length."""
    period = "call" if budget is None else budget.period
    message = f"How long the answer of {model.name} may be is not known, and what may be spent is limited."
    hint = "Say how long it may be at most: max_tokens."
    return OverBudget(message, hint=hint, period=period, **({} if budget is None else {"budget": budget.id}))


def too_dear(worst: int, wish: float) -> OverBudget:
    """The refusal of a call that may cost more than it is wanted to."""
    message = f"This call may cost up to {said(worst)}, and is to cost {said(round(wish * NANO))} at most."
    hint = "Ask for a shorter answer (max_tokens), or allow more (max_cost)."
    return OverBudget(message, hint=hint, limit=wish, spent=0.0, worst=dollars(worst), period="call")


def _asker(principal: str) -> tuple[Kind, str]:
    return ("key" if principal.startswith(_KEYS) else "person"), principal


def _whose(budget: Budget) -> str:
    if budget.kind == "all":
        return "all of Serai"
    return f"this {budget.kind}" if budget.kind in ("key", "person", "session") else budget.name


def _when(budget: Budget) -> str:
    """When there is money again, in UTC."""
    words = {"day": "It begins anew at midnight (UTC). ", "month": "It begins anew with the next month (UTC). "}
    return words.get(budget.period, "")
