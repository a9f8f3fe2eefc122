"""What machines for Endpoints cost: Hugging Face's list, kept for a while, with the time at which it was seen."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from serai.errors import BadRequest, NotFound, OverBudget, SeraiError
from serai.providers.endpoints.shapes import FREE, Endpoint, Hardware, Machine

FRESH_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prices:
    """A list as it was at `seen_at`; without any, `error` says why."""

    hardware: Sequence[Hardware] = ()
    seen_at: float | None = None
    error: SeraiError | None = None

    def of(self, machine: Machine) -> Hardware | None:
        """What is on the list for it."""
        return next((row for row in self.hardware if row.machine == machine), None)

    def find(self, name: str) -> Hardware:
        """By its id. Raises the error for which there is no list, or NotFound."""
        if not self.hardware and self.error is not None:
            raise self.error
        found = next((row for row in self.hardware if row.id == name), None)
        if found is None:
            hint = "`serai endpoints hardware` shows what there is."
            raise NotFound(f"There is no hardware called {name[:100]!r}.", hint=hint)
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """US dollars an hour: of one replica, of the fewest and of the most that may run, and of those that run now. None
    is unknown, which `why` then explains; it never means that something is free."""

    replica: float | None
    least: float | None
    most: float | None
    now: float | None = None
    currency: str = "USD"
    seen_at: float | None = None
    why: str = ""


class PriceList:
    """`ask` gets a namespace's list with a token; nobody else's is shown to it."""

    def __init__(self, ask: Callable[[str, str], Awaitable[Sequence[Hardware]]]) -> None:
        self._ask = ask
        self._kept: dict[str, tuple[float, Prices]] = {}

    async def get(self, namespace: str, token: str) -> Prices:
        """As it is known; an older one where it is not told now. Never raises because it is away."""
        at, known = self._kept.get(namespace, (0.0, Prices()))
        if at and time.monotonic() - at < FRESH_S:
            return known
        try:
            told = Prices(hardware=await self._ask(namespace, token), seen_at=time.time())
        except SeraiError as error:
            return Prices(hardware=known.hardware, seen_at=known.seen_at, error=error)
        self._kept[namespace] = (time.monotonic(), told)
        return told


def cost(prices: Prices, machine: Machine, least: int, most: int) -> Cost:
    """What so many replicas cost."""
    found = prices.of(machine)
    price = found.price_per_hour if found else None
    if price is None:
        away = prices.error is not None and not prices.hardware
        why = f"The price list is away: {prices.error.message}" if away and prices.error else "It is on no price list."
        return Cost(replica=None, least=None, most=None, seen_at=prices.seen_at, why=why)
    return Cost(replica=price, least=_rounded(price * least), most=_rounded(price * most), seen_at=prices.seen_at)


def cost_of(prices: Prices, endpoint: Endpoint) -> Cost:
    """What an Endpoint costs, by what runs of it now."""
    told = cost(prices, endpoint.machine, endpoint.min_replica, endpoint.max_replica)
    if endpoint.state in FREE:
        now: float | None = 0.0
    else:  # one that is coming is paid for from the moment its machine is there
        running = max(endpoint.ready_replica, endpoint.min_replica, 1)
        now = None if told.replica is None else _rounded(told.replica * running)
    return Cost(replica=told.replica, least=told.least, most=told.most, now=now, seen_at=told.seen_at, why=told.why)


def check(told: Cost, allowed: float | None) -> None:
    """Raises OverBudget where it may cost more an hour than is allowed, or nobody knows what it costs."""
    if allowed is None:
        return
    if allowed < 0:
        raise BadRequest("What it may cost is not below 0.", field="max_hourly")
    if told.most is None:
        hint = "Leave max_hourly out to have it at an unknown price."
        raise OverBudget(f"Nobody can say what it costs. {told.why}", hint=hint, limit=allowed, period="hour")
    if told.most > allowed:
        text = f"With all its replicas it costs {told.most:g} US dollars an hour; you allow {allowed:g}."
        hint = "Allow more, choose smaller hardware, or fewer replicas."
        raise OverBudget(text, hint=hint, limit=allowed, period="hour")


def _rounded(amount: float) -> float:
    return round(amount, 6)
