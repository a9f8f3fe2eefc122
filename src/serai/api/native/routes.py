"""/api/v1/routes: who answers a name, and what would happen to a call."""

from __future__ import annotations

import time
from typing import Annotated, Any, Literal

from pydantic import Field
from starlette.responses import Response

from serai.api.deps import PrincipalDep, ServicesDep
from serai.api.native.shapes import In, Out
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.routing import route as shape
from serai.routing.plan import Candidate
from serai.types import AUTO, CHAT, Call, Prefer, Wishes

routes = router(Scope.ADMIN, prefix="/api/v1/routes", tag="routes")

RouteName = Annotated[str, Field(min_length=1, max_length=64, examples=["best"])]
Asked = Annotated[str, Field(min_length=1, max_length=300)]
Seconds = Annotated[float | None, Field(gt=0, le=86_400)]
Strategy = Literal["order", "balance", "local", "remote", "cheapest", "fastest"]


class RouteConditions(In):
    """When a step is taken; what is empty or null is no condition."""

    tasks: Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=32)] = Field(default_factory=list)
    prompt_min: int | None = Field(None, ge=0, description="Tokens, as far as they can be guessed.")
    prompt_max: int | None = Field(None, ge=0)
    tools: bool | None = Field(None, description="Whether the call has functions.")
    pictures: bool | None = Field(None, description="Whether the call has pictures.")
    hours: str = Field("", max_length=11, examples=["22:00-06:00"], description="By this machine's clock.")
    days: Annotated[list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]], Field(max_length=7)] = Field(
        default_factory=list
    )
    max_cost: float | None = Field(None, ge=0, description="What the call may cost there at most, in US dollars.")


class RouteStep(In):
    model: Asked
    weight: float = Field(1.0, ge=0, le=1_000_000, description="Its share, where the route balances; 0 only stands in.")
    when: RouteConditions = Field(default_factory=RouteConditions)


class RouteBody(In):
    """What a route leads to."""

    title: Annotated[str, Field(max_length=200)] = ""
    strategy: Strategy = Field("order", description="Which of the steps that may answer is asked first.")
    steps: Annotated[list[RouteStep], Field(min_length=1, max_length=shape.MOST_STEPS)]
    private: bool = Field(False, description="Only models of this machine are asked.")
    attempts: int = Field(1, ge=1, le=10, description="How often each model is asked at most.")
    first_token_s: Seconds = Field(None, description="Who has not begun by then has failed.")
    total_s: Seconds = Field(None, description="Who has not ended by then has failed.")
    hedge_s: Seconds = Field(None, description="Ask the next one, too, where the first is silent for so long.")
    goes_on: bool = Field(False, description="Where a model fails in the middle of its text, the next goes on there.")

    def route(self, name: str) -> shape.Route:
        return shape.Route.of({**self.model_dump(), "name": name})


class NamedRoute(RouteBody):
    name: RouteName


class StoredRoute(NamedRoute):
    created_at: float
    changed_at: float


class RouteList(Out):
    routes: list[StoredRoute]


class RoutePlanned(In):
    """A call as it might be made."""

    model: Annotated[str, Field(max_length=300)] = AUTO
    task: Annotated[str, Field(max_length=64)] = CHAT
    inputs: dict[str, Any] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(default_factory=dict)
    fallback: Annotated[list[Asked], Field(max_length=32)] = Field(default_factory=list)
    prefer: Prefer | None = None
    private: bool = False
    max_cost: float | None = Field(None, ge=0)
    route: NamedRoute | None = Field(None, description="One that is not kept yet, in place of the one that is named.")


class PlannedStep(Out):
    """A model that would be asked."""

    model: str
    backend: str
    place: str
    why: str
    cost: float | None = Field(description="At most, in US dollars; null where the price is not known.")
    first_token_s: float | None = Field(description="As it was measured; null where it was not.")
    waiting: int = Field(description="How many calls wait for it now.")


class PlannedWithout(Out):
    """One that would not be asked, and why."""

    model: str
    backend: str
    reason: str
    code: str


class RoutePlan(Out):
    """What would happen to the call now."""

    model: str
    task: str
    route: str | None
    prompt_tokens: int = Field(description="As far as it can be guessed.")
    steps: list[PlannedStep] = Field(description="In the order in which they would be asked.")
    left_out: list[PlannedWithout]


@routes.get("")
async def list_routes(services: ServicesDep) -> RouteList:
    """The routes; each is a name that calls may ask like a model's."""
    return RouteList.model_validate({"routes": [route.as_dict() for route in await services.routes.all()]})


@routes.post("/plan")
async def plan_route(services: ServicesDep, who: PrincipalDep, asked: RoutePlanned) -> RoutePlan:
    """A dry run: what would happen to this call now, and why. Nobody is asked."""
    wishes = Wishes(fallback=tuple(asked.fallback), prefer=asked.prefer, private=asked.private, max_cost=asked.max_cost)
    call = Call(
        task=asked.task, model=asked.model, inputs=asked.inputs, settings=asked.settings, principal=who, wishes=wishes
    )
    unsaved = shape.checked(asked.route.route(asked.route.name)) if asked.route else None
    plan = await services.router.plan(call, unsaved)
    assert plan.facts is not None
    return RoutePlan.model_validate(
        {
            "model": asked.model,
            "task": asked.task,
            "route": plan.route.name if plan.route else None,
            "prompt_tokens": plan.facts.prompt_tokens,
            "steps": [_step(services, call, one) for one in plan.steps],
            "left_out": plan.left_out,
        }
    )


@routes.get("/{name}")
async def get_route(services: ServicesDep, name: str) -> StoredRoute:
    """One route."""
    return StoredRoute.model_validate((await services.routes.find(name)).as_dict())


@routes.put("/{name}")
async def put_route(services: ServicesDep, name: str, body: RouteBody) -> StoredRoute:
    """Adds a route, or takes the place of the one with this name."""
    kept = await services.routes.put(body.route(name))
    services.events.publish("route", {"name": kept.name, "at": time.time()})
    return StoredRoute.model_validate(kept.as_dict())


@routes.delete("/{name}", status_code=204, response_class=Response)
async def remove_route(services: ServicesDep, name: str) -> None:
    """Forgets a route; calls that are under way go on."""
    await services.routes.remove(name)
    services.events.publish("route", {"name": name, "at": time.time()})


def _step(services: Any, call: Call, one: Candidate) -> dict[str, Any]:
    care = services.router.care
    speed = care.speeds.of(one.backend.name, one.model.name)
    places = care.places(one.backend)
    return {
        "model": one.model.name,
        "backend": one.backend.name,
        "place": one.model.place,
        "why": one.why or "It was asked for by its name.",
        "cost": care.money.estimate(call, one.model),
        "first_token_s": speed.first_token_s if speed else None,
        "waiting": len(places) if places is not None else 0,
    }
