"""/api/v1/usage: what was used, and what it cost."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from serai.api.deps import ServicesDep
from serai.api.native.shapes import Out
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.money import usage

routes = router(Scope.MONITOR, prefix="/api/v1", tag="usage")

By = Annotated[
    Literal["key", "person", "model", "place", "session", "day"], Query(description="What the sums are for.")
]
First = Annotated[str | None, Query(alias="from", max_length=10, description="The first day, in UTC: 2026-11-01.")]
Last = Annotated[str | None, Query(alias="to", max_length=10, description="The last day, in UTC.")]


class Row(Out):
    """Of one key, person, model, place, session or day. Costs are in US dollars."""

    name: str
    title: str
    calls: int
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    cost: float = Field(description="As far as it is known; what is held is in it.")
    unpriced: int = Field(description="Calls of which nobody knows what they cost.")
    estimated: float = Field(description="How much of the cost is of answers that broke off, or could not be measured.")
    held: float = Field(description="How much of it is put aside for calls that run.")
    unsettled: float = Field(description="How much of it stands at its worst case, because Serai was killed meanwhile.")


class Spending(Out):
    by: str
    rows: list[Row]


@routes.get("/usage")
async def get_usage(services: ServicesDep, by: By = "day", first: First = None, last: Last = None) -> Spending:
    """Calls, tokens and cost, summed up, the dearest first; days the newest first."""
    return Spending.model_validate({"by": by, "rows": await services.money.usage.by(by, first, last)})


_TABLE: dict[int | str, dict[str, Any]] = {200: {"content": {"text/csv": {"schema": {"type": "string"}}}}}


@routes.get("/usage.csv", response_class=Response, responses=_TABLE)
async def get_usage_table(services: ServicesDep, by: By = "day", first: First = None, last: Last = None) -> Any:
    """The same for a spreadsheet."""
    table = usage.table(await services.money.usage.by(by, first, last))
    headers = {"content-disposition": f'attachment; filename="usage-by-{by}.csv"'}
    return Response(table, headers=headers, media_type="text/csv; charset=utf-8")
