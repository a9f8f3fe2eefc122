"""Which models are where, for whom: what a name means, before it is chosen how to ask."""

from __future__ import annotations

import operator
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from serai.backend import Backend
from serai.errors import ModelNotFound, SeraiError
from serai.routing import permission, policy, remote
from serai.routing.resolve import nearest
from serai.settings import Settings
from serai.types import AUTO, LOCAL, NO_LIMITS, Limits, Model

Offer = tuple[Model, list[Backend]]
"""A model, and the backends at which it is."""

Services = Callable[[str], Awaitable[Sequence[Backend]]]
"""The remote services as they are open to the principal of this id."""


_KNOWN = 10_000
"""So many names are remembered with what they mean."""


class Offers:
    """`backends` are this machine's, `services` the remote ones as they are set up at that moment, `loaded` names the
    models that are in memory, the last used first. What a name means is remembered as long as the backends that it may
    mean stay the same, and give the same lists of models."""

    def __init__(
        self,
        backends: list[Backend],
        services: Services | None,
        settings: Callable[[], Settings],
        loaded: Callable[[], Sequence[str]],
    ) -> None:
        self.backends = backends
        self._services = services
        self._settings = settings
        self._loaded = loaded
        self._known: dict[tuple[str, str, Limits, str], tuple[list[Any], Offer]] = {}

    async def services(self, who: str, limits: Limits) -> Sequence[Backend]:
        """Those that are open to a principal, with keys of their own where they keep some; one that the limits leave
        out is not even shown these to say what it has."""
        if self._services is None:
            return ()
        services = await self._services(who)
        if limits.places is None:
            return services
        common = {service.name: service for service in await self._services("")}
        return [one if permission.goes(limits, one.name) else common.get(one.name, one) for one in services]

    async def all(self, limits: Limits, who: str, *, hidden: bool = False) -> list[Offer]:
        """Everything that may be asked, and what is `hidden` from the limits, too, if that is wanted. Of two models
        with one name the first backend's."""
        return await self._of(NO_LIMITS if hidden else limits, await self.services(who, limits))

    async def far(self, task: str, limits: Limits, who: str) -> list[Offer]:
        """The models of services that may be asked for this task."""
        offers = await self._of(limits, await self.services(who, limits))
        return [offer for offer in offers if offer[0].place != LOCAL and policy.can(offer[0], task)]

    async def choose(self, name: str, task: str, limits: Limits, who: str) -> Offer:
        """What a name means. A call reaches a service only by a name that begins with the service's. Raises
        ModelNotFound, WrongTask or Forbidden."""
        if not name or name == AUTO:
            services = remote.named(self._default, await self.services(who, limits))
            return await self._choose(AUTO, task, limits, who, services)
        services = remote.named(name, await self.services(who, limits))
        backends = (*self.backends, *services)
        there: list[Any] = [*backends, *[await backend.models() for backend in backends]]
        key = (name, task, limits, who if any(getattr(one, "whose", "") for one in services) else "")
        known = self._known.get(key)
        if known is not None and len(known[0]) == len(there) and all(map(operator.is_, known[0], there)):
            return known[1]
        offer = await self._choose(name, task, limits, who, services)
        if any(offer[0] is model for models in there[len(backends) :] for model in models):  # else it was asked for
            if len(self._known) >= _KNOWN:
                self._known.clear()
            self._known[key] = (there, offer)
        return offer

    @property
    def _default(self) -> str:
        return self._settings().models.default

    async def _choose(self, name: str, task: str, limits: Limits, who: str, services: Sequence[Backend]) -> Offer:
        default, explicit = self._default, name != AUTO
        wanted = name if explicit else default
        offers = await self._of(limits, services, wanted)
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
            raise await self._unknown(name, limits, who, error) from None
        return next(offer for offer in offers if offer[0] is model)

    async def _of(self, limits: Limits, services: Sequence[Backend], wanted: str = "") -> list[Offer]:
        """The models of this machine and of these services, each with the backends at which it may be. Where several
        have one name, no other place stands in for the first."""
        offers: dict[str, Offer] = {}
        for backend in (*self.backends, *services):
            # Nobody hears a name from whoever may not ask there: not even which model is meant leaves this machine.
            asks = backend in services and permission.reaches(limits, backend.name, wanted)
            for model in await remote.models(backend, wanted if asks else ""):
                if limits is NO_LIMITS or permission.allows(limits, model):
                    first, backends = offers.setdefault(model.name, (model, []))
                    if first.place == model.place:
                        backends.append(backend)
        return list(offers.values())

    async def _unknown(self, name: str, limits: Limits, who: str, error: ModelNotFound) -> SeraiError:
        """Why there is no model of this name that may be asked."""
        every = [model for model, _ in await self._of(NO_LIMITS, await self.services(who, limits))]
        if limits is not NO_LIMITS and (refusal := permission.refusal(name, limits, every)) is not None:
            return refusal
        if not name or name == AUTO:
            return error
        return ModelNotFound(name, nearest(name, [model.name for model in permission.visible(limits, every)]))
