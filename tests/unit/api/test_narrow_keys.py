"""Whoever holds a narrow key, and wants more."""

from __future__ import annotations

import asyncio
import re
from functools import partial
from typing import Any

import httpx2
import pytest
from tests.unit.api.conftest import Api, until
from tests.unit.api.test_scopes import ROUTES, MakeApi

from serai.api.openai.batch_answers import answered
from serai.api.routes import GuardedWebSocket
from serai.api.scopes import Scope
from serai.hosting.status import Status
from serai.types import Limits, Model, Principal

OWN = Model(name="org/own:Q4_K_M", task="text-generation", added_at=1.0)
OTHER = Model(name="secret/other", task="text-generation", added_at=2.0)
FAR = Model(name="cloud/far", task="text-generation", place="cloud", added_at=3.0)
EMBEDS = Model(name="secret/embeds", task="feature-extraction", added_at=4.0)


@pytest.fixture
async def api(make_api: MakeApi) -> Api:
    found = await make_api(server_host="0.0.0.0")
    found.offer(OWN, OTHER, FAR, EMBEDS)
    return found


async def ask(api: Api, key: dict[str, str], model: str) -> httpx2.Response:
    return await api.post(
        "/v1/chat/completions", headers=key, json={"model": model, "messages": [{"role": "user", "content": "hi"}]}
    )


@pytest.mark.parametrize("name", ["secret/other", "SECRET/OTHER", "other", "secret/nothing", "cloud/far"])
async def test_a_model_that_is_not_named_is_refused_whether_it_is_there_or_not(api: Api, name: str) -> None:
    refused = await ask(api, await api.as_key(models=("org/*",)), name)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
    assert "org/*" in refused.json()["error"]["message"]
    assert api.backend.calls == []


@pytest.mark.parametrize("name", ["org/own", "own", "ORG/OWN", "org/own:Q4_K_M", "auto", ""])
async def test_the_models_that_are_named_answer_by_all_their_names(api: Api, name: str) -> None:
    answer = await ask(api, await api.as_key(models=("org/*",)), name)
    assert (answer.status_code, answer.json()["model"]) == (200, OWN.name)


async def test_the_default_model_is_no_way_around(api: Api) -> None:
    await api.patch("/api/v1/settings", headers=await api.as_key("admin"), json={"models.default": "secret/other"})
    answer = await ask(api, await api.as_key(models=("org/*",)), "auto")
    assert answer.json()["model"] == OWN.name


async def test_auto_is_refused_where_nothing_may_answer(api: Api) -> None:
    refused = await ask(api, await api.as_key(models=("nobody/*",)), "auto")
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")


async def test_a_key_for_this_machine_gets_nothing_from_elsewhere(api: Api) -> None:
    key = await api.as_key(places=("local",))
    assert (await ask(api, key, "cloud/far")).status_code == 403
    assert (await ask(api, key, "org/own")).status_code == 200


async def test_a_key_with_money_asks_only_what_costs_nothing(api: Api) -> None:
    key = await api.as_key(spend_per_day=5.0)
    refused = await ask(api, key, "cloud/far")
    assert refused.status_code == 402 and "is not known" in refused.json()["error"]["message"]
    assert (await ask(api, key, "secret/other")).status_code == 200


async def test_one_name_in_two_places_is_asked_only_where_it_may_be(api: Api) -> None:
    """A fallback to the other place would be a way around."""
    api.offer(OWN, Model(name="twin", task="text-generation", place="cloud"))
    refused = await ask(api, await api.as_key(places=("local",)), "twin")
    assert refused.status_code == 403


@pytest.mark.parametrize("route", [route for route in ROUTES if route.needs in (Scope.INFER, Scope.CHAT)])
async def test_no_route_of_a_narrow_key_says_what_else_is_here(api: Api, route: Any) -> None:
    """Every listing and every route that takes a model's name, in every dialect."""
    if isinstance(route, GuardedWebSocket):
        return
    key = await api.as_key("infer", "chat", models=("org/*",))
    for headers in (key, key | {"anthropic-version": "2023-06-01"}):
        for method in (route.methods or set()) - {"HEAD"}:
            path = re.sub(r"\{(model|name)(:path)?\}", "secret/other", route.path)
            body = {"model": "secret/other", "name": "secret/other", "input": "x", "prompt": "x", "message": "x"}
            body |= {"messages": [{"role": "user", "content": "x"}], "max_tokens": 5}  # type: ignore[dict-item]
            response = await api.request(method, path, headers=headers, json=body if method != "GET" else None)
            told = response.text.replace("'secret/other'", "")
            assert response.status_code != 200 or "secret/other" not in told, (method, path)
            assert "secret/embeds" not in told and "cloud/far" not in told, (method, path)
    assert [call.model for call in api.backend.calls if call.model != OWN.name] == []


@pytest.mark.parametrize("dialect", ["openai", "anthropic", "ollama", "huggingface", "native"])
async def test_a_key_for_one_dialect_opens_no_route_of_another(make_api: MakeApi, dialect: str) -> None:
    api = await make_api(server_host="0.0.0.0")
    headers = await api.as_key("infer", "chat", "models", "mirror", "monitor", dialects=(dialect,))
    for route in ROUTES:
        if isinstance(route, GuardedWebSocket) or route.needs in (Scope.PUBLIC, Scope.ADMIN) or dialect in route.speaks:
            continue
        said = {"anthropic-version": "2023-06-01"} if "anthropic" in route.speaks else {}
        for method in route.methods or ():
            path = re.sub(r"\{[^}]*\}", "x", route.path)
            response = await api.request(method, path, headers=headers | said)
            assert response.status_code == 403, (method, route.path)


async def test_one_address_of_two_dialects_goes_by_the_body(api: Api) -> None:
    bodies = {"native": {"message": "hi"}, "ollama": {"model": "org/own", "messages": [], "stream": False}}
    for allowed in bodies:
        key = await api.as_key("infer", dialects=(allowed,))
        for spoken, body in bodies.items():
            status = (await api.post("/api/chat", headers=key, json=body)).status_code
            assert (status == 403) is (spoken != allowed), (allowed, spoken)


async def test_a_batch_is_held_to_the_limits_of_its_key(api: Api) -> None:
    made, _ = await api.services.keys.create("b", limits=Limits(models=("org/*",)))
    body = {"messages": [{"role": "user", "content": "hi"}]}
    who = Principal(made.id, made.id, frozenset({"infer"}))
    ask = partial(answered, api.services, "/v1/chat/completions")
    assert (await ask(body | {"model": "secret/other"}, who)).status == 403
    assert (await ask(body | {"model": "org/own"}, who)).status == 200
    await api.services.keys.revoke(made.id)
    assert (await ask(body | {"model": "org/own"}, who)).status == 401


async def test_ollamas_clients_load_and_see_only_what_they_may(api: Api) -> None:
    api.services.pool.states["secret/other"] = Status("ready", None)
    key = await api.as_key("infer", models=("org/*",))
    listed = (await api.get("/api/tags", headers=key)).json()["models"]
    assert [model["name"] for model in listed] == [OWN.name]
    for path, body in (("/api/show", {}), ("/api/generate", {"prompt": ""}), ("/api/chat", {"messages": []})):
        refused = await api.post(path, headers=key, json={"model": "secret/other", **body})
        assert refused.status_code == 403, path
    assert api.services.pool.states["secret/other"].state == "ready"


async def test_anthropics_clients_are_told_of_a_rate_as_theirs_do(api: Api) -> None:
    key = await api.as_key("infer", requests_per_minute=1)
    body = {"model": "org/own", "max_tokens": 5, "messages": [{"role": "user", "content": "hi"}]}
    answers = [await api.post("/v1/messages", headers=key, json=body) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 429]
    assert answers[1].json()["error"]["type"] == "rate_limit_error" and int(answers[1].headers["retry-after"]) >= 1


async def test_a_key_for_another_dialect_opens_no_socket(api: Api) -> None:
    socket = next(route for route in ROUTES if isinstance(route, GuardedWebSocket))
    assert socket.speaks == {"native"}


@pytest.mark.parametrize(
    ("scopes", "limits", "field"),
    [
        (["admin"], {"requests_per_minute": 1}, "scopes"),
        (["*"], {"models": ["a/*"]}, None),
        (["monitor"], {"models": ["a/*"]}, "scopes"),
        (["models"], {"places": ["local"]}, "scopes"),
        (["infer"], {"models": []}, "models"),
        (["infer"], {"models": ["../x"]}, "models"),
        (["infer"], {"models": ["*" * 9]}, "models"),
        (["infer"], {"places": ["a b"]}, "places"),
        (["infer"], {"dialects": ["klingon"]}, None),
        (["infer"], {"at_once": 0}, "at_once"),
        (["infer"], {"requests_per_minute": -1}, "requests_per_minute"),
        (["infer"], {"spend_per_day": -1}, "spend_per_day"),
        (["infer"], {"surprise": 1}, None),
    ],
)
async def test_what_makes_no_key_is_refused_in_words(
    api: Api, scopes: list[str], limits: dict[str, Any], field: str | None
) -> None:
    admin = await api.as_key("admin")
    body = {"name": "x", "scopes": scopes, "limits": limits}
    refused = await api.post("/api/v1/keys", headers=admin, json=body)
    assert refused.status_code in (400, 422)
    assert field is None or refused.json()["error"]["facts"]["param"] == field


async def test_limits_without_scopes_make_a_key_that_asks_models(api: Api) -> None:
    admin = await api.as_key("admin")
    made = (await api.post("/api/v1/keys", headers=admin, json={"name": "x", "limits": {"models": ["org/*"]}})).json()
    assert made["scopes"] == ["infer"] and made["limits"]["models"] == ["org/*"]
    assert made["limits"]["places"] is None


async def test_a_key_that_is_narrowed_is_narrow_from_its_next_request(api: Api) -> None:
    admin, key = await api.as_key("admin"), await api.as_key("infer")
    made = next(
        row for row in (await api.get("/api/v1/keys", headers=admin)).json()["keys"] if row["scopes"] == ["infer"]
    )
    assert (await ask(api, key, "secret/other")).status_code == 200
    changed = await api.patch(f"/api/v1/keys/{made['id']}", headers=admin, json={"limits": {"models": ["org/*"]}})
    assert changed.json()["limits"]["models"] == ["org/*"]
    assert (await ask(api, key, "secret/other")).status_code == 403


async def test_on_loopback_a_key_of_ours_is_taken_at_its_word(make_api: MakeApi) -> None:
    api = await make_api()
    api.offer(OWN, OTHER)
    assert (await ask(api, await api.as_key(models=("org/*",)), "secret/other")).status_code == 403
    assert (await ask(api, {"authorization": "Bearer serai-unknown"}, "org/own")).status_code == 401
    assert (await ask(api, {"authorization": "Bearer sk-anything"}, "secret/other")).status_code == 200


async def test_a_mirror_key_for_some_models_fetches_only_those(api: Api) -> None:
    key = await api.as_key("mirror", models=("org/*",))
    refused = await api.get("/hub/api/models/secret/other", headers=key)
    assert refused.status_code == 403 and "secret/other" in refused.text


async def test_too_much_is_429_with_what_clients_wait_by(api: Api) -> None:
    key = await api.as_key(requests_per_minute=2, tokens_per_minute=1000)
    first, second, third = [await ask(api, key, "org/own") for _ in range(3)]
    assert [first.status_code, second.status_code, third.status_code] == [200, 200, 429]
    assert first.headers["x-ratelimit-limit-requests"] == "2"
    assert second.headers["x-ratelimit-remaining-requests"] == "0"
    assert 1 <= int(third.headers["retry-after"]) <= 61
    assert third.json()["error"] | {"message": "", "serai": {}} == {
        "message": "",
        "type": "rate_limit_error",
        "param": None,
        "code": "rate_limited",
        "serai": {},
    }


async def test_two_clients_with_one_key_share_its_rate(api: Api) -> None:
    key = await api.as_key(requests_per_minute=10)
    answers = await asyncio.gather(*(ask(api, key, "org/own") for _ in range(40)))
    assert sorted(answer.status_code for answer in answers) == [200] * 10 + [429] * 30


async def test_no_more_than_so_many_at_once(api: Api) -> None:
    gate = asyncio.Event()
    api.backend.script = ["a", gate, "b"]
    key = await api.as_key(at_once=2)
    running = [asyncio.create_task(ask(api, key, "org/own")) for _ in range(2)]
    await until(lambda: len(api.backend.calls) == 2)
    refused = await ask(api, key, "org/own")
    assert (refused.status_code, refused.json()["error"]["serai"]["facts"]["limit"]) == (429, "at_once")
    gate.set()
    assert [(await answer).status_code for answer in running] == [200, 200]
    assert (await ask(api, key, "org/own")).status_code == 200


async def test_a_background_answer_of_a_narrow_key_says_why_it_failed(api: Api) -> None:
    """The chat's own routes go through the same place."""
    key = await api.as_key("infer", "chat", models=("org/*",))
    refused = await api.post("/api/chat", headers=key, json={"message": "hi", "model": "secret/other"})
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "forbidden")
