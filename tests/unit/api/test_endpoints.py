"""Endpoints through the API: priced before they cost, waited for, and used as services."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from tests.fakes.endpoints import TOKEN, FakeManagement, managing
from tests.fakes.waiting import until
from tests.unit.api.conftest import Api

PATH = "/api/v1/endpoints"
CPU = "aws-us-east-1-intel-icl-x2"
NEW = {"name": "mine", "repository": "acme/mood", "task": "text-classification", "hardware": CPU}


@pytest_asyncio.fixture
async def twin(api: Api) -> AsyncIterator[FakeManagement]:
    async with managing() as found:
        api.services.settings_file.set("hub.endpoint", found.url)
        api.services.settings_file.set("hub.endpoints", found.api)
        api.services.reload_settings()
        await api.services.secrets.set("hf_token", TOKEN)
        yield found
        await api.services.endpoints.close()


async def test_an_endpoint_lives_from_its_cost_to_its_end(api: Api, twin: FakeManagement) -> None:
    cost = (await api.post("/api/v1/endpoint-cost", json={"hardware": CPU, "max_replica": 2})).json()
    assert (cost["most"], cost["currency"]) == (0.134, "USD") and cost["seen_at"]
    made = await api.post(PATH, json=NEW)
    assert made.status_code == 201 and made.json()["state"] == "pending" and TOKEN not in made.text
    assert [one["name"] for one in (await api.get(PATH)).json()["endpoints"]] == ["mine"]
    changed = await api.patch(f"{PATH}/mine", json={"max_replica": 3})
    assert changed.json()["cost"]["most"] == pytest.approx(0.201)
    for verb, state in (("pause", "paused"), ("resume", "initializing"), ("scale-to-zero", "scaledToZero")):
        assert (await api.post(f"{PATH}/mine/{verb}")).json()["state"] == state
    assert (await api.get(f"{PATH}/mine/logs", params={"tail": 2})).json()["text"]
    assert (await api.delete(f"{PATH}/mine")).status_code == 204
    assert (await api.get(f"{PATH}/mine")).status_code == 404


async def test_what_may_cost_too_much_is_not_begun(api: Api, twin: FakeManagement) -> None:
    answer = await api.post(PATH, json={**NEW, "max_hourly": 0.01})
    assert answer.status_code == 402 and answer.json()["error"]["code"] == "over_budget"
    assert (await api.post(PATH, json={"name": "a", "repository": "b"})).status_code == 400
    assert not twin.there


async def test_it_is_waited_for_as_a_job(api: Api, twin: FakeManagement) -> None:
    twin.add("mine", "initializing")
    job = (await api.post(f"{PATH}/mine/wait", json={"seconds": 60})).json()
    assert job["args"]["namespace"] == "alice" and TOKEN not in str(job)
    place = f"/api/v1/jobs/{job['id']}"

    async def ended() -> bool:
        return (await api.get(place)).json()["state"] in ("done", "failed")

    await until(ended, 20)
    job = (await api.get(place)).json()
    assert job["result"]["url"] == f"{twin.url}/at/mine"


async def test_it_is_used_as_a_service_with_its_task_and_the_token(api: Api, twin: FakeManagement) -> None:
    twin.add("mine")
    made = (await api.post(f"{PATH}/mine/use", json={"name": "mood"})).json()
    assert (made["name"], made["kind"], made["keys"]) == ("mood", "huggingface", 1)
    assert made["models"] == ["acme/mood=text-classification"]
    models = (await api.get("/api/v1/providers/mood/models")).json()["models"]
    assert [(model["name"], model["task"]) for model in models] == [("mood/acme/mood", "text-classification")]
    await api.services.providers.close()


async def test_an_address_elsewhere_is_shown_no_token(api: Api, twin: FakeManagement) -> None:
    twin.host = "http://localhost:9"
    twin.add("mine")
    assert (await api.post(f"{PATH}/mine/use")).json()["keys"] == 0
    twin.add("asleep", "pending")
    assert (await api.post(f"{PATH}/asleep/use")).status_code == 409


async def test_the_key_of_a_service_is_taken_only_where_it_is_at_home(api: Api, twin: FakeManagement) -> None:
    await api.services.secrets.delete("hf_token")
    assert "there is none" in (await api.get(PATH)).json()["error"]["message"]
    for name, url in (("hf", f"{twin.url}/v1"), ("evil", "http://127.0.0.2:9")):
        new = {"name": name, "kind": "huggingface", "url": url, "keys": [TOKEN]}
        assert (await api.post("/api/v1/providers", json=new)).status_code == 201
    assert (await api.get(PATH, params={"service": "hf"})).status_code == 200
    refused = await api.get(PATH, params={"service": "evil"})
    assert refused.status_code == 400 and "nobody else" in refused.json()["error"]["message"]


async def test_who_may_only_ask_models_manages_nothing(api: Api, twin: FakeManagement) -> None:
    answer = await api.get(PATH, headers=await api.as_key("infer"))
    assert answer.status_code == 403 and not twin.seen
