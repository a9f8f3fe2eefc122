"""Which price holds for a model: its owner's word, else the service's, else the list that comes with Serai."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection

from serai.errors import BadRequest, NotFound
from serai.money import listed, patterns
from serai.money.price import FREE, Known, Price, check, quoted
from serai.money.rules import Rules
from serai.storage.database import Database
from serai.storage.rows import put
from serai.storage.tables import prices
from serai.types import LOCAL, Model

_PATTERN = re.compile(r"[A-Za-z0-9*@][A-Za-z0-9._*/:@-]{0,199}")


@dataclass(frozen=True, slots=True)
class Seller:
    """A service as far as prices go: its `kind`, where it is its makers' own (else empty), and what it says itself of a
    model by its own name for it."""

    kind: str
    quote: Callable[[str], object]


Sellers = Callable[[str], Seller | None]
"""The service of a place, if it is there."""


class Prices:
    """What models cost. Models of this machine cost nothing unless their owner says so."""

    def __init__(self, db: Database, rules: Rules, sellers: Sellers, clock: Callable[[], float] = time.time) -> None:
        self._db = db
        self._rules = rules
        self._sellers = sellers
        self._clock = clock
        self._local: dict[str, Known] = {}
        self._number = -1

    def of(self, model: Model) -> Known | None:
        """None where it is not known, which is not to say that it costs nothing."""
        if model.place == LOCAL:
            return self._own(model.name)
        return self._overridden(model.name) or self._told(model)

    async def set(self, model: str, values: Mapping[str, Any]) -> Price:
        """From the next call on a model of that name, or of names like that pattern, costs so much. Raises
        BadRequest."""
        if not _PATTERN.fullmatch(model) or ".." in model:
            hint = "Write a model as it is asked, such as openai/gpt-5, or a pattern such as 'openai/*'."
            raise BadRequest(f"{model[:80]!r} is no model's name.", hint=hint, param="model")
        price = check(values)
        row = {"price": price.as_dict(), "changed_at": self._clock()}
        await self._db.write(lambda connection: put(connection, prices, {"model": model}, row))
        await self._rules.read(changed=True)
        return price

    async def remove(self, model: str) -> None:
        """What others say holds again. Raises NotFound."""
        gone = prices.delete().where(prices.c.model == model)

        def work(connection: Connection) -> None:
            if connection.execute(gone).rowcount == 0:
                raise NotFound(f"No price was set for {model!r}.", hint="`serai prices list` shows those that were.")

        await self._db.write(work)
        await self._rules.read(changed=True)

    async def overrides(self) -> Mapping[str, Price]:
        """What was set, by name or pattern."""
        return (await self._rules.fresh()).prices

    async def all(self, models: Sequence[Model]) -> list[tuple[Model, Known | None]]:
        """These models with their prices."""
        await self._rules.fresh()
        return [(model, self.of(model)) for model in models]

    def _own(self, name: str) -> Known:
        """Remembered, since every call asks."""
        if self._number != self._rules.number or len(self._local) > 10_000:
            self._local, self._number = {}, self._rules.number
        found = self._local.get(name)
        if found is None:
            found = self._local[name] = self._overridden(name) or Known(FREE, "local")
        return found

    def _overridden(self, name: str) -> Known | None:
        overrides = self._rules.now.prices
        pattern = patterns.closest(overrides, name) if overrides else None
        return None if pattern is None else Known(overrides[pattern], "override", where=pattern)

    def _told(self, model: Model) -> Known | None:
        seller = self._sellers(model.place)
        if seller is None:
            return None
        own = model.name.removeprefix(f"{model.place}/")
        told = quoted(seller.quote(own))
        if told is not None or not seller.kind:
            return told
        return listed.find(seller.kind, own, datetime.fromtimestamp(self._clock(), UTC).date())
