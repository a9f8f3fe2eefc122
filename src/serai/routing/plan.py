"""What would happen to a call now, and why: the models that would be asked, in their order, and those left out."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any

from serai.backend import Backend
from serai.errors import BadRequest, NoneFits, OverBudget, SeraiError
from serai.routing import care, facts
from serai.routing import route as routes
from serai.routing.care import Care
from serai.routing.fallback import told
from serai.routing.offers import Offer, Offers
from serai.routing.route import Facts, Route, Step
from serai.types import AUTO, LOCAL, Attempt, Call, Limits, Model, Prefer

MOST = 32
"""So many names a call may list."""

_SURE = 0.6
"""A guess of a prompt's size may be so far from the truth; what could still fit is asked."""

_ANSWER = 1000
"""So many tokens an answer is taken to have where prices are compared."""

_FAR = 5
"""So many models of services are considered where a call leaves the choice open."""


@dataclass(slots=True)
class Candidate:
    """A model at a backend that may answer. `why` says what brought it there, where there was a choice."""

    model: Model
    backend: Backend
    step: Step | None = None
    why: str = ""


@dataclass(slots=True)
class Plan:
    """`steps` are asked in turn. `errors` are those of the names that led to nothing."""

    route: Route | None = None
    facts: Facts | None = None
    steps: list[Candidate] = field(default_factory=list)
    left_out: list[Attempt] = field(default_factory=list)
    errors: list[SeraiError] = field(default_factory=list)

    def leave_out(self, candidate: Candidate, code: str, reason: str) -> None:
        attempt = Attempt(
            backend=candidate.backend.name, model=candidate.model.name, reason=reason, code=code, tried=False
        )
        self.left_out.append(attempt)

    def checked(self) -> Plan:
        """Raises why nobody can be asked, where that is so."""
        if self.steps:
            return self
        if len(self.errors) == 1 and not self.left_out:
            raise self.errors[0]
        name = f"The route {self.route.name!r}" if self.route else "The call"
        reasons = "; ".join(f"{one.model or one.backend}: {one.reason}" for one in self.left_out[:4])
        hint = "Change the route's conditions, or name a model." if self.route else "Name another model."
        dear = bool(self.left_out) and all(one.code == "cost" for one in self.left_out)
        error = (OverBudget if dear else NoneFits)(f"{name} has no model that can answer now: {reasons}", hint=hint)
        error.facts["tried"] = told(self.left_out)
        raise error


class Planner:
    """`find` gives the route of a name, if there is one."""

    def __init__(self, offers: Offers, care: Care, find: Callable[[str], Awaitable[Route | None]]) -> None:
        self._offers = offers
        self._care = care
        self._find = find

    async def plan(self, call: Call, route: Route | None = None) -> Plan:
        """Raises where no model may or can be asked at all; `route` stands for the one that the call's model names."""
        wishes = call.wishes
        route = route or await self._find(call.model)
        if route is None and not wishes.fallback and wishes.prefer is None and wishes.max_cost is None:
            limits = bound(call.principal.limits, wishes.private)
            model, backends = await self._offers.choose(call.model, call.task, limits, call.principal.id)
            return Plan(steps=[Candidate(model, backend) for backend in backends])
        plan = await self.wide(call, route)
        return plan.checked()

    async def wide(self, call: Call, route: Route | None) -> Plan:
        """A plan over several names, which may be empty. Raises BadRequest for too many of them."""
        wishes = call.wishes
        if len(wishes.fallback) > MOST:
            raise BadRequest(f"At most {MOST} models can stand in.", field="fallback")
        plan = Plan(route, facts.of(call))
        limits = bound(call.principal.limits, wishes.private or bool(route and route.private))
        named = route.steps if route else (Step(model=call.model or AUTO),)
        prefer = wishes.prefer
        for step in named:
            await self._add(plan, call, step, limits, f"It is a step of the route {route.name}." if route else "")
        if route is None and call.model in ("", AUTO) and prefer in ("remote", "cheapest", "fastest"):
            await self._add_far(plan, call, limits)
        self._sort(plan, call, prefer or (route.strategy if route else "order"))
        for name in wishes.fallback:
            other = await self._find(name)
            for step in other.steps if other else (Step(model=name),):
                await self._add(plan, call, step, limits, "It was named to stand in.")
        self._sift(plan, call)
        return plan

    async def _add(self, plan: Plan, call: Call, step: Step, limits: Limits, why: str) -> None:
        """What a step means, unless its conditions or the call's limits leave it out."""
        assert plan.facts is not None
        try:
            model, backends = await self._offers.choose(step.model, call.task, limits, call.principal.id)
        except SeraiError as error:
            plan.errors.append(error)
            plan.left_out.append(
                Attempt(backend="", model=step.model, reason=error.message, code=error.code, tried=False)
            )
            return
        for backend in backends:
            candidate = Candidate(model, backend, step, why)
            known = any(one.model.name == model.name and one.backend is backend for one in plan.steps)
            reason = "" if known else routes.against(step.when, plan.facts)
            if reason:
                plan.leave_out(candidate, "condition", reason)
            elif not known:
                plan.steps.append(candidate)

    async def _add_far(self, plan: Plan, call: Call, limits: Limits) -> None:
        """Of the services' models that can, those that are known best: the cheapest or the fastest as it was wished."""
        offers = await self._offers.far(call.task, limits, call.principal.id)
        rank: dict[Prefer | None, Callable[[Offer], float]] = {
            "cheapest": lambda offer: _last(self._compared(call, offer[0])),
            "fastest": lambda offer: _last(self._expected(offer[0], offer[1][0])),
        }
        order = rank.get(call.wishes.prefer, rank["fastest"])
        for model, backends in sorted(offers, key=order)[:_FAR]:
            plan.steps.append(Candidate(model, backends[0], None, "It is a service's model that can do this."))

    def _sort(self, plan: Plan, call: Call, strategy: str) -> None:
        """Orders the steps, and says of the first what put it there."""
        key: Callable[[Candidate], Any] | None = {
            "balance": _shuffled,
            "local": lambda one: one.model.place != LOCAL,
            "remote": lambda one: one.model.place == LOCAL,
            "cheapest": lambda one: _last(self._compared(call, one.model)),
            "fastest": lambda one: _last(self._expected(one.model, one.backend)),
        }.get(strategy)
        if key is None:
            return
        plan.steps.sort(key=key)
        for one in plan.steps:
            one.why = self._reason(call, one, strategy) or one.why

    def _reason(self, call: Call, one: Candidate, strategy: str) -> str:
        if strategy == "cheapest":
            cost = self._compared(call, one.model)
            if not cost:
                return "Its price is not known." if cost is None else "It costs nothing."
            length = "" if "max_tokens" in call.settings else f" for {_ANSWER:,} tokens"
            return f"It costs at most ${cost:.6f}{length}."
        if strategy == "fastest":
            expected = self._expected(one.model, one.backend)
            return "Its speed is not known yet." if expected is None else f"It should take {expected:.1f} s."
        if strategy == "balance":
            return "It was its turn."
        return "It is on this machine." if one.model.place == LOCAL else f"It is at {one.model.place}."

    def _sift(self, plan: Plan, call: Call) -> None:
        """Leaves out what cannot answer this call, and what is left alone now where something else can."""
        assert plan.facts is not None
        kept: list[Candidate] = []
        resting: list[Candidate] = []
        for one in plan.steps:
            code, reason = self._unfit(plan.facts, call, one)
            if reason:
                plan.leave_out(one, code, reason)
            elif self._care.breakers.closed(*care.breaker(one.backend, one.model)) is not None:
                resting.append(one)
            else:
                kept.append(one)
        if kept:
            for one in resting:
                busy = self._care.breakers.closed(*care.breaker(one.backend, one.model))
                plan.leave_out(one, "resting", busy.message if busy else "It is left alone.")
        plan.steps = kept or resting

    def _unfit(self, of: Facts, call: Call, one: Candidate) -> tuple[str, str]:
        """Why the model cannot answer the call, by what is known of it."""
        model = one.model
        context = model.context_length
        if context is not None and of.prompt_tokens * _SURE > context and call.settings.get("truncation") is None:
            return "context", f"The prompt has about {of.prompt_tokens:,} tokens; it can read {context:,}."
        if of.tools and model.tools is False:
            return "tools", "It calls no functions."
        if of.pictures and model.sees is False:
            return "pictures", "It sees no pictures."
        limits = [call.wishes.max_cost, one.step.when.max_cost if one.step else None]
        most = min((limit for limit in limits if limit is not None), default=None)
        if most is not None:
            cost = self._care.money.estimate(call, model)
            if cost is None:
                return "cost", "What it costs is not known."
            if cost > most:
                return "cost", f"It may cost up to ${cost:.6f}; at most ${most:g} is wished."
        return "", ""

    def _compared(self, call: Call, model: Model) -> float | None:
        """What it would cost, by which models are compared: of an answer as long as the call allows, or of common
        length."""
        if "max_tokens" not in call.settings:
            call = replace(call, settings={**call.settings, "max_tokens": _ANSWER})
        return self._care.money.estimate(call, model)

    def _expected(self, model: Model, backend: Backend) -> float | None:
        return self._care.speeds.expected_s(backend.name, model.name)


def bound(limits: Limits, private: bool) -> Limits:
    """The limits of a call that may not leave this machine."""
    if not private or limits.places == (LOCAL,):
        return limits
    here = limits.places is None or LOCAL in limits.places
    return replace(limits, places=(LOCAL,) if here else ())


def _last(value: float | None) -> float:
    return float("inf") if value is None else value


def _shuffled(one: Candidate) -> float:
    """A weighted shuffle: whoever weighs twice as much comes first twice as often. Weight 0 comes last."""
    weight = one.step.weight if one.step else 1.0
    return -(random.random() ** (1.0 / weight)) if weight > 0 else 1.0  # noqa: S311 - no secret
