"""How a call wants to be routed, in every dialect: by headers and by the body; and who answered, in headers."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Any

import pytest
from tests.fakes.service import KEY, MODEL, FakeService, serving

from serai.routing.route import Route, Step

MESSAGES = [{"role": "user", "content": "hi"}]
DIALECTS: Mapping[str, tuple[str, dict[str, Any]]] = {
    "openai": ("/v1/chat/completions", {"messages": MESSAGES}),
    "completions": ("/v1/completions", {"prompt": "hi"}),
    "responses": ("/v1/responses", {"input": "hi"}),
    "anthropic": ("/v1/messages", {"messages": MESSAGES, "max_tokens": 20}),
    "ollama": ("/api/chat", {"messages": MESSAGES, "stream": False}),
    "generate": ("/api/generate", {"prompt": "hi", "stream": False}),
}
every_dialect = pytest.mark.parametrize("dialect", DIALECTS)
GONE = "org/gone"
"""No model has this name."""


async def ask(api: Any, dialect: str, headers: Mapping[str, str] | None = None, **more: Any) -> Any:
    path, body = DIALECTS[dialect]
    return await api.post(path, json={"model": GONE, **body, **more}, headers=headers)


@every_dialect
async def test_a_body_names_who_stands_in(api: Any, dialect: str) -> None:
    response = await ask(api, dialect, fallback=["org/gone-too", "scripted"])
    assert response.status_code == 200, response.text
    assert response.headers["x-serai-model"] == "scripted" and response.headers["x-serai-place"] == "local"
    assert response.headers["x-serai-tried"] == "org/gone=model_not_found, org/gone-too=model_not_found"


@every_dialect
async def test_a_header_names_who_stands_in(api: Any, dialect: str) -> None:
    response = await ask(api, dialect, {"x-serai-fallback": "org/gone-too, scripted"})
    assert (response.status_code, response.headers.get("x-serai-model")) == (200, "scripted"), response.text


@every_dialect
async def test_without_that_there_is_no_such_model(api: Any, dialect: str) -> None:
    assert (await ask(api, dialect)).status_code == 404


@every_dialect
@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({"serai": {"prefer": "luck"}}, "serai.prefer"),
        ({"serai": {"nothing": 1}}, "serai.nothing"),
        ({"serai": {"timeout_s": 0}}, "serai.timeout_s"),
        ({"serai": {"private": "perhaps"}}, "serai.private"),
        ({"serai": {"max_cost": True}}, "serai.max_cost"),
        ({"serai": []}, "serai"),
        ({"fallback": "scripted"}, "serai.fallback"),
        ({"fallback": [1]}, "serai.fallback"),
        ({"fallback": ["m"] * 33}, "serai.fallback"),
    ],
)
async def test_a_wish_that_cannot_be_is_named(api: Any, dialect: str, said: dict[str, Any], field: str) -> None:
    response = await ask(api, dialect, **said)
    assert response.status_code == 400 and field in response.text


@pytest.mark.parametrize("header", ["prefer: luck", "private: perhaps", "max-cost: much", "timeout: -1", "hedge: nan"])
async def test_so_is_one_in_a_header(api: Any, header: str) -> None:
    name, _, value = header.partition(": ")
    response = await ask(api, "openai", {f"x-serai-{name}": value})
    assert (response.status_code == 400 and "must be" in response.text) or "more than" in response.text


async def test_the_router_hears_every_wish(api: Any) -> None:
    serai = {"prefer": "local", "private": True, "priority": "high", "cache": False, "max_cost": 1, "hedge_s": 2}
    assert (await ask(api, "openai", model="scripted", serai={**serai, "timeout_s": 30})).status_code == 200
    call = api.services.backend.calls[-1]
    assert {name: getattr(call.wishes, name) for name in serai} == serai
    assert call.deadline is not None and call.wishes.dialect == "openai"


async def test_the_body_goes_before_the_header(api: Any) -> None:
    await ask(api, "openai", {"x-serai-priority": "low"}, model="scripted", serai={"priority": "high"})
    assert api.services.backend.calls[-1].wishes.priority == "high"


@every_dialect
async def test_a_stream_says_in_its_head_who_answers(api: Any, dialect: str) -> None:
    response = await ask(api, dialect, model="scripted", stream=True)
    assert response.status_code == 200 and response.headers["x-serai-backend"] == "scripted"


async def test_embeddings_know_wishes_and_name_what_they_ignore(api: Any) -> None:
    body = {"model": GONE, "input": "hi", "fallback": ["org/gone-too"], "odd": 1}
    response = await api.post("/v1/embeddings", json=body)
    assert response.status_code in (400, 503) and "org/gone-too" in response.text


async def test_errors_say_what_was_tried_in_every_dialect(api: Any) -> None:
    for dialect in DIALECTS:
        response = await ask(api, dialect, fallback=["org/gone-too"])
        assert response.status_code in (503, 529) and "org/gone-too" in response.text, dialect


@pytest.fixture
async def far(api: Any) -> AsyncIterator[FakeService]:
    """A service called `cloud` with a model."""
    async with serving(FakeService(words=["far"])) as service:
        added = {"name": "cloud", "kind": "openai-compatible", "url": service.url, "keys": [KEY]}
        assert (await api.post("/api/v1/providers", json=added)).status_code == 201
        yield service


CLOUD = f"cloud/{MODEL}"


@every_dialect
async def test_a_private_call_leaves_this_machine_in_no_dialect(api: Any, far: FakeService, dialect: str) -> None:
    await api.services.routes.put(Route(name="best", steps=(Step(model=CLOUD),)))
    for name in (CLOUD, "best", "auto"):
        for headers in ({"x-serai-private": "true"}, {"x-serai-private": "1", "x-serai-prefer": "remote"}):
            await ask(api, dialect, {**headers, "x-serai-fallback": f"{CLOUD}, best"}, model=name)
            await ask(api, dialect, headers, model=name, serai={"private": True}, fallback=[CLOUD])
    assert far.asked == []


async def test_a_route_is_a_name_that_every_dialect_may_ask(api: Any, far: FakeService) -> None:
    steps = [{"model": CLOUD}, {"model": "scripted"}]
    assert (await api.put("/api/v1/routes/best", json={"steps": steps})).status_code == 200
    for dialect in ("openai", "anthropic", "ollama", "responses"):
        response = await ask(api, dialect, model="best")
        assert (response.status_code, response.headers.get("x-serai-model")) == (200, CLOUD), response.text
    far.refuse = (500, {"error": {"message": "Oh."}}, {})
    response = await ask(api, "openai", model="best")
    assert response.json()["serai"]["tried"][0]["reason"] == "cloud failed: Oh."
    assert response.headers["x-serai-tried"] == f"{CLOUD}=model_failed"
    assert "best" in [model["id"] for model in (await api.get("/v1/models")).json()["data"]]


async def test_a_chat_that_is_private_reaches_no_service_by_any_name(api: Any, far: FakeService) -> None:
    await api.services.routes.put(Route(name="best", strategy="remote", steps=(Step(model=CLOUD),)))
    session = (await api.post("/api/v1/sessions", json={"private": True, "model": CLOUD})).json()
    assert session["private"] is True
    for name in (CLOUD, "best", "scripted"):
        body = {"session": session["id"], "message": "hi", "model": name}
        response = await api.post("/api/chat", json=body)
        assert response.status_code == (200 if name == "scripted" else 403 if name == CLOUD else 503), response.text
    assert far.asked == []


async def test_a_dry_run_says_what_would_happen_and_asks_nobody(api: Any, far: FakeService) -> None:
    route = {"name": "try", "steps": [{"model": CLOUD, "when": {"prompt_max": 1}}, {"model": "scripted"}]}
    asked = {"model": "try", "inputs": {"messages": [{"role": "user", "content": "a long question"}]}, "route": route}
    plan = (await api.post("/api/v1/routes/plan", json=asked)).json()
    assert [step["model"] for step in plan["steps"]] == ["scripted"]
    assert [(one["model"], one["code"]) for one in plan["left_out"]] == [(CLOUD, "condition")]
    assert far.asked == [] and (await api.get("/api/v1/routes/try")).status_code == 404


async def test_routes_are_kept_changed_and_forgotten(api: Any) -> None:
    body = {"title": "The best", "steps": [{"model": "scripted", "when": {"days": ["mon"], "tools": True}}]}
    first = (await api.put("/api/v1/routes/Best", json=body)).json()
    assert first["steps"][0]["when"]["days"] == ["mon"]
    second = (await api.put("/api/v1/routes/best", json={**body, "strategy": "fastest"})).json()
    assert second["created_at"] == first["created_at"] and second["strategy"] == "fastest"
    assert [route["name"] for route in (await api.get("/api/v1/routes")).json()["routes"]] == ["best"]
    assert (await api.delete("/api/v1/routes/BEST")).status_code == 204
    assert (await api.get("/api/v1/routes/best")).status_code == 404
    assert (await api.put("/api/v1/routes/best", json={"steps": []})).status_code == 422
    assert (await api.put("/api/v1/routes/a b", json=body)).status_code == 400
