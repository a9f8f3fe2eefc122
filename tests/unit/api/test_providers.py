"""Remote services through the API, and asked in every dialect."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from tests.fakes.service import KEY, MODEL, FakeService, serving
from tests.unit.api.conftest import Api, events

from serai.telemetry import logs

PATH = "/api/v1/providers"
NAME = f"shore/{MODEL}"
SAY = [{"role": "user", "content": "hi"}]
OPTIONS = {"max_tokens": 3}
DIALECTS: dict[str, tuple[str, dict[str, Any]]] = {
    "openai": ("/v1/chat/completions", {"messages": SAY, **OPTIONS}),
    "text": ("/v1/completions", {"prompt": "hi", **OPTIONS}),
    "responses": ("/v1/responses", {"input": "hi", "max_output_tokens": 3}),
    "anthropic": ("/v1/messages", {"messages": SAY, **OPTIONS}),
    "ollama": ("/api/chat", {"messages": SAY, "stream": False, "options": {"num_predict": 3}}),
    "simple": ("/api/chat", {"message": "hi"}),
}


@pytest_asyncio.fixture
async def shore(api: Api) -> AsyncIterator[FakeService]:
    async with serving(FakeService(["light ", "house"])) as service:
        new = {"name": "shore", "kind": "openai", "url": service.url, "keys": [KEY]}
        assert (await api.post(PATH, json=new)).status_code == 201
        yield service
        await api.services.providers.close()


async def test_keys_are_written_and_never_read(api: Api, shore: FakeService) -> None:
    for answer in (await api.get(PATH), await api.get(f"{PATH}/shore"), await api.post(f"{PATH}/shore/check")):
        assert answer.status_code == 200 and KEY not in answer.text
    assert (await api.get(f"{PATH}/shore")).json()["keys"] == 1
    assert logs.clean(f"x {KEY}") == "x [redacted]"
    wrong = await api.post(PATH, json={"name": "a", "kind": "openai", "keys": [{"precious": "secret-of-mine"}]})
    assert wrong.status_code == 422 and "secret-of-mine" not in wrong.text
    assert KEY.encode() not in (api.services.home / "serai.db").read_bytes()


async def test_a_service_is_checked_changed_and_removed(api: Api, shore: FakeService) -> None:
    found = (await api.post(f"{PATH}/shore/check")).json()
    assert (found["reachable"], found["key"], found["models"], found["error"]) == (True, "accepted", 1, None)
    assert [model["name"] for model in (await api.get(f"{PATH}/shore/models")).json()["models"]] == [NAME]
    changed = (await api.patch(f"{PATH}/shore", json={"models": ["hidden"], "patience_s": 9})).json()
    assert (changed["models"], changed["patience_s"], changed["keys"]) == (["hidden"], 9, 1)
    assert (await api.delete(f"{PATH}/shore")).status_code == 204
    assert (await api.get(PATH)).json()["providers"] == []


async def test_who_claims_to_be_a_service_needs_no_key_and_must_prove_it(api: Api, shore: FakeService) -> None:
    answers = [await api.post(f"{PATH}/{name}/webhook", content=b"{}") for name in ("shore", "nobody")]
    assert {answer.status_code for answer in answers} == {400}
    assert answers[0].json()["error"]["message"] == answers[1].json()["error"]["message"]


async def test_the_kinds_are_told(api: Api) -> None:
    kinds = {kind["name"]: kind for kind in (await api.get("/api/v1/provider-kinds")).json()["kinds"]}
    assert {"openai", "huggingface", "serai", "vllm", "ollama"} <= kinds.keys()
    assert kinds["openai"]["key_env"] == "OPENAI_API_KEY"


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_a_service_answers_in_every_dialect(api: Api, shore: FakeService, dialect: str) -> None:
    path, body = DIALECTS[dialect]
    answer = await api.post(path, json={"model": NAME, **body})
    assert answer.status_code == 200, answer.text
    assert "light house" in answer.text and '"shore"' in answer.text


@pytest.mark.engine
@pytest.mark.parametrize("dialect", DIALECTS)
async def test_another_serai_answers_in_every_dialect(api: Api, real: Api, dialect: str) -> None:
    new = {"name": "far", "kind": "serai", "url": str(real.base_url)}
    assert (await api.post(PATH, json=new)).status_code == 201
    path, body = DIALECTS[dialect]
    answer = await api.post(path, json={"model": "far/serai-guide", **body}, timeout=60)
    assert answer.status_code == 200, answer.text
    assert '"place":"far"' in answer.text.replace(" ", "")
    assert real.services.router.live() == []
    await api.services.providers.close()


async def test_its_models_are_listed_in_every_dialect(api: Api, shore: FakeService) -> None:
    await api.get(f"{PATH}/shore/models")
    for path, headers in (("/v1/models", {}), ("/v1/models", {"anthropic-version": "2023-06-01"}), ("/api/tags", {})):
        assert NAME in (await api.get(path, headers=headers)).text
    assert (await api.get(f"/v1/models/{NAME}")).json()["serai"]["place"] == "shore"


async def test_a_cut_in_the_middle_is_told_in_the_stream(api: Api, shore: FakeService) -> None:
    shore.cut_after = 1
    answer = await api.post("/v1/chat/completions", json={"model": NAME, "messages": SAY, "stream": True})
    *_, last = [data for _, data in events(answer.text) if data != "[DONE]"]
    assert "light" in answer.text and "connection to shore broke" in json.dumps(last["error"])


async def test_a_key_of_this_machine_alone_reaches_no_service(make_api: Any) -> None:
    api = await make_api(server_host="0.0.0.0")
    async with serving(FakeService(["a"])) as service:
        owner = {"authorization": f"Bearer {await api.key()}"}
        new = {"name": "shore", "kind": "openai", "url": service.url, "keys": [KEY]}
        assert (await api.post(PATH, json=new, headers=owner)).status_code == 201
        grant = {"name": "bound", "limits": {"places": ["local"]}}
        bound = {
            "authorization": f"Bearer {(await api.post('/api/v1/keys', json=grant, headers=owner)).json()['plain']}"
        }
        for path, body in DIALECTS.values():
            answer = await api.post(path, json={"model": NAME, **body}, headers=bound)
            assert answer.status_code in (403, 404), answer.text
        assert NAME not in (await api.get("/v1/models", headers=bound)).text
        assert service.asked == []
        await api.services.providers.close()
