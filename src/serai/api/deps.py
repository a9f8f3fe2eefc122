"""What routes are given: the services, and who asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends
from starlette.requests import HTTPConnection

from serai.accounts import tokens
from serai.api.scopes import PRINCIPAL
from serai.routing import permission
from serai.types import OWNER, Model, Principal

if TYPE_CHECKING:
    from serai.services import Services as Services  # noqa: PLC0414 - named by routes' helpers
else:
    Services = Any  # the routes are described without building, or even importing, what serves them


def person(principal: Principal) -> str:
    """Whose sessions a principal sees. Every key was made by the owner and acts for them; whoever comes with a token is
    somebody else."""
    return principal.id if principal.id.startswith(tokens.PREFIX) else OWNER.id


async def models_for(services: Services, who: Principal) -> list[Model]:
    """The models of this machine and of remote services that the principal may ask, and the routes to them."""
    here = permission.visible(who.limits, await services.store.models())
    routes = [route for route in await services.routes.models() if permission.names(who.limits, route.name)]
    return [*here, *routes, *await services.router.remote_models(who)]


async def model_for(services: Services, who: Principal, name: str) -> Model:
    """One of them. Raises ModelNotFound, or Forbidden, for a name that is not allowed whether it is there or not."""
    permission.check_name(who.limits, name)
    for route in await services.routes.models():
        if route.name == name:
            return route
    for far in await services.router.remote_models(who, hidden=True):
        if far.name == name:
            permission.check(who.limits, far)
            return far
    model: Model = await services.store.find(name)
    permission.check(who.limits, model)
    return model


def services_of(connection: HTTPConnection) -> Services:
    """The services of the app that serves this connection."""
    services: Services = connection.app.state.services
    return services


def principal_of(connection: HTTPConnection) -> Principal:
    """Who asks; only for routes that need a scope, where somebody always does."""
    principal = connection.scope[PRINCIPAL]
    assert isinstance(principal, Principal)
    return principal


async def _services(connection: HTTPConnection) -> Any:
    return services_of(connection)


async def _principal(connection: HTTPConnection) -> Principal:
    return principal_of(connection)


async def _person(connection: HTTPConnection) -> str:
    return person(principal_of(connection))


ServicesDep = Annotated[Services, Depends(_services)]
PrincipalDep = Annotated[Principal, Depends(_principal)]
PersonDep = Annotated[str, Depends(_person)]
