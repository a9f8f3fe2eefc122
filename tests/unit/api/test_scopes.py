"""Every route of the application, asked by every role."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.routing import Route
from tests.unit.api.conftest import Api

from serai.api import all as application
from serai.api.all import describe
from serai.api.routes import Guarded, GuardedWebSocket
from serai.api.scopes import Scope, authorise
from serai.errors import Forbidden, Unauthenticated
from serai.types import OWNER, Principal

MakeApi = Callable[..., Awaitable[Api]]

ROUTES = [route for route in describe().routes if isinstance(route, Guarded | GuardedWebSocket)]
ROLES: dict[str, Principal | None] = {
    "nobody": None,
    "owner": OWNER,
    **{scope.value: Principal(scope.value, scope.value, frozenset({scope.value})) for scope in Scope},
}


def test_every_route_declares_a_scope() -> None:
    assert len(ROUTES) == len(describe().routes) > 50
    assert {route.needs for route in ROUTES} == set(Scope)


def test_a_route_without_a_scope_is_not_served(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(application, "_routes", lambda: [Route("/open", lambda _: None)])
    with pytest.raises(RuntimeError, match="no scope"):
        describe()


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("needed", list(Scope))
def test_who_may_do_what(role: str, needed: Scope) -> None:
    allowed = needed is Scope.PUBLIC or role in ("owner", needed.value)
    if allowed:
        authorise(ROLES[role], needed, frozenset({"native"}))
    else:
        with pytest.raises(Unauthenticated if role == "nobody" else Forbidden):
            authorise(ROLES[role], needed, frozenset({"native"}))


@pytest.mark.parametrize("role", [role for role in ROLES if role != "owner"])
async def test_every_route_refuses_whoever_lacks_its_scope(
    make_api: MakeApi, monkeypatch: pytest.MonkeyPatch, role: str
) -> None:
    """Walks the application as built: a refusal comes before the route's own code."""
    api = await make_api(server_host="0.0.0.0")
    principal = ROLES[role]
    headers = {}
    if principal is not None:
        headers = {"authorization": f"Bearer {await api.key(*principal.scopes)}"}
    for route in ROUTES:
        if isinstance(route, GuardedWebSocket):
            continue
        for method in route.methods or ():
            path = route.path.replace(":path", "")
            if route.needs is Scope.PUBLIC or (principal and route.needs.value in principal.scopes):
                continue
            response = await api.request(method, path, headers=headers)
            assert response.status_code == (401 if principal is None else 403), (method, path, role)


async def test_the_owner_is_never_refused(make_api: MakeApi, monkeypatch: pytest.MonkeyPatch) -> None:
    api = await make_api()
    for route in ROUTES:
        if isinstance(route, Guarded) and not route.path.endswith(("/events", "/logs", "/doctor", "/hardware")):
            for method in route.methods or ():
                response = await api.request(method, route.path.replace(":path", ""))
                assert response.status_code not in (401, 403), (method, route.path)


def test_there_are_no_routes_beside_these() -> None:
    app: Any = describe()
    assert isinstance(app, FastAPI)
    assert not [route for route in app.routes if route.path in ("/docs", "/redoc", "/openapi.json")]
