"""What all attempts share: breakers, queues, money, speeds and the budget of tries."""

from __future__ import annotations

from collections.abc import Callable

from serai.backend import Backend
from serai.places import Places
from serai.routing.breaker import Breakers
from serai.routing.needs import Hold, Money
from serai.routing.retry import Budget
from serai.routing.speeds import Speeds
from serai.settings import Routing
from serai.types import LOCAL, Call, Model, Usage


class Care:
    """`asked` is told whenever a backend is about to be asked."""

    def __init__(self, settings: Callable[[], Routing], money: Money | None, asked: Callable[[Call], None]) -> None:
        self.money = money or Free()
        self.speeds = Speeds()
        self.breakers = Breakers(lambda: settings().failures, lambda: settings().pause_s)
        self.asked = asked
        self._settings = settings
        self._places: dict[str, Places] = {}
        self._at_once: dict[str, int | None] = {}
        self._budgets: dict[str, Budget] = {}

    def places(self, backend: Backend) -> Places | None:
        """The queue before a backend; None for one that takes any number at once. A local model has its own. A service
        that was set up anew keeps its queue, with what it takes now."""
        name, at_once = backend.name, getattr(backend, "at_once", None)
        self._at_once[name] = at_once
        if at_once is None:
            return None
        known = self._places.get(name)
        if known is None:
            known = Places(name, lambda: self._at_once[name], lambda: self._settings().waiting)
            self._places[name] = known
        return known

    def queues(self) -> dict[str, float]:
        """How many calls wait for a place, by backend, where there is a queue."""
        return {name: float(len(places)) for name, places in self._places.items()}

    def budget(self, backend: Backend) -> Budget:
        return self._budgets.setdefault(backend.name, Budget())

    def tries(self, model: Model) -> int:
        """How often a model is asked where nothing stands in for it. Those of this machine have their pool."""
        return 1 if model.place == LOCAL else self._settings().attempts


def breaker(backend: Backend, model: Model) -> tuple[str, str]:
    """Which breaker is before a model at a backend. Whoever asks there with keys of their own has one for themselves:
    what befalls their account is no fault of the service."""
    whose = getattr(backend, "whose", "")
    return backend.name, f"{model.name} {whose}" if whose else model.name


class Free:
    """Money where nobody counts it."""

    async def hold(self, _call: Call, _model: Model) -> Hold:
        return _NOTHING

    def estimate(self, _call: Call, model: Model) -> float | None:
        return 0.0 if model.place == LOCAL else None


class _Nothing:
    def settle(self, usage: Usage, _took_s: float = 0.0) -> float | None:
        return usage.cost


_NOTHING = _Nothing()
