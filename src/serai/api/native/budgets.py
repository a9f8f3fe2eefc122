"""/api/v1/budgets: what may be spent by whom, and how much of it is."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field
from starlette.responses import Response

from serai.api.deps import ServicesDep
from serai.api.native.shapes import In, Out
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.money import budget
from serai.money.budgets import Standing

routes = router(Scope.ADMIN, prefix="/api/v1/budgets", tag="budgets")

Kind = Literal["key", "person", "model", "place", "session", "all"]
Period = Literal["day", "month", "all"]


class MoneyBudget(Out):
    """A budget as it stands now. Amounts are in US dollars; days and months are UTC's."""

    id: str
    kind: Kind
    name: str
    title: str = Field(description="The name as people know it, where `name` is an id.")
    period: Period
    amount: float
    hard: bool = Field(description="Calls that could pass it are refused; a soft one is only told of.")
    unknown: bool = Field(description="Models whose price is not known may be asked all the same.")
    own: bool = Field(description="It is a limit of the key, and changed there.")
    spent: float = Field(description="In this period; what running calls may still cost is in it.")
    left: float
    passed: bool
    resets_at: float | None


class BudgetList(Out):
    budgets: list[MoneyBudget]


class NewBudget(In):
    """One for each: whose, which period, hard or soft. An older one gives way."""

    kind: Kind
    name: Annotated[str, Field(max_length=300, description="A key's id, a service, a model…; empty for `all`.")] = ""
    period: Period
    amount: Annotated[float, Field(ge=0, le=1e9, examples=[5])]
    hard: bool = True
    unknown: bool = False


@routes.get("")
async def list_budgets(services: ServicesDep) -> BudgetList:
    """All budgets as they stand, the limits of keys too."""
    keys = {key.id: key for key in await services.keys.list() if key.revoked_at is None}
    own = [one for key in keys.values() for one in budget.of_limits(key.id, key.limits)]
    standing = [*await services.money.budgets.all(), *await services.money.budgets.standing(own)]
    titles = {name: key.name for name, key in keys.items()}
    return BudgetList(budgets=[_shape(one, titles) for one in standing])


@routes.post("", status_code=201)
async def set_budget(services: ServicesDep, new: NewBudget) -> MoneyBudget:
    """Sets a budget. What was spent before counts, as far as it lies in the period."""
    if new.kind == "key":
        await services.keys.get(new.name)
    made = await services.money.budgets.set(
        new.kind, new.name, new.period, new.amount, hard=new.hard, unknown=new.unknown
    )
    return _shape(made, {})


@routes.delete("/{budget_id}", status_code=204, response_class=Response)
async def remove_budget(services: ServicesDep, budget_id: str) -> None:
    """Takes a budget away; nothing of what was spent is forgotten."""
    await services.money.budgets.remove(budget_id)


def _shape(standing: Standing, titles: dict[str, str]) -> MoneyBudget:
    found = standing.as_dict()
    return MoneyBudget.model_validate({**found, "title": titles.get(found["name"], found["name"])})
