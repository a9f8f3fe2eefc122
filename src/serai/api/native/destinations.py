"""/api/v1/destinations: where a text may go, for those who see neither services nor routes as they are set up."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import ip_address

from pydantic import Field
from yarl import URL

from serai.api.deps import PrincipalDep, ServicesDep
from serai.api.native.shapes import Out
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.providers import declaration
from serai.providers.rows import Row
from serai.routing import permission
from serai.routing.route import Route
from serai.types import AUTO, LOCAL, Limits

routes = router(Scope.CHAT, prefix="/api/v1", tag="destinations")


class Destination(Out):
    """A service that may be asked. Its models are called `<name>/…`."""

    name: str
    title: str = Field(description="What kind of service it is.")
    elsewhere: bool = Field(description="Whether what is sent there leaves this machine.")


class RouteDestination(Out):
    """A route that may be asked."""

    name: str
    title: str
    private: bool = Field(description="Only models of this machine are asked.")
    places: list[str] = Field(description="The services to which it may lead.")


class DestinationList(Out):
    places: list[Destination]
    routes: list[RouteDestination]


@routes.get("/destinations")
async def list_destinations(services: ServicesDep, who: PrincipalDep) -> DestinationList:
    """The services and routes that the asker may ask, by name; neither addresses nor keys."""
    rows = [row for row in await services.providers.all() if may_reach(who.limits, row.name)]
    here = {model.name for model in await services.store.models()}
    names = [row.name for row in rows]
    default = services.settings.models.default
    found = [
        RouteDestination(
            name=route.name, title=route.title, private=route.private, places=reached(route, names, here, default)
        )
        for route in await services.routes.all()
        if permission.names(who.limits, route.name)
    ]
    return DestinationList(places=[_shape(row) for row in rows], routes=found)


def may_reach(limits: Limits, place: str) -> bool:
    """Whether there can be a model of that service that may be asked."""
    if limits.places is not None and place not in limits.places:
        return False
    prefix = f"{place}/".casefold()
    patterns = [one.casefold().partition("*") for one in limits.models or ()]
    return limits.models is None or any(
        begin.startswith(prefix) or (star and prefix.startswith(begin)) for begin, star, _ in patterns
    )


def reached(route: Route, places: Sequence[str], here: set[str], default: str) -> list[str]:
    """The services that its steps name, in their order."""
    if route.private:
        return []
    names = [default if step.model == AUTO else step.model for step in route.steps]
    meant = [_place(name, places) for name in names if name not in here]
    return [*dict.fromkeys(place for place in meant if place)]


def elsewhere(url: str) -> bool:
    """Whether that address is not this machine's."""
    host = URL(url).host or ""
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return not (host == "localhost" or host.endswith(".localhost"))


def _place(name: str, places: Sequence[str]) -> str:
    folded = name.casefold()
    return next((place for place in places if place != LOCAL and folded.startswith(f"{place.casefold()}/")), "")


def _shape(row: Row) -> Destination:
    kind = declaration.kinds().get(row.kind)
    return Destination(name=row.name, title=kind.title if kind else row.kind, elsewhere=elsewhere(row.url))
