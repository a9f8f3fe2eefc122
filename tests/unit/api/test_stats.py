"""What calls came to, and the last of them, through the API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
from tests.unit.api.conftest import Api

from serai.errors import ModelFailed

MakeApi = Callable[..., Awaitable[Api]]
SAY = {"messages": [{"role": "user", "content": "hi"}]}


async def stats(api: Api, **asked: Any) -> Any:
    return (await api.get("/api/v1/stats", params=asked)).raise_for_status().json()


async def past(api: Api, **asked: Any) -> Any:
    return (await api.get("/api/v1/calls/history", params=asked)).raise_for_status().json()


async def ask(api: Api, headers: dict[str, str]) -> httpx2.Response:
    return await api.post("/v1/chat/completions", json=SAY, headers=headers)


async def test_a_call_is_in_the_statistics_at_once(api: Api) -> None:
    await api.chat()
    told = await stats(api)
    assert (told["totals"]["count"], told["totals"]["done"], told["totals"]["success_rate"]) == (1, 1, 1.0)
    assert told["totals"]["completion_tokens"] == 2 and told["totals"]["total_s"]["p99"] > 0
    [group] = told["groups"]
    assert (group["name"], group["title"], group["series"][0]["count"]) == ("scripted", "scripted", 1)


async def test_failures_are_told_by_their_error(make_api: MakeApi) -> None:
    api = await make_api(ModelFailed("It fell."))
    await api.chat()
    told = await stats(api, by="error")
    assert [(group["name"], group["count"]) for group in told["groups"]] == [("model_failed", 1)]
    assert told["totals"]["success_rate"] == 0.0


async def test_what_does_not_fit_is_refused_in_words(api: Api) -> None:
    for asked in ({"step": 61}, {"from": 5, "to": 4}, {"by": "colour"}, {"step": 60, "from": 1}):
        response = await api.get("/api/v1/stats", params=asked)
        assert response.status_code in (400, 422), asked
    assert "points" in response.text or "step" in response.json()["error"]["message"]


async def test_the_history_has_pages_and_filters_and_no_words(api: Api) -> None:
    for _ in range(3):
        await api.chat()
    first = await past(api, limit=2)
    last = await past(api, limit=2, after=first["next"])
    assert (len(first["calls"]), len(last["calls"]), last["next"]) == (2, 1, None)
    assert len({call["id"] for call in [*first["calls"], *last["calls"]]}) == 3
    assert (await past(api, status="failed"))["calls"] == []
    assert "Hello" not in str(first) and first["calls"][0]["usage"]["completion_tokens"] == 2


async def test_without_admin_one_sees_one_s_own_calls_alone(make_api: MakeApi) -> None:
    api = await make_api(server_host="0.0.0.0")
    mine, theirs = await api.as_key("infer", "monitor"), await api.as_key("infer", "monitor")
    for headers in (mine, theirs, await api.as_key()):
        await ask(api, headers)
    everything = (await api.get("/api/v1/calls/history", headers=await api.as_key())).json()["calls"]
    own = (await api.get("/api/v1/calls/history", headers=mine)).json()["calls"]
    assert (len(everything), len(own)) == (3, 1)
    for call in everything:
        seen = await api.get(f"/api/v1/calls/{call['id']}", headers=mine)
        assert seen.status_code == (200 if call["key"] == own[0]["key"] else 404)
    asked = {"by": "key", "key": everything[0]["key"]}
    [group] = (await api.get("/api/v1/stats", headers=mine, params=asked)).json()["groups"]
    assert (group["name"], group["title"]) == (own[0]["key"], "test")


async def test_words_are_not_kept_unless_that_was_asked_for(api: Api) -> None:
    await api.chat()
    [call] = (await past(api))["calls"]
    assert (await api.get(f"/api/v1/calls/{call['id']}")).json()["words"] is None
