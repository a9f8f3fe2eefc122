"""Every call walks through here once: resolve, check, run, fall back, measure, record."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from dataclasses import replace

from serai.backend import Backend
from serai.errors import (
    Busy,
    ContextExceeded,
    ModelFailed,
    ModelNotFound,
    SeraiError,
    TimedOut,
    Unauthenticated,
    Unreachable,
)
from serai.routing import permission, policy, remote, shorten
from serai.routing.live import Ending, LiveCall
from serai.routing.needs import Events, Overhear, Rates, Watcher
from serai.routing.resolve import nearest
from serai.routing.shorten import Shortened
from serai.settings import Settings
from serai.types import AUTO, NO_LIMITS, OWNER, Answerer, Attempt, Call, Delta, Limits, Model, Principal, Usage

Offer = tuple[Model, list[Backend]]
"""A model, and the backends at which it is."""

_REVOKED = "It was revoked, replaced or has expired while it was in use."


class Router:
    """`loaded` names the models that are in memory, the last used first. `services` are the remote ones as they are set
    up at that moment: a call reaches one only by a name that begins with the service's."""

    def __init__(
        self,
        backends: Sequence[Backend],
        events: Events,
        watchers: Sequence[Watcher],
        settings: Callable[[], Settings],
        loaded: Callable[[], Sequence[str]] = lambda: (),
        rates: Rates | None = None,
        services: Callable[[], Awaitable[Sequence[Backend]]] | None = None,
        overhear: Overhear = lambda _call, answer: answer,
    ) -> None:
        self.backends = list(backends)
        self._events = events
        self._watchers = watchers
        self._settings = settings
        self._loaded = loaded
        self._rates = rates
        self._services = services
        self._overhear = overhear
        self._live: dict[str, LiveCall] = {}

    async def models(self, principal: Principal = OWNER) -> list[Model]:
        """The models of all backends that the principal may ask; of two with one name the first backend's."""
        return [model for model, _ in await self._offers(principal.limits, await self._remote())]

    async def remote_models(self, principal: Principal = OWNER) -> list[Model]:
        """The models of services that the principal may ask."""
        return permission.visible(principal.limits, await remote.all_models(await self._remote()))

    async def resolve(self, name: str, task: str, principal: Principal = OWNER) -> Model:
        """The model that would answer. Raises ModelNotFound, WrongTask or Forbidden."""
        return (await self._choose(name, task, principal.limits))[0]

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
        live = LiveCall(call)
        self._live[call.id] = live
        timer = self._arm(call, live)
        usage = Usage()
        status: Ending = "cancelled"
        try:
            async with contextlib.aclosing(self._overhear(call, self._answer(call, live))) as stream:
                async for delta in stream:
                    if live.state == "waiting":
                        live.state = "streaming"
                        usage = Usage(first_token_s=time.monotonic() - arrived)
                        self._publish(live)
                    if delta.usage is None:
                        live.tokens += 1
                    else:
                        usage = delta.usage = _measured(delta.usage, usage.first_token_s, arrived)
                        status = "cancelled" if delta.finish == "cancelled" else "done"
                    yield delta
        except Exception as error:
            status = "failed"
            live.error = error.code if isinstance(error, SeraiError) else SeraiError.code
            raise
        finally:
            if timer is not None:
                timer.cancel()
            if place is not None:
                began = bool(live.backend) and (status != "failed" or live.tokens > 0)
                place.leave(usage.prompt_tokens, usage.completion_tokens or live.tokens, began=began)
            self._finish(live, status, usage, arrived)

    def _arm(self, call: Call, live: LiveCall) -> asyncio.TimerHandle | None:
        if call.deadline is None:
            return None
        loop = asyncio.get_running_loop()
        return loop.call_later(max(0.0, call.deadline - time.monotonic()), live.interrupt, "deadline")

    async def _answer(self, call: Call, live: LiveCall) -> AsyncGenerator[Delta, None]:
        """Tries the backends that offer the model in turn, until one has begun to answer."""
        model, backends = await self._choose(call.model, call.task, call.principal.limits)
        live.model = model.name
        chosen = shorten.prepared(call, model)
        tried: tuple[Attempt, ...] = ()
        for number, backend in enumerate(backends, 1):
            live.backend, live.place = backend.name, model.place
            self._publish(live)
            began = False
            try:
                async with contextlib.aclosing(self._from(backend, chosen, live)) as stream:
                    async for delta in stream:
                        if not began and tried:
                            delta.tried = tried
                        began = True
                        yield delta
                return
            except (ModelFailed, Busy, Unreachable) as error:
                if began or number == len(backends):
                    raise
                live.tried = tried = (*tried, Attempt(backend=backend.name, reason=error.message, code=error.code))

    def _from(self, backend: Backend, call: Shortened, live: LiveCall) -> AsyncGenerator[Delta, None]:
        if call.allowed:
            return self._fitting(backend, call, live)
        return self._interruptible(backend.run(call.call), live)

    async def _fitting(self, backend: Backend, call: Shortened, live: LiveCall) -> AsyncGenerator[Delta, None]:
        """The backend's answer to as much of the call as fits."""
        began = False
        while True:
            try:
                async with contextlib.aclosing(self._interruptible(backend.run(call.call), live)) as stream:
                    async for delta in stream:
                        began = True
                        if delta.usage is not None and call.left_out:
                            delta.usage = replace(delta.usage, left_out=call.left_out)
                        yield delta
                return
            except ContextExceeded as error:
                if began:
                    raise
                call = call.shorter(error)

    async def _interruptible(self, source: AsyncGenerator[Delta, None], live: LiveCall) -> AsyncGenerator[Delta, None]:
        """The source's Deltas until it ends, or until the call is stopped from outside."""
        began = False
        try:
            while not live.stopped_by:
                live.waits(asyncio.current_task())
                try:
                    delta = await anext(source)
                finally:
                    live.waits(None)
                began = True
                yield delta
        except StopAsyncIteration:
            return
        except asyncio.CancelledError:
            # Ours only if we asked for it and nobody else did at the same time.
            task = asyncio.current_task()
            if not live.stopped_by or (task is not None and task.uncancel() > 0):
                raise
        finally:
            await source.aclose()
        if live.stopped_by == "revoked":
            raise Unauthenticated("The API key of this call is not valid any more.", hint=_REVOKED)
        if live.stopped_by == "deadline":
            raise TimedOut("The answer took longer than the call allows.", hint="Allow more time, or ask for less.")
        answerer = None if began else Answerer(model=live.model, backend=live.backend)
        yield Delta(answerer=answerer, finish="cancelled", usage=Usage(completion_tokens=live.tokens))

    async def _offers(self, limits: Limits, services: Sequence[Backend] = (), wanted: str = "") -> list[Offer]:
        """The models that may be asked, of this machine and of these services, each with the backends at which it may
        be. Where several have one name, no other place stands in for the first."""
        offers: dict[str, Offer] = {}
        for backend in (*self.backends, *services):
            for model in await remote.models(backend, wanted if backend in services else ""):
                if limits is NO_LIMITS or permission.allows(limits, model):
                    first, backends = offers.setdefault(model.name, (model, []))
                    if first.place == model.place:
                        backends.append(backend)
        return list(offers.values())

    async def _choose(self, name: str, task: str, limits: Limits) -> Offer:
        default = self._settings().models.default
        explicit = bool(name) and name != AUTO
        wanted = name if explicit else default
        services = remote.named(wanted, await self._remote())
        offers = await self._offers(limits, services, wanted)
        if services and explicit:  # whoever names a service gets it, and nothing that is called alike
            offers = [offer for offer in offers if remote.means(wanted, offer[0], services)]
        models = [model for model, _ in offers]
        if limits is not NO_LIMITS:
            default = permission.default(default, models)
        try:
            model = policy.choose(name, task, models, default, self._loaded())
        except ModelNotFound as error:
            if not explicit and limits is NO_LIMITS:
                raise
            raise await self._unknown(name, limits, error) from None
        return next(offer for offer in offers if offer[0] is model)

    async def _unknown(self, name: str, limits: Limits, error: ModelNotFound) -> SeraiError:
        """Why there is no model of this name that may be asked."""
        every = [model for model, _ in await self._offers(NO_LIMITS, await self._remote())]
        if limits is not NO_LIMITS and (refusal := permission.refusal(name, limits, every)) is not None:
            return refusal
        if not name or name == AUTO:
            return error
        return ModelNotFound(name, nearest(name, [model.name for model in permission.visible(limits, every)]))

    async def _remote(self) -> Sequence[Backend]:
        return await self._services() if self._services is not None else ()

    def _finish(self, live: LiveCall, status: Ending, usage: Usage, arrived: float) -> None:
        """Records the call, however it ended. Runs once for every call."""
        del self._live[live.call.id]
        live.state = status
        if usage.total_s is None:
            usage = replace(usage, completion_tokens=live.tokens, total_s=time.monotonic() - arrived)
        live.tokens = usage.completion_tokens
        record = live.record(status, usage)
        for watcher in self._watchers:
            watcher.ended(record)
        self._publish(live)

    def _publish(self, live: LiveCall) -> None:
        self._events.publish("call", live.as_dict())


def _measured(usage: Usage, first_token_s: float | None, arrived: float) -> Usage:
    """The backend's counts with the times as the caller saw them."""
    total_s = time.monotonic() - arrived
    speed = usage.tokens_per_second
    if speed is None and first_token_s is not None and usage.completion_tokens > 1 and total_s > first_token_s:
        speed = (usage.completion_tokens - 1) / (total_s - first_token_s)
    return replace(usage, first_token_s=first_token_s, total_s=total_s, tokens_per_second=speed)
