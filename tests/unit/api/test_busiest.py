"""The busiest addresses are found at once, and nobody can tell."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from serai.api.busiest import table
from serai.api.routes import Direct, Guarded, router
from serai.api.scopes import Scope


async def answer(_request: Request) -> Response:
    return PlainTextResponse("here")


def routes(*kinds: tuple[str, Any]) -> list[Any]:
    found = []
    for path, kind in kinds:
        one = router(Scope.INFER, kind=kind)
        one.add_api_route(path, answer, methods=["POST"], response_class=Response)
        found += one.routes
    return found


def test_only_direct_routes_with_an_address_of_their_own_are_in_the_table() -> None:
    found = table(routes(("/v1/one", Direct), ("/v1/{any}/two", Direct), ("/v1/three", Guarded)))
    assert list(found) == [("POST", "/v1/one")]


def test_a_route_that_another_would_take_first_is_left_to_it() -> None:
    assert list(table(routes(("/v1/{any}", Guarded), ("/v1/one", Direct)))) == []


async def test_they_answer_as_all_others(api: Any) -> None:
    asked = await api.post("/v1/chat/completions", content=b"{")
    assert asked.status_code == 400 and asked.json()["error"]["serai"]["request_id"] == asked.headers["x-request-id"]
    assert (await api.get("/v1/chat/completions")).status_code == 405
    assert (await api.post("/v1/chat/completions/", json={})).status_code in (307, 404)
