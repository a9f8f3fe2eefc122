"""Where a text may go, as those are told of it who see neither services nor routes."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.api.conftest import Api

from serai.api.native.destinations import elsewhere, may_reach
from serai.routing.route import Route, Step
from serai.types import Limits

AT = "/api/v1/destinations"
SECRET = "sk-the-owners-own"


@pytest.fixture
async def settled(api: Api) -> Api:
    """Two services, one of them here, and three routes."""
    far = {"name": "far", "kind": "openai-compatible", "url": "https://hidden.example/v1", "keys": [SECRET]}
    near = {"name": "near", "kind": "ollama", "url": "http://127.0.0.1:9"}
    for new in (far, near):
        assert (await api.post("/api/v1/providers", json=new)).status_code == 201
    for name, private, models in (
        ("best", False, ("scripted", "FAR/one", "near/two", "far/three")),
        ("bound", True, ("far/one",)),
        ("own", False, ("scripted",)),
    ):
        await api.services.routes.put(Route(name=name, private=private, steps=tuple(Step(model=m) for m in models)))
    return api


async def shown(api: Api, *scopes: str, **limits: Any) -> Any:
    answer = await api.get(AT, headers=await api.as_key(*scopes, **limits))
    assert answer.status_code == 200, answer.text
    assert "hidden.example" not in answer.text and "127.0.0.1" not in answer.text and SECRET not in answer.text
    told = answer.json()
    return [(one["name"], one["elsewhere"]) for one in told["places"]], {
        one["name"]: one["places"] for one in told["routes"]
    }


async def test_a_key_for_chats_is_told_names_and_nothing_else(settled: Api) -> None:
    assert (await settled.get("/api/v1/providers", headers=await settled.as_key("chat"))).status_code == 403
    assert await shown(settled, "chat") == (
        [("far", True), ("near", False)],
        {"best": ["far", "near"], "bound": [], "own": []},
    )


async def test_it_is_told_of_no_place_that_it_may_not_ask(settled: Api) -> None:
    assert await shown(settled, "chat", places=("local",)) == ([], {"best": [], "bound": [], "own": []})
    assert await shown(settled, "chat", models=("near/*", "o*")) == ([("near", False)], {"own": []})


async def test_a_route_that_asks_whatever_is_the_default_leads_there(settled: Api) -> None:
    await settled.patch("/api/v1/settings", json={"models.default": "far/one"})
    await settled.services.routes.put(Route(name="any", steps=(Step(model="auto"),)))
    assert (await shown(settled, "chat"))[1]["any"] == ["far"]


@pytest.mark.parametrize(
    ("models", "allowed"),
    [
        *((None, True), ((), False), (("*",), True), (("far/*",), True), (("f*/one",), True), (("FAR/one",), True)),
        *((("fa",), False), (("near/*",), False), (("farther/*",), False)),
    ],
)
def test_what_names_let_through_says_whether_a_place_can_be_asked(models: Any, allowed: bool) -> None:
    assert may_reach(Limits(models=models), "far") is allowed


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/v1", "http://[::1]/", "http://localhost", "http://a.localhost/x"])
def test_what_is_here_is_here(url: str) -> None:
    assert not elsewhere(url) and elsewhere(url.replace("://", "://api.example/").replace("localhost", "x"))
