"""What the router asks before and after every attempt: the money for it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from serai.errors import SeraiError
from serai.money import amounts, budget, counting
from serai.money.budget import Budget
from serai.money.charges import Charge, Entry
from serai.money.ledger import Ledger, unwritten
from serai.money.notices import Notice, Notices
from serai.money.price import Counts, Known, cost
from serai.money.prices import Prices
from serai.money.rules import Rules
from serai.types import LOCAL, TOKEN_COUNT, Call, Model, Usage, new_id

NOTHING = Usage()
"""What is counted of an attempt that never began."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """The time of day, and the clock of deadlines."""

    time: Callable[[], float]
    monotonic: Callable[[], float]


NOW = Clocks(time.time, time.monotonic)


class Purse:
    """`routing.needs.Money`. `refused` is told of every budget that had not enough for a call."""

    def __init__(
        self,
        prices: Prices,
        rules: Rules,
        ledger: Ledger,
        refused: Callable[[Budget], None],
        notices: Notices,
        clocks: Clocks = NOW,
    ) -> None:
        self._prices = prices
        self._rules = rules
        self._ledger = ledger
        self._refused = refused
        self._notices = notices
        self._clocks = clocks

    async def hold(self, call: Call, model: Model) -> Holding | Nothing:
        """Puts aside what this attempt may cost at most: on disk, where a hard budget bounds it. Raises OverBudget, or
        LedgerFailed, which is one, where what costs could not be written down. What costs nothing waits for nothing."""
        if self._rules.stale:
            await self._look(model)
        known = self._prices.of(model)
        if call.task == TOKEN_COUNT or (known is not None and known.price.free):
            return Nothing(self._ledger, call, model, self._clocks.time())
        worst = self._worst(call, model, known)
        self._check_wish(call, model, known, worst)
        budgets = budget.of_call(self._rules.now.budgets, call, model)
        hard = [one for one in budgets if one.hard]
        if worst is None:
            self._check_unknown(model, known, hard)
            hard = []
        at = self._clocks.time()
        notice = await self._notices.about(call, budgets, at) if budgets else None
        held = None
        if hard:
            held = _charge(call, model, at, id=new_id("charge"), state="held", cost=worst, owner=self._ledger.owner)
            await self._reserve(call, held, hard)
        else:
            await self._ledger.ready()
        return Holding(self._ledger, call, model, at, known, held, notice)

    def estimate(self, call: Call, model: Model) -> float | None:
        """What it would cost at most, in US dollars; None where the price, or the answer's length, is not known."""
        known = self._prices.of(model)
        if call.task == TOKEN_COUNT or (known is not None and known.price.free):
            return 0.0
        worst = self._worst(call, model, known)
        return None if worst is None else amounts.dollars(worst)

    async def _look(self, model: Model) -> None:
        """What was set meanwhile. What this machine runs waits for that only at the very first."""
        if model.place == LOCAL and self._rules.known:
            self._rules.look()
            return
        try:
            await self._rules.fresh()
        except SeraiError as error:
            if model.place != LOCAL:
                raise unwritten(error) from error

    def _worst(self, call: Call, model: Model, known: Known | None) -> int | None:
        if known is None:
            return None
        counts = counting.most(call, model, known.price, self._clocks.monotonic())
        return None if counts is None else amounts.at_most(cost(known.price, counts))

    def _check_wish(self, call: Call, model: Model, known: Known | None, worst: int | None) -> None:
        wish = call.wishes.max_cost
        if wish is None:
            return
        if worst is None:
            raise (budget.unpriced if known is None else budget.unbounded)(model, None)
        if worst > amounts.nano(wish):
            raise budget.too_dear(worst, wish)

    def _check_unknown(self, model: Model, known: Known | None, hard: list[Budget]) -> None:
        strict = next((one for one in hard if not one.unknown), None)
        if strict is not None:
            raise (budget.unpriced if known is None else budget.unbounded)(model, strict)

    async def _reserve(self, call: Call, charge: Charge, hard: list[Budget]) -> None:
        found = await self._ledger.reserve(charge, hard)
        if found is not None:
            self._refused(found[0])
            raise budget.overspent(*found, charge.cost or 0, call.principal, charge.at)


class Nothing:
    """What is put aside for a call that costs nothing."""

    __slots__ = ("_at", "_call", "_ledger", "_model", "_settled")

    def __init__(self, ledger: Ledger, call: Call, model: Model, at: float) -> None:
        self._ledger = ledger
        self._call = call
        self._model = model
        self._at = at
        self._settled = False

    def settle(self, usage: Usage, _took_s: float = 0.0) -> float | None:
        """Counts what was used."""
        if not self._settled and usage != NOTHING:
            self._ledger.count(self._call, self._model, self._at, usage)
        self._settled = True
        return 0.0


class Holding:
    """Money put aside for one attempt; `held` is what of it is on disk, `notice` is told what it cost."""

    __slots__ = ("_at", "_call", "_cost", "_held", "_known", "_ledger", "_model", "_notice", "_settled")

    def __init__(
        self,
        ledger: Ledger,
        call: Call,
        model: Model,
        at: float,
        known: Known | None,
        held: Charge | None = None,
        notice: Notice | None = None,
    ) -> None:
        self._ledger = ledger
        self._call = call
        self._model = model
        self._at = at
        self._known = known
        self._held = held
        self._notice = notice
        self._settled = False
        self._cost: float | None = None

    def settle(self, usage: Usage, took_s: float = 0.0) -> float | None:
        """Charges what was counted; at least the prompt, where the attempt began and its service counted nothing.
        `NOTHING`, and only that, says that it never began. A second time changes nothing."""
        if not self._settled:
            self._settled = True
            self._cost = self._settle(usage, took_s)
        return self._cost

    def _settle(self, usage: Usage, took_s: float) -> float | None:
        held = self._held
        if usage == NOTHING or usage.from_cache:
            if held is not None:
                self._ledger.add(Entry(held, held=held.cost, released=True))
            return 0.0
        amount, exact = self._amount(usage, took_s)
        charge = _charge(
            self._call,
            self._model,
            self._at,
            id=held.id if held is not None else new_id("charge"),
            cost=amount,
            state="counted" if exact else "estimated",
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            cached_tokens=usage.cached_tokens,
        )
        self._ledger.add(Entry(charge, held=held.cost if held is not None else None))
        if self._notice is not None:
            self._notice.spent(amount or 0)
        return None if amount is None else amounts.dollars(amount)

    def _amount(self, usage: Usage, took_s: float) -> tuple[int | None, bool]:
        """What it cost, and whether all of that was counted."""
        if usage.cost is not None:  # the service said so itself
            return amounts.nano(usage.cost), True
        if self._known is None:
            return None, True
        price = self._known.price
        guessed = not usage.prompt_tokens and bool(price.input)
        counts = Counts(
            prompt=counting.likely_prompt(self._call) if guessed else usage.prompt_tokens,
            cached=usage.cached_tokens,
            completion=usage.completion_tokens,
            images=counting.pictures(self._call),
            audio_s=counting.sound_s(self._call),
            seconds=usage.total_s or took_s,
        )
        return amounts.nano(cost(price, counts)), not guessed and not (price.audio_second and counts.audio_s)


def _charge(call: Call, model: Model, at: float, **facts: Any) -> Charge:
    principal = call.principal
    return Charge(
        call=call.id,
        at=at,
        principal=principal.id,
        who=principal.name,
        model=model.name,
        place=model.place,
        session=call.wishes.session,
        **facts,
    )
