"""A remote service on loopback that speaks OpenAI's HTTP and SSE as an outside server does, with its faults."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

KEY = "key-of-the-tests"
MODEL = "org/beacon-7b"


@dataclass
class FakeService:
    """Answers every chat with `words`, one chunk each, up to max_tokens. `refuse` is answered instead (status, body,
    headers); `cut_after` words the connection breaks. `asked` keeps the bodies, `active` counts running answers."""

    words: list[str] = field(default_factory=lambda: ["light "] * 400)
    refuse: tuple[int, Any, dict[str, str]] | None = None
    cut_after: int | None = None
    url: str = ""
    active: int = 0
    asked: list[dict[str, Any]] = field(default_factory=list)

    async def models(self, request: web.Request) -> web.Response:
        return _denied(request) or web.json_response({"object": "list", "data": [{"id": MODEL, "object": "model"}]})

    async def chat(self, request: web.Request) -> web.StreamResponse:
        if (denied := _denied(request)) is not None:
            return denied
        body = await request.json()
        if body["model"] != MODEL:
            return web.json_response({"error": {"message": f"The model {body['model']} does not exist"}}, status=404)
        self.asked.append(body)
        if self.refuse is not None:
            status, body, headers = self.refuse
            return web.json_response(body, status=status, headers=headers)
        self.active += 1
        try:
            return await self._stream(request, body.get("max_tokens") or len(self.words))
        finally:
            self.active -= 1

    async def _stream(self, request: web.Request, limit: int) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        words = self.words[:limit]
        for number, word in enumerate(words):
            if number == self.cut_after:
                assert request.transport is not None
                request.transport.abort()
                return response
            await response.write(_event({"choices": [{"index": 0, "delta": {"content": word}}]}))
            await asyncio.sleep(0.005)
        finish = "stop" if len(words) < limit else "length"
        usage = {"prompt_tokens": 5, "completion_tokens": len(words)}
        await response.write(_event({"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}))
        await response.write(_event({"choices": [], "usage": usage}) + b"data: [DONE]\n\n")
        return response


@asynccontextmanager
async def serving(service: FakeService) -> AsyncIterator[FakeService]:
    """Runs it on a free loopback port; `url` is where its `/v1` lies."""
    app = web.Application()
    app.add_routes([web.get("/base/v1/models", service.models), web.post("/base/v1/chat/completions", service.chat)])
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        service.url = f"http://{host}:{port}/base"
        yield service
    finally:
        await runner.cleanup()


def _denied(request: web.Request) -> web.Response | None:
    if request.headers.get("authorization") == f"Bearer {KEY}":
        return None
    return web.json_response(
        {"error": {"message": "Incorrect API key provided.", "code": "invalid_api_key"}}, status=401
    )


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"
