"""Money over a real database, a service that costs a dollar for a token, and a clock that stands."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select

from serai.money.opening import Money, open_money
from serai.money.prices import Seller
from serai.money.purse import Clocks, Holding
from serai.storage.database import Database
from serai.storage.tables import charges
from serai.types import CHAT, NO_LIMITS, Call, Limits, Model, Principal, Usage, Wishes

MILLION = 1e6
DAY_S = 86_400.0
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC).timestamp()
HERE = Model(name="org/here", task="text-generation")
FAR = Model(name="far/dear", task="text-generation", place="far", context_length=100)
DARK = Model(name="far/dark", task="text-generation", place="far", context_length=100)


def ask(
    model: Model = FAR,
    *,
    who: str = "key_a",
    limits: Limits = NO_LIMITS,
    text: str = "",
    task: str = CHAT,
    session: str = "",
    max_cost: float | None = None,
    **settings: Any,
) -> Call:
    """A chat with nothing but an answer's length to pay for, by whoever has the key."""
    inputs = {"messages": [{"role": "user", "content": text}]}
    wishes = Wishes(session=session, max_cost=max_cost)
    principal = Principal(who, who, frozenset({"infer"}), limits)
    return Call(task=task, model=model.name, inputs=inputs, settings=settings, principal=principal, wishes=wishes)


@dataclass
class Bank:
    """Money with what was published, a clock that is moved, and what services say they cost."""

    money: Money
    db: Database
    quotes: dict[str, Any] = field(default_factory=lambda: {"dear": {"output": MILLION}})
    events: list[tuple[str, Any]] = field(default_factory=list)
    now: float = NOON

    async def hold(self, tokens: int = 1, model: Model = FAR, **asked: Any) -> Holding:
        return await self.money.purse.hold(ask(model, max_tokens=tokens, **asked), model)

    async def spend(self, tokens: int, model: Model = FAR, **asked: Any) -> float | None:
        """A call that writes so many tokens, written down."""
        cost = (await self.hold(tokens, model, **asked)).settle(Usage(prompt_tokens=1, completion_tokens=tokens))
        await self.money.ledger.flush()
        return cost

    async def rows(self) -> list[Any]:
        query = select(charges).order_by(charges.c.at, charges.c.id)
        return await self.db.read(lambda connection: list(connection.execute(query)))

    async def states(self) -> dict[str, int]:
        """What each state's charges come to, in dollars."""
        found: dict[str, int] = {}
        for row in await self.rows():
            found[row.state] = found.get(row.state, 0) + (row.cost or 0) // 10**9
        return found


def open_bank(db: Database, monotonic: Callable[[], float] = lambda: 0.0) -> Bank:
    bank: Bank

    def seller(place: str) -> Seller | None:
        return Seller("", bank.quotes.get) if place == "far" else None

    def publish(topic: str, data: Any) -> None:
        bank.events.append((topic, data))

    money = open_money(db, publish, seller, Clocks(lambda: bank.now, monotonic))
    bank = Bank(money, db)
    return bank
