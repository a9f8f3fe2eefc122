"""/api/v1/own-keys: keys that whoever asks keeps for themselves alone; set, replaced, removed; never shown."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from starlette.responses import Response

from serai.api.deps import PrincipalDep, ServicesDep
from serai.api.native.providers import Keys, ServiceCheck, WhoseKeys, checked
from serai.api.native.shapes import In, Out
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.providers import checking, declaration
from serai.providers.rows import Row
from serai.routing import permission

routes = router(Scope.INFER, prefix="/api/v1/own-keys", tag="providers")


class OwnKeys(Out):
    """A service, and whether it is shown keys of one's own. Its models are called `<service>/…`."""

    service: str
    kind: str
    title: str = Field(description="What kind of service it is, in words.")
    origin: str = Field(description="Who is shown the keys, and nobody else.")
    whose_keys: WhoseKeys
    keys: int = Field(description="How many keys whoever asks keeps for it.")


class OwnKeysList(Out):
    services: list[OwnKeys]


class NewOwnKeys(In):
    keys: Annotated[Keys, Field(min_length=1)]


@routes.get("")
async def list_own_keys(services: ServicesDep, who: PrincipalDep) -> OwnKeysList:
    """The services that may be asked, and how many keys of their own whoever asks keeps for each."""
    rows = [row for row in await services.providers.all() if permission.goes(who.limits, row.name)]
    return OwnKeysList(services=[_shape(row, await services.providers.own.count(row, who.id)) for row in rows])


@routes.put("/{service}")
async def set_own_keys(services: ServicesDep, who: PrincipalDep, service: str, new: NewOwnKeys) -> OwnKeys:
    """Keeps keys, encrypted; they take the place of those that were. Calls of whoever asks show these from now on, and
    nobody else's do."""
    permission.check_place(who.limits, service)
    keys = [key.get_secret_value() for key in new.keys]
    return _shape(await services.providers.own.keep(service, who.id, keys), len(keys))


@routes.delete("/{service}", status_code=204, response_class=Response)
async def remove_own_keys(services: ServicesDep, who: PrincipalDep, service: str) -> None:
    """Forgets them, if there are any."""
    await services.providers.own.forget(service, who.id)


@routes.post("/{service}/check")
async def check_own_keys(services: ServicesDep, who: PrincipalDep, service: str) -> ServiceCheck:
    """Asks the service whether it takes them, and what it has for whoever shows them."""
    permission.check_place(who.limits, service)
    return checked(await services.providers.own.check(service, who.id))


def _shape(row: Row, keys: int) -> OwnKeys:
    kind = declaration.kinds().get(row.kind)
    title = kind.title if kind is not None else row.kind
    origin = checking.origin(row.url)
    return OwnKeys(service=row.name, kind=row.kind, title=title, origin=origin, whose_keys=row.whose_keys, keys=keys)
