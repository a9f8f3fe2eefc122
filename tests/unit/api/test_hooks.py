"""Hooks and the inspector through the API."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from tests.fakes.waiting import until
from tests.unit.api.conftest import Api
from tests.unit.monitor.receiving import receiving

from serai.errors import ModelFailed

MakeApi = Callable[..., Awaitable[Api]]


async def test_a_hook_lives_from_its_adding_to_its_removal(api: Api) -> None:
    async with receiving() as receiver:
        made = await api.post("/api/v1/hooks", json={"url": receiver.url, "private": True})
        assert made.status_code == 201 and made.json()["secret"].startswith("whsec_")
        path = f"/api/v1/hooks/{made.json()['id']}"
        assert (await api.post(f"{path}/test")).json()["taken"]
        assert receiver.is_signed(made.json()["secret"])
        listed = await api.get("/api/v1/hooks")
        assert listed.json()["hooks"][0]["sent_at"] and "whsec_" not in listed.text
        assert set(listed.json()["kinds"]) == set(listed.json()["hooks"][0]["events"])
        assert (await api.delete(path)).status_code == 204
        assert (await api.get("/api/v1/hooks")).json()["hooks"] == []


async def test_a_failing_call_is_told(make_api: MakeApi) -> None:
    api = await make_api(ModelFailed("It fell."))
    async with receiving() as receiver:
        new = {"url": receiver.url, "private": True, "events": ["call.failed"]}
        assert (await api.post("/api/v1/hooks", json=new)).status_code == 201
        await api.chat()
        await api.get("/api/v1/stats")
        await until(lambda: bool(receiver.taken))
        assert receiver.taken[0]["data"]["error"] == "model_failed"


async def test_what_is_no_hook_is_refused_in_words(api: Api) -> None:
    for new in ({"url": "nowhere"}, {"url": "https://a.example", "events": ["colour"]}, {"url": "https://a", "x": 1}):
        assert (await api.post("/api/v1/hooks", json=new)).status_code in (400, 422)
    assert (await api.post("/api/v1/hooks/hook_1/test")).status_code == 404


async def inspected(api: Api, **asked: Any) -> Any:
    await api.chat(**asked)
    [call, *_] = (await api.get("/api/v1/calls/history")).json()["calls"]
    await api.services.monitor.inspector.close()
    return (await api.get(f"/api/v1/calls/{call['id']}")).json()["words"]


async def test_the_inspector_shows_what_was_said_until_it_is_off(make_api: MakeApi) -> None:
    api = await make_api()
    await api.patch("/api/v1/settings", json={"monitor.inspect": True})
    words = await inspected(api, temperature=0.5)
    assert words["inputs"]["messages"][0]["content"] == "hi" and words["settings"]["temperature"] == 0.5
    assert (words["text"], words["finish"]) == ("Hello there", "stop")
    folder = api.services.home / "inspected"
    assert len([*folder.iterdir()]) == 1
    await api.patch("/api/v1/settings", json={"monitor.inspect": False})
    await until(lambda: [*folder.iterdir()] == [])
    assert await inspected(api) is None
