"""Hugging Face's dedicated Inference Endpoints: listed, created, changed, paused, woken, deleted, used."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeVar
from urllib.parse import quote

from serai.errors import BadRequest, Conflict, ModelFailed, NotFound, TimedOut
from serai.providers.endpoints import shapes
from serai.providers.endpoints.accounts import Account, Accounts, Where
from serai.providers.endpoints.management import WHO, Management
from serai.providers.endpoints.prices import Cost, PriceList, Prices, check, cost, cost_of
from serai.providers.endpoints.shapes import Endpoint, Hardware, Machine, Wanted

T = TypeVar("T")
Verb = Literal["pause", "resume", "scale-to-zero"]

_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_RUNS = re.compile("already running", re.IGNORECASE)
_HERE = Where()


@dataclass(frozen=True, slots=True, kw_only=True)
class Priced:
    """An Endpoint, and what it costs."""

    endpoint: Endpoint
    cost: Cost


class Endpoints:
    """`api` is where Endpoints are managed. Everything raises SeraiError in words: what Hugging Face refused, that it
    cannot be reached, that there is no token. Nothing is asked twice that costs money."""

    def __init__(self, api: Callable[[], str], management: Management, accounts: Accounts) -> None:
        self._api = api
        self._management = management
        self.accounts = accounts
        self._prices = PriceList(self._hardware)

    async def all(self, where: Where = _HERE) -> Sequence[Priced]:
        """The Endpoints of a namespace, by name."""
        account = await self.accounts.find(where)
        told = await self._ask("GET", account, "")
        prices = await self._prices.get(account.namespace, account.token)
        found = [_read(raw, account) for raw in _items(told)]
        return [_priced(prices, one) for one in sorted(found, key=lambda one: one.name)]

    async def get(self, name: str, where: Where = _HERE) -> Priced:
        """One of them. Raises NotFound."""
        account = await self.accounts.find(where)
        return await self._priced(account, await self._ask("GET", account, name))

    async def hardware(self, where: Where = _HERE) -> Prices:
        """The machines that can be had, with their prices. Raises where the list is away and none is known."""
        account = await self.accounts.find(where)
        prices = await self._prices.get(account.namespace, account.token)
        if prices.error is not None and not prices.hardware:
            raise prices.error
        return prices

    async def machine(self, hardware: str, where: Where = _HERE) -> Machine:
        """The machine of an id of the price list. Raises NotFound, or that the list is away."""
        account = await self.accounts.find(where)
        return (await self._prices.get(account.namespace, account.token)).find(hardware).machine

    async def cost(self, machine: Machine, least: int, most: int, where: Where = _HERE) -> Cost:
        """What an Endpoint would cost that is not there yet."""
        account = await self.accounts.find(where)
        return cost(await self._prices.get(account.namespace, account.token), machine, least, most)

    async def create(
        self, name: str, wanted: Wanted, where: Where = _HERE, *, max_hourly: float | None = None
    ) -> Priced:
        """Creates one, which begins to cost. Raises OverBudget before, where it may cost more than `max_hourly`, or
        nobody knows; Conflict where the name is taken."""
        _checked(name)
        account = await self.accounts.find(where)
        prices = await self._prices.get(account.namespace, account.token)
        machine = wanted.machine or Machine()
        check(cost(prices, machine, wanted.min_replica or 0, wanted.max_replica or 1), max_hourly)
        body = {"name": name, **shapes.payload(_whole(wanted))}
        try:
            told = await self._ask("POST", account, "", body)
        except (TimedOut, ModelFailed) as error:
            error.hint = f"{error.hint} It may have been created all the same: look at `serai endpoints list` first."
            raise
        return _priced(prices, _read(told, account))

    async def update(
        self, name: str, wanted: Wanted, where: Where = _HERE, *, max_hourly: float | None = None
    ) -> Priced:
        """Changes one. Raises OverBudget before, as `create` does."""
        body = shapes.payload(wanted)
        if not body:
            raise BadRequest("There is nothing to change.", hint="Say what: its hardware, replicas, model or task.")
        account = await self.accounts.find(where)
        if max_hourly is not None:
            before = _read(await self._ask("GET", account, name), account)
            least = before.min_replica if wanted.min_replica is None else wanted.min_replica
            most = before.max_replica if wanted.max_replica is None else wanted.max_replica
            prices = await self._prices.get(account.namespace, account.token)
            check(cost(prices, wanted.machine or before.machine, least, most), max_hourly)
        return await self._priced(account, await self._ask("PUT", account, name, body))

    async def do(self, name: str, verb: Verb, where: Where = _HERE, *, max_hourly: float | None = None) -> Priced:
        """Pauses it until somebody resumes it, resumes it, or lets it sleep until the next call wakes it. One that runs
        already is resumed. Raises OverBudget before it is resumed, as `create` does."""
        account = await self.accounts.find(where)
        if verb == "resume" and max_hourly is not None:
            check((await self.get(name, where)).cost, max_hourly)
        try:
            told = await self._ask("POST", account, name, verb=verb)
        except BadRequest as error:
            if verb != "resume" or not _RUNS.search(error.message):
                raise
            told = await self._ask("GET", account, name)
        return await self._priced(account, told)

    async def delete(self, name: str, where: Where = _HERE) -> None:
        """Deletes one for good. Raises NotFound."""
        await self._ask("DELETE", await self.accounts.find(where), name)

    async def logs(self, name: str, where: Where = _HERE, *, tail: int = 200) -> str:
        """The last lines that its container wrote."""
        account = await self.accounts.find(where)
        url = f"{self._url(account, name)}/logs"
        content = await self._management.read("GET", url, account.token, params={"tail": str(tail)})
        return content.decode("utf-8", "replace")

    async def awake(self, endpoint: Endpoint, where: Where = _HERE) -> bool:
        """Whether it answers at its own address. The token is shown only to an address of Hugging Face's own."""
        account = await self.accounts.find(where)
        route = endpoint.health_route if endpoint.health_route.startswith("/") else f"/{endpoint.health_route}"
        token = account.token if self.belongs(endpoint) else ""
        status = await self._management.status(f"{endpoint.url.rstrip('/')}{route}", token)
        return status == 200 or (not token and status in (401, 403))

    def belongs(self, endpoint: Endpoint) -> bool:
        """Whether its address is one that Hugging Face gives out, so that the token may go there."""
        return self.accounts.belongs(endpoint.url, self._api())

    async def close(self) -> None:
        """May be called twice."""
        await self._management.close()

    async def _priced(self, account: Account, raw: Any) -> Priced:
        return _priced(await self._prices.get(account.namespace, account.token), _read(raw, account))

    async def _hardware(self, namespace: str, token: str) -> Sequence[Hardware]:
        told = await self._management.ask("GET", f"{self._api().rstrip('/')}/provider/{quote(namespace)}", token)
        return _sensible(lambda: shapes.hardware(told))

    async def _ask(self, method: str, account: Account, name: str, body: Any = None, verb: str = "") -> Any:
        url = self._url(account, name) if name else self._url(account)
        try:
            return await self._management.ask(method, f"{url}/{verb}" if verb else url, account.token, body)
        except NotFound as error:
            if not name:
                raise
            text = f"There is no Endpoint called {name!r} in {account.namespace}."
            raise NotFound(text, hint="`serai endpoints list` shows them.") from error

    def _url(self, account: Account, name: str = "") -> str:
        path = f"{self._api().rstrip('/')}/endpoint/{quote(account.namespace)}"
        return f"{path}/{_checked(name)}" if name else path


def coming(endpoint: Endpoint) -> bool:
    """Whether it is on its way. Raises ModelFailed or Conflict where it will not run by itself."""
    if endpoint.state in ("failed", "updateFailed"):
        hint = f"`serai endpoints logs {endpoint.name}` may say why."
        text = f"{endpoint.name} failed to start: {endpoint.message or 'Hugging Face does not say why.'}"
        raise ModelFailed(text, hint=hint, who=WHO)
    if endpoint.state == "paused":
        hint = f"`serai endpoints resume {endpoint.name}` starts it."
        raise Conflict(f"{endpoint.name} is paused.", hint=hint)
    if endpoint.state == "scaledToZero":
        raise Conflict(f"{endpoint.name} sleeps.", hint="The next call to it wakes it.")
    return endpoint.state != "running"


def _whole(wanted: Wanted) -> Wanted:
    """With what Hugging Face must be told of a new one."""
    return replace(
        wanted,
        framework=wanted.framework or "pytorch",
        image=wanted.image or {"huggingface": {}},
        min_replica=wanted.min_replica or 0,
        max_replica=wanted.max_replica or 1,
        type=wanted.type or "authenticated",
    )


def _priced(prices: Prices, found: Endpoint) -> Priced:
    return Priced(endpoint=found, cost=cost_of(prices, found))


def _read(raw: Any, account: Account) -> Endpoint:
    return _sensible(lambda: shapes.endpoint(raw, account.namespace))


def _items(told: Any) -> list[Any]:
    return _sensible(lambda: list(told["items"]))


def _sensible(read: Callable[[], T]) -> T:
    try:
        return read()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelFailed(f"{WHO} sent something that is no answer to this.", who=WHO) from error


def _checked(name: str) -> str:
    if not _NAME.fullmatch(name):
        hint = "It has letters, digits, and - between them."
        raise BadRequest(f"An Endpoint cannot be called {name[:80]!r}.", hint=hint, field="name")
    return name
