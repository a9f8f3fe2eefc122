"""Prices, budgets and usage through the API; and what is refused, in every dialect."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from tests.fakes.service import KEY, FakeService, serving
from tests.unit.api.conftest import Api
from tests.unit.api.test_providers import DIALECTS, NAME, SAY

PRICES, BUDGETS = "/api/v1/prices", "/api/v1/budgets"


@pytest_asyncio.fixture
async def far(api: Api) -> AsyncIterator[FakeService]:
    """A service whose answers cost a dollar for a token."""
    async with serving(FakeService(["light ", "house"])) as service:
        new = {"name": "shore", "kind": "openai", "url": service.url, "keys": [KEY]}
        assert (await api.post("/api/v1/providers", json=new)).status_code == 201
        assert (await api.put(f"{PRICES}/shore/*", json={"output": 1_000_000})).status_code == 200
        yield service
        await api.services.providers.close()


async def chat(api: Api, headers: dict[str, str] | None = None, **fields: Any) -> Any:
    body = {"model": NAME, "messages": SAY, "max_tokens": 3, **fields}
    return await api.post("/v1/chat/completions", json=body, headers=headers)


async def test_an_answer_says_what_it_cost(api: Api, far: FakeService) -> None:
    answer = (await chat(api)).json()
    assert answer["serai"]["cost"] == answer["usage"]["completion_tokens"] > 0
    rows = (await api.get("/api/v1/usage?by=place")).json()["rows"]
    assert [(row["name"], row["calls"], row["cost"]) for row in rows] == [("shore", 1, answer["serai"]["cost"])]


@pytest.mark.parametrize("dialect", DIALECTS)
async def test_what_may_not_be_spent_is_402_in_every_dialect(api: Api, far: FakeService, dialect: str) -> None:
    path, body = DIALECTS[dialect]
    headers = await api.as_key(spend_per_day=1.0)
    refused = await api.post(path, json={"model": NAME, **body}, headers=headers)
    said = refused.text
    assert refused.status_code == 402 and "max_tokens" in said and ("may cost up to" in said or "is limited" in said)
    assert far.asked == []


async def test_hugging_faces_envelope_is_402_too(api: Api, far: FakeService) -> None:
    headers = await api.as_key(spend_per_day=1.0)
    body = {"inputs": "hi", "parameters": {"max_new_tokens": 3}}
    refused = await api.post(f"/hf/models/{NAME}", json=body, headers=headers)
    assert refused.status_code == 402 and "may cost up to" in refused.json()["error"]


async def test_prices_are_listed_with_who_says_so(api: Api, far: FakeService) -> None:
    found = (await api.get(PRICES)).json()
    assert found["overrides"] == [{"model": "shore/*", "price": price(output=1_000_000)}]
    row = next(row for row in found["prices"] if row["model"] == NAME)
    assert (row["source"], row["where"], row["price"]["output"]) == ("override", "shore/*", 1_000_000)
    assert (await api.delete(f"{PRICES}/shore/*")).status_code == 204
    row = next(row for row in (await api.get(PRICES)).json()["prices"] if row["model"] == NAME)
    assert (row["price"], row["source"]) == (None, None)  # not at its maker's own address: unknown, and not the list's
    assert (await api.delete(f"{PRICES}/shore/*")).status_code == 404


def price(**said: float) -> dict[str, float | None]:
    names = ("input", "output", "cached_input", "request", "image", "audio_second", "compute_second", "hour")
    return {**dict.fromkeys(names), **said}


async def test_a_price_that_is_none_is_refused(api: Api) -> None:
    assert (await api.put(f"{PRICES}/far/one", json={"output": -1})).status_code == 422
    assert (await api.put(f"{PRICES}/far/one", json={"words": 1})).status_code == 422
    assert (await api.put(f"{PRICES}/..%2Fone", json={"output": 1})).status_code in (400, 404)


async def test_a_budget_holds_from_the_next_call_on(api: Api, far: FakeService) -> None:
    made = await api.post(BUDGETS, json={"kind": "place", "name": "shore", "period": "day", "amount": 5})
    assert made.status_code == 201 and made.json()["spent"] == 0
    spent = (await chat(api)).json()["serai"]["cost"]
    refused = await chat(api, max_tokens=5)
    assert refused.status_code == 402 and refused.json()["error"]["code"] == "over_budget"
    (row,) = (await api.get(BUDGETS)).json()["budgets"]
    assert (row["spent"], row["left"], row["own"]) == (spent, 5 - spent, False)
    assert (await api.delete(f"{BUDGETS}/{row['id']}")).status_code == 204
    assert (await chat(api, max_tokens=5)).status_code == 200


async def test_a_soft_budget_is_told_to_whoever_calls(api: Api, far: FakeService) -> None:
    await api.post(BUDGETS, json={"kind": "place", "name": "shore", "period": "day", "amount": 3, "hard": False})
    assert "x-serai-budget" not in (await chat(api)).headers
    answer = await chat(api)
    (note,) = answer.json()["serai"]["budgets"]
    assert (note["state"], note["kind"], note["limit"]) == ("passed", "place", 3.0) and note["spent"] > 3
    said = answer.headers["x-serai-budget"]
    assert said.startswith(f"passed; budget={note['id']}; period=day; spent=") and said.endswith("; limit=3")
    assert "budgets" not in (await chat(api, await api.as_key("infer"))).json()["serai"]


@pytest.mark.parametrize("dialect", [name for name in DIALECTS if name != "simple"])
@pytest.mark.parametrize("stream", [False, True])
async def test_every_dialect_tells_of_it(api: Api, far: FakeService, dialect: str, stream: bool) -> None:
    await api.post(BUDGETS, json={"kind": "all", "period": "day", "amount": 1, "hard": False})
    await chat(api)
    path, body = DIALECTS[dialect]
    answer = await api.post(path, json={"model": NAME, **body, "stream": stream})
    assert answer.headers["x-serai-budget"].startswith("passed; ")
    assert '"budgets":[{' in answer.text.replace(" ", "")


async def test_keys_own_limits_stand_among_the_budgets(api: Api) -> None:
    await api.as_key(spend_per_month=7.0)
    (row,) = (await api.get(BUDGETS)).json()["budgets"]
    assert (row["kind"], row["title"], row["period"], row["amount"], row["own"]) == ("key", "test", "month", 7, True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "key", "name": "key_none", "period": "day", "amount": 1},
        {"kind": "all", "name": "x", "period": "day", "amount": 1},
        {"kind": "place", "period": "day", "amount": 1},
        {"kind": "all", "period": "week", "amount": 1},
        {"kind": "all", "period": "day", "amount": -1},
    ],
)
async def test_a_budget_that_is_none_is_refused(api: Api, wrong: dict[str, Any]) -> None:
    assert (await api.post(BUDGETS, json=wrong)).status_code in (400, 404, 422)


async def test_usage_is_asked_by_days_and_comes_as_a_table(api: Api, far: FakeService) -> None:
    await chat(api)
    day = (await api.get("/api/v1/usage?by=day")).json()["rows"][0]["name"]
    assert (await api.get(f"/api/v1/usage?by=day&to={day[:4]}-01-01")).json()["rows"] == []
    assert (await api.get("/api/v1/usage?from=yesterday")).status_code in (400, 422)
    table = await api.get("/api/v1/usage.csv?by=model")
    assert table.headers["content-type"].startswith("text/csv") and f"{NAME}," in table.text


async def test_money_is_for_those_who_run_serai(api: Api) -> None:
    headers = await api.as_key("infer")
    for path in (PRICES, BUDGETS, "/api/v1/usage", "/api/v1/usage.csv"):
        assert (await api.get(path, headers=headers)).status_code == 403


async def test_a_call_says_by_a_header_what_it_may_cost(api: Api, far: FakeService) -> None:
    refused = await chat(api, {"x-serai-max-cost": "2"})
    assert refused.status_code == 402 and refused.json()["error"]["code"] == "over_budget"
    assert (await chat(api, {"x-serai-max-cost": "3"})).status_code == 200
