"""The routes of the cache."""

from __future__ import annotations

import asyncio

from tests.fakes.scripted import MODEL
from tests.fakes.waiting import until

from serai.backend import collect
from serai.types import CHAT, Call, Wishes


async def test_what_is_kept_is_shown_and_forgotten(api) -> None:  # type: ignore[no-untyped-def]
    call = Call(task=CHAT, model="scripted", inputs={}, settings={"seed": 1}, wishes=Wishes(cache=True))
    await collect(api.services.cache.cached(call, MODEL, lambda: api.backend.run(call)))
    assert (await api.services.cache.lookup(call, MODEL)) is not None
    shown = (await api.get("/api/v1/cache")).json()
    assert (shown["enabled"], shown["entries"], shown["misses"], shown["hits"]) == ("tasks", 1, 1, 0)
    assert (await api.delete("/api/v1/cache")).status_code == 204
    assert (await api.get("/api/v1/cache")).json()["entries"] == 0
    assert (await api.services.cache.lookup(call, MODEL)) is None


async def test_the_same_chat_is_answered_once_in_every_dialect(make_api) -> None:  # type: ignore[no-untyped-def]
    api = await make_api(cache_enabled="all")
    asked = {"temperature": 0, "model": "scripted"}
    first = (await api.chat(**asked)).json()
    second = (await api.chat(**asked)).json()
    streamed = (await api.chat(**asked, stream=True)).text
    assert len(api.backend.calls) == 1
    assert second["choices"] == first["choices"]
    assert (first["serai"]["from_cache"], second["serai"]["from_cache"], second["serai"]["cost"]) == (False, True, 0.0)
    assert second["serai"]["answerer"] == first["serai"]["answerer"]
    assert second["serai"]["tokens_per_second"] is None
    assert '"content":"Hello there"' in streamed and '"finish_reason":"stop"' in streamed and "[DONE]" in streamed
    told = {"model": "scripted", "messages": [{"role": "user", "content": "hi"}], "temperature": 0, "max_tokens": 9}
    texts = [(await api.post("/v1/messages", json=told)).json()["content"] for _ in range(2)]
    assert texts[0] == texts[1] and len(api.backend.calls) == 2


async def test_who_waits_for_the_same_call_can_be_stopped(make_api) -> None:  # type: ignore[no-untyped-def]
    gate = asyncio.Event()
    api = await make_api(gate, "late", cache_enabled="all")
    first, second = (asyncio.create_task(api.chat(temperature=0, model="scripted")) for _ in range(2))
    await until(lambda: len(api.services.router.live()) == 2 and bool(api.backend.calls))
    waiting = next(live for live in api.services.router.live() if live.call.id != api.backend.calls[0].id)
    assert api.services.router.cancel(waiting.call.id)
    stopped = await second
    assert stopped.json()["choices"][0]["message"]["content"] == ""
    gate.set()
    assert (await first).json()["choices"][0]["message"]["content"] == "late"
