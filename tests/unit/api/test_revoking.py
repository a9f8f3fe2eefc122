"""What a key has open ends with it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from functools import partial
from typing import Any

import pytest
from tests.unit.api.conftest import Api, events, until
from tests.unit.api.test_scopes import MakeApi
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from serai.accounts import gate as gates
from serai.accounts.keys import Keys
from serai.storage.database import Database

QUESTION = [{"role": "user", "content": "hi"}]


@pytest.fixture
async def api(make_server: MakeApi, monkeypatch: pytest.MonkeyPatch) -> Api:
    """On loopback, where whoever shows a key is taken at their word. The answer waits in its middle for ever, and
    nobody looks again: what ends, ends at once."""
    monkeypatch.setattr(gates, "LOOK_S", 600.0)
    return await make_server("Hello", asyncio.Event(), " there")


async def made(api: Api, *scopes: str) -> tuple[str, dict[str, str]]:
    key, plain = await api.services.keys.create("test", scopes=scopes)
    return key.id, {"authorization": f"Bearer {plain}"}


async def told(socket: ClientConnection) -> AsyncIterator[str | bytes]:
    """All frames, until the server closes it."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            yield await socket.recv()


async def test_a_streamed_answer_ends_with_an_error_in_its_dialect(api: Api) -> None:
    key, headers = await made(api, "infer")
    body = {"messages": QUESTION, "stream": True}
    async with api.stream("POST", "/v1/chat/completions", json=body, headers=headers) as response:
        lines = response.aiter_lines()
        async for line in lines:
            if "Hello" in line:
                break
        await api.services.keys.revoke(key)
        rest = [line async for line in lines if line.startswith("data: ")]
    assert json.loads(rest[-1][6:])["error"]["code"] == "unauthenticated"
    await until(lambda: api.backend.closed == 1)
    assert (await api.get("/v1/models", headers=headers)).status_code == 401


async def test_an_answer_that_was_awaited_whole_is_401(api: Api) -> None:
    key, headers = await made(api, "infer")
    asking = asyncio.create_task(api.post("/v1/chat/completions", json={"messages": QUESTION}, headers=headers))
    await until(lambda: api.backend.calls)
    await api.services.keys.revoke(key)
    answer = await asking
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthenticated")
    assert answer.headers["x-request-id"]
    await until(lambda: api.backend.closed == 1)


async def test_an_event_stream_ends_and_says_why(api: Api) -> None:
    key, headers = await made(api, "monitor")
    async with api.stream("GET", "/api/v1/events", headers=headers) as response:
        chunks = response.aiter_text()
        await anext(chunks)
        await api.services.keys.revoke(key)
        text = "".join([chunk async for chunk in chunks])
    assert [(name, data["error"]["code"]) for name, data in events(text)] == [("error", "unauthenticated")]


async def test_a_web_socket_is_told_and_closed(api: Api) -> None:
    key, headers = await made(api, "infer")
    url = str(api.base_url).replace("http", "ws") + "/ws/chat"
    async with connect(url, additional_headers=headers) as socket:
        await socket.send(json.dumps({"type": "message", "text": "hi"}))
        await until(lambda: api.backend.calls)
        await api.services.keys.revoke(key)
        frames = [json.loads(frame) async for frame in told(socket)]
        assert socket.close_code == 1008
    assert (frames[-1]["type"], frames[-1]["error"]["code"]) == ("error", "unauthenticated")
    await until(lambda: not api.services.router.live())


async def test_an_answer_that_nobody_waits_for_ends_too(api: Api) -> None:
    key, headers = await made(api, "chat")
    session = (await api.post("/api/v1/sessions", json={}, headers=headers)).json()["id"]
    asked = await api.post(f"/api/v1/sessions/{session}/messages", json={"text": "hi"}, headers=headers)
    await until(lambda: any(call.tokens for call in api.services.router.live()))
    await api.services.keys.revoke(key)
    message = await api.services.turns.result("owner", asked.json()["answer"]["id"])
    assert (message.state, message.error["code"], message.text) == ("failed", "unauthenticated", "Hello")


async def test_the_simple_call_is_answered_with_401(api: Api) -> None:
    key, headers = await made(api, "infer")
    asking = asyncio.create_task(api.post("/api/chat", json={"message": "hi"}, headers=headers))
    await until(lambda: api.backend.calls)
    await api.services.keys.revoke(key)
    answer = await asking
    assert (answer.status_code, answer.json()["error"]["code"]) == (401, "unauthenticated")


async def test_other_keys_and_the_owner_go_on(api: Api) -> None:
    key, headers = await made(api, "infer")
    _, others = await made(api, "infer")
    ask = partial(api.post, "/v1/chat/completions", json={"messages": QUESTION})
    asking = [asyncio.create_task(ask(headers=shown)) for shown in (headers, others, {})]
    await until(lambda: len(api.services.router.live()) == 3)
    await api.services.keys.revoke(key)
    assert (await asking[0]).status_code == 401
    assert len(api.services.router.live()) == 2
    api.backend.script[1].set()  # type: ignore[union-attr]
    assert [(await one).status_code for one in asking[1:]] == [200, 200]


async def test_what_another_process_revokes_ends_soon(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "LOOK_S", 0.01)
    key, headers = await made(api, "infer")
    asking = asyncio.create_task(api.post("/v1/chat/completions", json={"messages": QUESTION}, headers=headers))
    await until(lambda: api.backend.calls)
    other = Database.open(f"sqlite:///{api.services.home / 'serai.db'}")
    await Keys(other).revoke(key)
    await other.close()
    assert (await asking).status_code == 401


async def test_a_key_that_expires_while_in_use_ends(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gates, "LOOK_S", 0.01)
    _, plain = await api.services.keys.create("a", expires_at=time.time() + 100, scopes=("infer",))
    headers = {"authorization": f"Bearer {plain}"}
    asking = asyncio.create_task(api.post("/v1/chat/completions", json={"messages": QUESTION}, headers=headers))
    await until(lambda: api.backend.calls)
    later = time.time() + 101
    monkeypatch.setattr("serai.accounts.keys.time.time", lambda: later)
    assert (await asking).status_code == 401


async def test_a_key_without_grace_ends_when_it_is_rotated(api: Api) -> None:
    key, headers = await made(api, "infer")
    asking = asyncio.create_task(api.post("/v1/chat/completions", json={"messages": QUESTION}, headers=headers))
    await until(lambda: api.backend.calls)
    _, plain = await api.services.keys.rotate(key)
    assert (await asking).status_code == 401
    assert (await api.get("/v1/models", headers={"authorization": f"Bearer {plain}"})).status_code == 200


async def test_a_key_with_grace_goes_on_when_it_is_rotated(api: Api) -> None:
    key, headers = await made(api, "infer")
    asking = asyncio.create_task(api.post("/v1/chat/completions", json={"messages": QUESTION}, headers=headers))
    await until(lambda: api.backend.calls)
    await api.services.keys.rotate(key, grace_s=60)
    assert len(api.services.router.live()) == 1
    api.backend.script[1].set()  # type: ignore[union-attr]
    assert (await asking).status_code == 200


async def test_a_key_in_an_address_opens_a_socket_and_nothing_else(make_server: MakeApi, caplog: Any) -> None:
    api = await make_server(server_allowed_hosts="serai.example")
    _, headers = await made(api, "infer")
    plain = headers["authorization"].removeprefix("Bearer ")
    away = {"x-forwarded-for": "10.0.0.1"}
    for name in ("key", "api_key"):
        assert (await api.get(f"/v1/models?{name}={plain}", headers=away)).status_code == 401
        url = str(api.base_url).replace("http", "ws") + "/ws/chat"
        async with connect(f"{url}?{name}={plain}", additional_headers=away) as socket:
            await socket.send(json.dumps({"type": "message", "text": "hi"}))
            assert json.loads(await socket.recv())["type"] == "start"
        with pytest.raises(InvalidStatus):
            await connect(f"{url}?{name}=serai-wrong", additional_headers=away)
    assert plain not in caplog.text and "serai-wrong" not in caplog.text


async def test_revoking_when_nothing_is_open_is_quiet(api: Api) -> None:
    key, headers = await made(api, "infer")
    assert (await api.get("/v1/models", headers=headers)).status_code == 200
    await api.services.keys.revoke(key)
    assert api.services.gate._held == {}
