"""/api/v1/prices: what models cost, who says so, and what the owner says instead."""

from __future__ import annotations

import datetime
from typing import Annotated, Literal

from pydantic import Field
from starlette.responses import Response

from serai.api.deps import PrincipalDep, ServicesDep
from serai.api.native.shapes import In, Out
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.money import price

routes = router(Scope.ADMIN, prefix="/api/v1/prices", tag="prices")

Dollars = Annotated[float | None, Field(ge=0, le=1e6)]


class Price(Out):
    """In US dollars. What is not there is not charged for; without `cached_input` cached tokens cost as others do."""

    input: float | None = Field(None, description="A million tokens of prompts.")
    output: float | None = Field(None, description="A million tokens of answers.")
    cached_input: float | None = Field(None, description="A million tokens of prompts that the service knew already.")
    request: float | None = None
    image: float | None = None
    audio_second: float | None = None
    compute_second: float | None = None
    hour: float | None = None


class NewPrice(In):
    """What a model costs from now on, in US dollars; an empty one costs nothing."""

    input: Dollars = Field(None, examples=[1.25])
    output: Dollars = Field(None, examples=[10])
    cached_input: Dollars = None
    request: Dollars = None
    image: Dollars = None
    audio_second: Dollars = None
    compute_second: Dollars = None
    hour: Dollars = None


class Priced(Out):
    """A model and what it costs; a price of null is not known, which is not to say that it is nothing."""

    model: str
    place: str
    price: Price | None
    source: Literal["override", "service", "listed", "local"] | None = Field(description="Who says so.")
    seen: datetime.date | None = Field(description="The day on which it was seen.")
    where: str = Field(description="Where it was seen; of an override, the name or pattern that it was set for.")


class Override(Out):
    model: str = Field(description="A model's name, or a pattern of names.")
    price: Price


class PriceList(Out):
    prices: list[Priced] = Field(description="The models of services, and those of this machine that cost something.")
    overrides: list[Override]


@routes.get("")
async def list_prices(services: ServicesDep, who: PrincipalDep) -> PriceList:
    """What every model costs that may cost something."""
    prices = services.money.prices
    known = await prices.all(await services.router.models(who) + await services.router.remote_models(who))
    shown = {model.name: _priced(model.name, model.place, found) for model, found in known if _shown(found)}
    overrides = [Override(model=name, price=_price(one)) for name, one in (await prices.overrides()).items()]
    return PriceList(prices=list(shown.values()), overrides=overrides)


@routes.put("/{model:path}")
async def set_price(services: ServicesDep, model: str, new: NewPrice) -> Override:
    """Sets what a model costs, or all whose names are like a pattern, from the next call on."""
    found = await services.money.prices.set(model, new.model_dump(exclude_none=True))
    return Override(model=model, price=_price(found))


@routes.delete("/{model:path}", status_code=204, response_class=Response)
async def remove_price(services: ServicesDep, model: str) -> None:
    """What the service or Serai's own list says holds again."""
    await services.money.prices.remove(model)


def _shown(known: price.Known | None) -> bool:
    return known is None or known.source != "local"


def _price(found: price.Price) -> Price:
    return Price.model_validate(found.as_dict())


def _priced(model: str, place: str, known: price.Known | None) -> Priced:
    if known is None:
        return Priced(model=model, place=place, price=None, source=None, seen=None, where="")
    said = _price(known.price)
    return Priced(model=model, place=place, price=said, source=known.source, seen=known.seen, where=known.where)
