"""Keys of one's own through the API: of the owner, of people with tokens, and of API keys."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx2
import pytest
import pytest_asyncio
from tests.fakes.service import KEY, MODEL, FakeService, serving
from tests.unit.api.conftest import Api
from tests.unit.api.test_providers import DIALECTS
from tests.unit.api.test_scopes import MakeApi
from tests.unit.api.test_tokens import SECRET
from tests.unit.api.test_tokens import shown as token

from serai.telemetry import logs
from serai.types import Limits

PATH = "/api/v1/own-keys"
NAME = f"shore/{MODEL}"
ANN, BOB = "anns-own-key", "bobs-own-key"


@pytest_asyncio.fixture
async def api(make_api: MakeApi) -> Api:
    return await make_api(server_host="0.0.0.0", environ={"JWT_SECRET": SECRET})


@pytest_asyncio.fixture
async def owner(api: Api) -> dict[str, str]:
    return await api.as_key("admin", "infer")


@pytest_asyncio.fixture
async def shore(api: Api, owner: dict[str, str]) -> AsyncIterator[FakeService]:
    async with serving(FakeService(["light ", "house"], keys=(KEY, ANN, BOB))) as service:
        new = {"name": "shore", "kind": "openai", "url": service.url, "keys": [KEY]}
        assert (await api.post("/api/v1/providers", json=new, headers=owner)).status_code == 201
        yield service
        await api.services.providers.close()


async def keep(api: Api, who: dict[str, str], key: str) -> httpx2.Response:
    return await api.put(f"{PATH}/shore", json={"keys": [key]}, headers=who)


async def say(api: Api, who: dict[str, str], text: str = "hi", model: str = NAME) -> httpx2.Response:
    body = {"model": model, "max_tokens": 2, "messages": [{"role": "user", "content": text}]}
    return await api.post("/v1/chat/completions", json=body, headers=who)


async def test_a_key_of_ones_own_is_kept_and_counted_and_never_read(api: Api, shore: FakeService) -> None:
    ann, bob = token(), token(sub="bob")
    kept = await keep(api, ann, ANN)
    mine, his = [(await api.get(PATH, headers=who)).json()["services"] for who in (ann, bob)]
    assert mine == [kept.json()] and (mine[0]["keys"], his[0]["keys"]) == (1, 0)
    assert mine[0]["origin"] == shore.url.removesuffix("/base") and ANN not in kept.text
    assert logs.clean(f"x {ANN}") == "x [redacted]"
    assert ANN.encode() not in (api.services.home / "serai.db").read_bytes()
    wrong = await api.put(f"{PATH}/shore", json={"keys": [{"secret-of-mine": 1}]}, headers=ann)
    assert wrong.status_code == 422 and "secret-of-mine" not in wrong.text


async def test_two_people_at_once_each_show_their_own_key(api: Api, shore: FakeService) -> None:
    people = {ANN: token(), BOB: token(sub="bob"), KEY: token(sub="cid")}
    for key in (ANN, BOB):
        assert (await keep(api, people[key], key)).status_code == 200
    shown: list[tuple[str, str]] = []
    shore.heard = lambda body, key: shown.append((body["messages"][0]["content"], key))
    wanted = [list(people)[number % 3] for number in range(32)]
    answers = await asyncio.gather(*(say(api, people[key], key) for key in wanted))
    assert {answer.status_code for answer in answers} == {200}
    assert len(shown) == 32 and all(meant == key for meant, key in shown)


async def test_an_api_key_keeps_its_own_until_it_is_revoked(api: Api, shore: FakeService) -> None:
    key, plain = await api.services.keys.create("ci", scopes=["infer"])
    who = {"authorization": f"Bearer {plain}"}
    await keep(api, who, ANN)
    await say(api, who)
    assert shore.shown[-1] == ANN
    assert f"provider:shore/{key.id}" in await api.services.secrets.names()
    assert key.id not in (await api.get("/api/v1/secrets", headers=await api.as_key("admin"))).text
    await api.services.keys.revoke(key.id)
    assert f"provider:shore/{key.id}" not in await api.services.secrets.names()


async def test_it_is_checked_and_taken_back(api: Api, shore: FakeService) -> None:
    ann = token()
    assert (await api.post(f"{PATH}/shore/check", headers=ann)).json()["key"] == "missing" and not shore.shown
    await keep(api, ann, ANN)
    found = (await api.post(f"{PATH}/shore/check", headers=ann)).json()
    assert (found["key"], found["models"], found["error"]) == ("accepted", 1, None) and set(shore.shown) == {ANN}
    for _ in range(2):
        assert (await api.delete(f"{PATH}/shore", headers=ann)).status_code == 204
    await say(api, ann)
    assert shore.shown[-1] == KEY


async def test_a_key_of_ones_own_opens_no_service_that_limits_leave_out(api: Api, shore: FakeService) -> None:
    for places in (("local",), ("elsewhere",)):
        who = await api.as_key("infer", places=places)
        for service in ("shore", "nowhere"):  # alike, whether there is such a one or not
            path = f"{PATH}/{service}"
            answers = [await api.put(path, json={"keys": [ANN]}, headers=who)]
            answers.append(await api.post(f"{path}/check", headers=who))
            assert [answer.status_code for answer in answers] == [403, 403]
        assert (await api.get(PATH, headers=who)).json()["services"] == []
    assert shore.shown == []


async def test_limits_that_came_later_hold_for_a_key_of_ones_own_too(api: Api, shore: FakeService) -> None:
    key, plain = await api.services.keys.create("ci", scopes=["infer"])
    who = {"authorization": f"Bearer {plain}"}
    await keep(api, who, ANN)
    await api.services.keys.change(key.id, limits=Limits(places=("local",)))
    answers = [await say(api, who), await say(api, {**who, "x-serai-fallback": NAME}, model="auto")]
    assert {answer.status_code for answer in answers} == {403, 200} and ANN not in shore.shown and not shore.asked


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_who_has_none_is_told_where_only_ones_own_are_taken(
    api: Api, owner: dict[str, str], shore: FakeService, dialect: str
) -> None:
    changed = await api.patch("/api/v1/providers/shore", json={"whose_keys": "own"}, headers=owner)
    assert changed.json()["whose_keys"] == "own"
    path, body = DIALECTS[dialect]
    refused = await api.post(path, json={"model": NAME, **body}, headers=token())
    assert refused.status_code == 403 and "key of your own" in refused.text and not shore.shown
    await keep(api, token(), ANN)
    assert (await api.post(path, json={"model": NAME, **body}, headers=token())).status_code == 200
    assert set(shore.shown) == {ANN}


async def test_who_has_none_goes_on_to_what_stands_in(api: Api, owner: dict[str, str], shore: FakeService) -> None:
    await api.patch("/api/v1/providers/shore", json={"whose_keys": "own"}, headers=owner)
    body = {"model": NAME, "fallback": ["scripted"], "messages": [{"role": "user", "content": "hi"}]}
    answer = (await api.post("/v1/chat/completions", json=body, headers=token())).json()
    assert answer["serai"]["answerer"]["place"] == "local"
    assert answer["serai"]["tried"][0]["code"] == "own_key_needed"


async def test_what_an_account_has_is_listed_for_its_person_alone(api: Api, shore: FakeService) -> None:
    shore.models_for[ANN] = [{"id": "ann/tuned"}]
    ann, bob = token(), token(sub="bob")
    await keep(api, ann, ANN)
    for who, mine in ((ann, True), (bob, False)):
        listed = (await api.get("/v1/models", headers=who)).text
        assert ("shore/ann/tuned" in listed, NAME in listed) == (mine, not mine)
        found = await api.get("/v1/models/shore/ann/tuned", headers=who)
        assert found.status_code == (200 if mine else 404)


async def test_a_service_that_has_had_enough_of_one_key_goes_on_with_another(api: Api, shore: FakeService) -> None:
    ann, bob = token(), token(sub="bob")
    await keep(api, ann, ANN)
    shore.refuse_key[ANN] = (429, {"error": {"message": "Enough."}}, {"retry-after": "600"})
    assert (await say(api, ann)).status_code == 503
    assert (await say(api, bob)).status_code == 200
    resting = await say(api, ann)
    assert "left alone" in resting.text and shore.shown.count(ANN) <= 2


async def test_an_answer_of_ones_own_account_is_not_shared(api: Api, owner: dict[str, str], shore: FakeService) -> None:
    changes = {"cache.enabled": "all", "cache.shared": True}
    assert (await api.patch("/api/v1/settings", json=changes, headers=owner)).status_code == 200
    body = {"model": NAME, "temperature": 0, "max_tokens": 3, "messages": [{"role": "user", "content": "hi"}]}
    ann = token()
    await keep(api, ann, ANN)
    asked = []
    for who in (ann, token(sub="bob"), ann, token(sub="cid")):
        assert (await api.post("/v1/chat/completions", json=body, headers=who)).status_code == 200
        asked.append(len(shore.asked))
    assert asked == [1, 2, 2, 2]
