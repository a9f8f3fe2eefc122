from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from tests.unit.api.conftest import Api, until
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from serai.errors import LoadFailed

MakeApi = Callable[..., Awaitable[Api]]


async def test_one_message_one_answer(api: Api) -> None:
    answer = (await api.post("/api/chat", json={"message": "سلام"})).json()
    assert (answer["text"], answer["model"], answer["tokens"]) == ("Hello there", "scripted", 2)
    assert answer["latency_s"] >= 0 and answer["answerer"]["backend"] == "scripted"


async def test_a_session_goes_on(api: Api) -> None:
    first = (await api.post("/api/chat", json={"message": "one"})).json()
    await api.post("/api/chat", json={"message": "two", "session": first["session"]})
    assert [message["content"] for message in api.backend.calls[1].inputs["messages"]] == ["one", "Hello there", "two"]


async def test_its_errors_have_their_own_status(make_api: MakeApi) -> None:
    api = await make_api(LoadFailed("No memory.", cause="out_of_memory"))
    failed = await api.post("/api/chat", json={"message": "hi"})
    assert (failed.status_code, failed.json()["error"]["code"]) == (503, "load_failed")
    unknown = await api.post("/api/chat", json={"message": "hi", "model": "scriptd"})
    assert (unknown.status_code, unknown.json()["error"]["facts"]["nearest"]) == (404, ["scripted"])
    assert (await api.post("/api/chat", json={"message": "hi", "session": "none"})).status_code == 404
    assert (await api.post("/api/chat", json={"text": "hi"})).status_code == 422


async def test_a_client_that_vanishes_stops_the_answer(make_server: MakeApi) -> None:
    api = await make_server("a", asyncio.Event())
    asking = asyncio.create_task(api.post("/api/chat", json={"message": "hi"}))
    await until(lambda: api.backend.calls)
    asking.cancel()
    await until(lambda: api.backend.closed)


async def say(socket: ClientConnection, **frame: Any) -> None:
    await socket.send(json.dumps(frame))


async def hear(socket: ClientConnection, kind: str) -> tuple[str, dict[str, Any]]:
    """The text of all pieces up to the next frame of that kind, and that frame."""
    text = ""
    while True:
        frame = json.loads(await asyncio.wait_for(socket.recv(), 10))
        text += frame.get("text", "") if frame["type"] == "piece" else ""
        if frame["type"] == kind:
            return text, frame


def socket(api: Api, **options: Any) -> connect:
    return connect(f"ws://127.0.0.1:{api.base_url.port}/ws/chat", **options)


async def test_a_conversation_over_a_websocket(make_server: MakeApi) -> None:
    api = await make_server()
    async with socket(api) as ws:
        for message in ("one", "two"):
            await say(ws, type="message", text=message)
            _, start = await hear(ws, "start")
            text, end = await hear(ws, "end")
            assert (text, end["message"]["id"], end["message"]["state"]) == ("Hello there", start["message"], "done")
    whole = (await api.get(f"/api/v1/sessions/{start['session']}")).json()
    assert len(whole["messages"]) == 4


async def test_the_simple_call_hears_every_wish(make_server: MakeApi) -> None:
    api = await make_server()
    head = {"x-serai-priority": "high", "x-serai-timeout": "60"}
    await api.post(
        "/api/chat", json={"message": "hi", "serai": {"private": True}, "fallback": ["scripted"]}, headers=head
    )
    async with socket(api, additional_headers={"x-serai-private": "1"}) as ws:
        await say(ws, type="message", text="hi", serai={"priority": "low"})
        await hear(ws, "end")
        await say(ws, type="message", text="hi", serai={"luck": 1})
        assert "no wish 'luck'" in (await hear(ws, "error"))[1]["error"]["message"]
    first, second = api.backend.calls
    assert (first.wishes.private, first.wishes.priority, first.wishes.fallback) == (True, "high", ("scripted",))
    assert first.deadline is not None and (second.wishes.private, second.wishes.priority) == (True, "low")


async def test_stop_over_a_websocket(make_server: MakeApi) -> None:
    api = await make_server("half", asyncio.Event())
    async with socket(api) as ws:
        await say(ws, type="message", text="hi")
        await hear(ws, "piece")
        await say(ws, type="stop")
        assert (await hear(ws, "end"))[1]["message"]["state"] == "stopped"


async def test_an_answer_goes_on_when_the_websocket_breaks(make_server: MakeApi) -> None:
    gate = asyncio.Event()
    api = await make_server("a", gate, "b")
    async with socket(api) as ws:
        await say(ws, type="message", text="hi")
        _, start = await hear(ws, "start")
    gate.set()
    stream = await api.get(f"/api/v1/messages/{start['message']}/stream")
    assert '"text":"ab"' in stream.text


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("{", "bad_request"),
        ("[]", "bad_request"),
        ('{"type": "message"}', "invalid_field"),
        ('{"type": "dance"}', "invalid_field"),
        ('{"type": "message", "text": "x", "to": 1}', "unknown_field"),
        ('{"type": "message", "text": "x", "session": "none"}', "not_found"),
    ],
)
async def test_a_bad_frame_is_answered_and_the_conversation_goes_on(
    make_server: MakeApi, frame: str, code: str
) -> None:
    api = await make_server()
    async with socket(api) as ws:
        await ws.send(frame)
        assert (await hear(ws, "error"))[1]["error"]["code"] == code
        await say(ws, type="message", text="hi")
        assert (await hear(ws, "end"))[0] == "Hello there"


async def test_a_second_message_too_soon_is_a_conflict(make_server: MakeApi) -> None:
    api = await make_server(asyncio.Event())
    async with socket(api) as ws:
        await say(ws, type="message", text="one")
        await say(ws, type="message", text="two")
        assert (await hear(ws, "error"))[1]["error"]["code"] == "conflict"


async def test_websockets_of_other_pages_are_refused(make_server: MakeApi) -> None:
    api = await make_server()
    with pytest.raises(InvalidStatus) as refused:
        async with socket(api, origin="http://evil.example"):
            pass
    response = refused.value.response
    assert (response.status_code, json.loads(response.body)["error"]["code"]) == (403, "forbidden")


async def test_a_websocket_behind_a_proxy_needs_a_key(make_server: MakeApi) -> None:
    api = await make_server()
    headers = {"x-forwarded-for": "10.0.0.1"}
    with pytest.raises(InvalidStatus) as refused:
        async with socket(api, additional_headers=headers):
            pass
    assert refused.value.response.status_code == 401


async def test_a_browser_shows_its_key_as_a_subprotocol(make_server: MakeApi) -> None:
    api = await make_server(server_host="0.0.0.0")
    protocols = ["serai", f"serai-key.{await api.key()}"]
    async with socket(api, subprotocols=protocols) as ws:
        assert ws.subprotocol == "serai"
        await say(ws, type="message", text="hi")
        assert (await hear(ws, "end"))[0] == "Hello there"
    with pytest.raises(InvalidStatus):
        async with socket(api, subprotocols=["serai", "serai-key.serai-bad"]):
            pass
