"""/api/v1/stats: what calls came to, over time."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from pydantic import Field

from serai.api.deps import PrincipalDep, ServicesDep
from serai.api.native.shapes import Out
from serai.api.routes import router
from serai.api.scopes import Scope, may
from serai.monitor.report import By, question, report

routes = router(Scope.MONITOR, prefix="/api/v1", tag="stats")

Only = Annotated[str | None, Query(max_length=300, description="Only calls with this.")]
Moment = Annotated[float | None, Query(ge=0, allow_inf_nan=False, description="Seconds since 1970.")]


class Spread(Out):
    """In seconds, of the calls that were done. The quantiles are at most 2 % off."""

    average: float
    p50: float
    p95: float
    p99: float


class Numbers(Out):
    """What some calls came to."""

    count: int
    done: int
    failed: int
    cancelled: int
    success_rate: float | None = Field(description="Of those that were not cancelled; null where there were none.")
    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int
    tokens_per_second: float | None = Field(description="The average of the answers' speeds.")
    first_token_s: Spread | None
    total_s: Spread | None
    cost: float = Field(description="In US dollars, of the calls whose cost is known.")
    cost_unknown: int = Field(description="Calls of services whose cost is not known.")
    cache_hits: int = Field(description="Calls that were answered from the cache of answers.")
    errors: dict[str, int] = Field(description="Calls that failed, by the error's code.")
    fallbacks: dict[str, int] = Field(description="Attempts that failed before another answered, by why.")


class Point(Out):
    """What the calls of one step came to; steps without calls are left out."""

    at: float = Field(description="When the step began.")
    count: int
    failed: int
    cancelled: int
    prompt_tokens: int
    completion_tokens: int
    tokens_per_second: float | None
    first_token_p50: float | None
    first_token_p95: float | None
    first_token_p99: float | None
    total_p50: float | None
    total_p95: float | None
    total_p99: float | None
    cost: float
    cache_hits: int
    fallbacks: int


class Group(Numbers):
    """The calls that have one thing in common: a model, a backend, …"""

    name: str = Field(description="Its value; empty where calls had none, `other` where there were too many.")
    title: str = Field(description="What people call it: a key's name, else the same.")
    series: list[Point]


class Stats(Out):
    start: float = Field(alias="from")
    end: float = Field(alias="to")
    step: int = Field(description="Seconds.")
    by: str
    totals: Numbers
    series: list[Point] = Field(description="All calls over time.")
    groups: list[Group] = Field(description="Those with the most calls first.")


@routes.get("/stats")
async def get_stats(
    services: ServicesDep,
    who: PrincipalDep,
    by: Annotated[By, Query(description="What calls are told apart by.")] = "model",
    start: Annotated[Moment, Query(alias="from", description="Left out: a day ago.")] = None,
    end: Annotated[Moment, Query(alias="to", description="Left out: now.")] = None,
    step: Annotated[int | None, Query(ge=60, description="Seconds; left out: by the span.")] = None,
    model: Only = None,
    backend: Only = None,
    place: Only = None,
    key: Only = None,
    task: Only = None,
    dialect: Only = None,
) -> Stats:
    """What calls came to: totals, groups, and both over time. By key, whoever is no admin is told of their own."""
    if by == "key" and not may(who, Scope.ADMIN):
        key = who.id
    only = {"model": model, "backend": backend, "place": place, "key": key, "task": task, "dialect": dialect}
    asked = question(by, start=start, end=end, step=step, **only)
    await services.monitor.flush()
    told = await report(services.monitor.statistics, asked)
    titles = {found.id: found.name for found in await services.keys.list()} if by == "key" else {}
    groups = [{**group, "title": titles.get(group["name"], group["name"])} for group in told["groups"]]
    return Stats.model_validate({**told, "groups": groups})
