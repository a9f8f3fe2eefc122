"""Every call walks through here once: plan, try, fall back, measure, record."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import replace

from serai.backend import Backend
from serai.errors import SeraiError, TimedOut, Unauthenticated
from serai.routing import permission, remote
from serai.routing.attempt import Attempt, Terms
from serai.routing.cache.cache import Cache
from serai.routing.cache.known import Known
from serai.routing.care import Care
from serai.routing.fallback import Fallback, One
from serai.routing.hedge import Hedged
from serai.routing.live import NOTHING, Ending, LiveCall
from serai.routing.needs import Events, Money, Overhear, Rates, Watcher
from serai.routing.offers import Offers, Services
from serai.routing.plan import Candidate, Plan, Planner
from serai.routing.route import Route
from serai.settings import Settings
from serai.types import NO_LIMITS, OWNER, Answerer, Call, Course, Delta, Model, Principal, Usage

Find = Callable[[str], Awaitable[Route | None]]

_REVOKED = "It was revoked, replaced or has expired while it was in use."


class Router:
    """`loaded` names the models that are in memory, the last used first. `services` are the remote ones as they are set
    up at that moment: a call reaches one only by a name that begins with the service's, by a route, or by a wish.
    `route` finds a route by its name."""

    def __init__(
        self,
        backends: Sequence[Backend],
        events: Events,
        watchers: Sequence[Watcher],
        settings: Callable[[], Settings],
        loaded: Callable[[], Sequence[str]] = lambda: (),
        rates: Rates | None = None,
        services: Services | None = None,
        money: Money | None = None,
        route: Find | None = None,
        overhear: Overhear = lambda _call, answer: answer,
        cache: Cache | None = None,
    ) -> None:
        self.backends = list(backends)
        self.watchers = list(watchers)
        self.care = Care(lambda: settings().routing, money, self._asked)
        self._events = events
        self._rates = rates
        self._overhear = overhear
        self._cache = cache
        self._offers = Offers(self.backends, services, settings, loaded)
        self._route: Find = route or _no_route
        self.planner = Planner(self._offers, self.care, self._route)
        self._live: dict[str, LiveCall] = {}

    async def models(self, principal: Principal = OWNER, *, hidden: bool = False) -> list[Model]:
        """The models of all backends that the principal may ask, and those that are `hidden` from them, too, if that is
        wanted; of two with one name the first backend's."""
        return [model for model, _ in await self._offers.all(principal.limits, principal.id, hidden=hidden)]

    async def remote_models(self, principal: Principal = OWNER, *, hidden: bool = False) -> list[Model]:
        """The same of services alone."""
        found = await remote.all_models(await self._offers.services(principal.id, principal.limits))
        return found if hidden else permission.visible(principal.limits, found)

    async def resolve(self, name: str, task: str, principal: Principal = OWNER) -> Model:
        """The model that would answer, were it asked alone. Raises ModelNotFound, WrongTask or Forbidden."""
        route = await self._route(name)
        if route is not None:
            plan = await self.planner.plan(Call(task=task, model=name, inputs={}, principal=principal))
            return plan.steps[0].model
        return (await self._offers.choose(name, task, principal.limits, principal.id))[0]

    def live(self) -> list[LiveCall]:
        """The calls that are running, the oldest first."""
        return list(self._live.values())

    def counts(self) -> dict[str, float]:
        """How many calls wait for the first piece of their answer, and how many stream it."""
        states = [live.state for live in self._live.values()]
        return {state: float(states.count(state)) for state in ("waiting", "streaming")}

    def cancel(self, call_id: str) -> bool:
        """Stops a call at its source; its stream ends with finish `cancelled`. False if there is no such call."""
        live = self._live.get(call_id)
        if live is None:
            return False
        live.interrupt("cancel")
        return True

    def revoke(self, principal: str) -> None:
        """Ends the principal's calls: each raises Unauthenticated where it is."""
        for live in self.live():
            if live.call.principal.id == principal:
                live.interrupt("revoked")

    async def run(self, call: Call) -> AsyncGenerator[Delta, None]:
        """A stream by Backend's contract. Raises what the backends raise, TimedOut at the call's deadline, Forbidden
        and RateLimited by its principal's limits before any model is asked. Closing it stops the work at once."""
        arrived = time.monotonic()
        limited = self._rates is not None and call.principal.limits is not NO_LIMITS
        place = self._rates.enter(call) if self._rates is not None and limited else None
        call.course = Course()  # copies of one call, as for several answers, share the one that they were made with
        live = LiveCall(call)
        self._live[call.id] = live
        timer = self._arm(call, live)
        status: Ending = "cancelled"
        try:
            async with contextlib.aclosing(self._overhear(call, self._answer(call))) as answer:
                while (delta := await live.next(answer)) is not None:
                    self._hear(live, delta, arrived)
                    status = "done" if delta.usage is not None and delta.finish != "cancelled" else status
                    yield delta
            if live.stopped_by and live.usage is NOTHING:  # not at its end already
                last = _stopped(live)
                self._hear(live, last, arrived)
                yield last
        except Exception as error:
            status = "failed"
            live.error = error.code if isinstance(error, SeraiError) else SeraiError.code
            raise
        finally:
            if timer is not None:
                timer.cancel()
            if place is not None:
                began = bool(call.course.backend) and (status != "failed" or live.tokens > 0)
                place.leave(live.usage.prompt_tokens, live.usage.completion_tokens or live.tokens, began=began)
            self._finish(live, status, arrived)

    async def plan(self, call: Call, route: Route | None = None) -> Plan:
        """What would happen to the call now; `route` stands for the one that its model names. Nothing is asked. Raises
        where no name of it means anything."""
        return await self.planner.wide(call, route or await self._route(call.model))

    def _arm(self, call: Call, live: LiveCall) -> asyncio.TimerHandle | None:
        if call.deadline is None:
            return None
        loop = asyncio.get_running_loop()
        return loop.call_later(max(0.0, call.deadline - time.monotonic()), live.interrupt, "deadline")

    async def _answer(self, call: Call) -> AsyncGenerator[Delta, None]:
        plan = await self.planner.plan(call)
        async with contextlib.aclosing(self._composed(plan, call).run(call)) as stream:
            async for delta in stream:
                yield delta

    def _composed(self, plan: Plan, call: Call) -> Backend:
        """The plan as one Backend."""
        steps: list[One] = [self._attempt(plan, one, number) for number, one in enumerate(plan.steps, 1)]
        hedge_s = call.wishes.hedge_s or (plan.route.hedge_s if plan.route else None)
        if hedge_s and len(steps) > 1:
            steps[:2] = [Hedged(steps[0], steps[1], hedge_s)]
        if len(steps) == 1 and not plan.left_out:
            return steps[0]
        return Fallback(steps, tuple(plan.left_out), goes_on=bool(plan.route and plan.route.goes_on))

    def _attempt(self, plan: Plan, one: Candidate, number: int) -> One:
        """Where another stands in, it is asked at once; the last one is tried again."""
        route = plan.route
        tries = route.attempts if route else 1
        if number == len(plan.steps):
            tries = max(tries, self.care.tries(one.model))
        times = (route.first_token_s, route.total_s) if route else (None, None)
        terms = Terms(tries=tries, first_token_s=times[0], total_s=times[1])
        attempt = Attempt(one.model, one.backend, one.why, self.care, terms)
        return attempt if self._cache is None else Known(attempt, self._cache, apart=attempt.apart)

    def _hear(self, live: LiveCall, delta: Delta, arrived: float) -> None:
        """Notes what the answer says of itself, and completes its measurements."""
        if live.state == "waiting":
            live.state = "streaming"
            live.call.course.first = delta
            live.first_token_s = time.monotonic() - arrived
            self._publish(live)
        if delta.usage is None:
            live.tokens += delta.pieces
        else:
            measured = _measured(delta.usage, live.first_token_s, arrived)
            if live.call.course.budgets:
                measured = replace(measured, budgets=live.call.course.budgets)
            live.usage = delta.usage = measured

    def _asked(self, call: Call) -> None:
        live = self._live.get(call.id)
        if live is not None:
            self._publish(live)

    def _finish(self, live: LiveCall, status: Ending, arrived: float) -> None:
        """Records the call, however it ended. Runs once for every call."""
        del self._live[live.call.id]
        live.state = status
        if live.usage.total_s is None:
            total_s = time.monotonic() - arrived
            live.usage = Usage(completion_tokens=live.tokens, first_token_s=live.first_token_s, total_s=total_s)
        live.tokens = live.usage.completion_tokens
        record = live.record(status)
        if status == "done":
            self.care.speeds.note(record.backend, record.model, record.usage)
        for watcher in self.watchers:
            watcher.ended(record)
        self._publish(live)

    def _publish(self, live: LiveCall) -> None:
        self._events.publish("call", live.as_dict())


async def _no_route(_name: str) -> Route | None:
    """Where there are none."""
    return None


def _stopped(live: LiveCall) -> Delta:
    """The end of a call that was stopped from outside. Raises Unauthenticated or TimedOut where that is an error."""
    if live.stopped_by == "revoked":
        raise Unauthenticated("The API key of this call is not valid any more.", hint=_REVOKED)
    if live.stopped_by == "deadline":
        raise TimedOut("The answer took longer than the call allows.", hint="Allow more time, or ask for less.")
    course = live.call.course
    began = live.state == "streaming"
    answerer = None if began else Answerer(model=course.model, backend=course.backend, place=course.place)
    return Delta(answerer=answerer, finish="cancelled", usage=Usage(completion_tokens=live.tokens))


def _measured(usage: Usage, first_token_s: float | None, arrived: float) -> Usage:
    """The backend's counts with the times as the caller saw them."""
    total_s = time.monotonic() - arrived
    speed = usage.tokens_per_second
    if usage.from_cache:  # nothing was written now
        return replace(usage, first_token_s=first_token_s, total_s=total_s)
    if speed is None and first_token_s is not None and usage.completion_tokens > 1 and total_s > first_token_s:
        speed = (usage.completion_tokens - 1) / (total_s - first_token_s)
    return replace(usage, first_token_s=first_token_s, total_s=total_s, tokens_per_second=speed)
