"""Ollama on loopback: lines of JSON, as its own client speaks to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from tests.fakes.service import FakeService, running

CALL = {"function": {"name": "look", "arguments": {"at": "sea"}}}


@dataclass
class FakeOllama(FakeService):
    """Says `words`, one a line, after `thinking`; at the end it calls `tools`."""

    keys: tuple[str, ...] = ()
    thinking: str = ""
    tools: list[dict[str, Any]] = field(default_factory=list)

    async def tags(self, request: web.Request) -> web.Response:
        return self._refused(request) or web.json_response(
            {"models": [{"name": name, "model": name} for name in ("tiny:latest", "big:7b")]}
        )

    async def answer(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if body["model"] not in ("tiny", "big:7b"):
            return web.json_response({"error": f"model '{body['model']}' not found"}, status=404)
        self.asked.append(body)
        limit = body.get("options", {}).get("num_predict", len(self.words))
        response = web.StreamResponse(headers={"content-type": "application/x-ndjson"})
        await response.prepare(request)
        self.active += 1
        try:
            await self._say(request, response, self.words[:limit], "messages" in body)
        finally:
            self.active -= 1
        return response

    async def _say(self, request: web.Request, response: web.StreamResponse, words: list[str], chat: bool) -> None:
        async def line(text: str = "", **more: Any) -> None:
            said = {"message": {"role": "assistant", "content": text, **more}} if chat else {"response": text}
            await response.write(json.dumps({"model": "tiny", **said, "done": False}).encode() + b"\n")

        if self.thinking:
            await line(thinking=self.thinking)
        for number, word in enumerate(words):
            if number == self.cut_after:
                assert request.transport is not None
                request.transport.abort()
                return
            if number == self.raw_after:
                await response.write(self.raw)
                return
            await line(word)
            await asyncio.sleep(0.005)
        for call in self.tools:
            await line(tool_calls=[call])
        reason = "stop" if len(words) == len(self.words) else "length"
        counts = {"prompt_eval_count": 5, "eval_count": len(words), "eval_duration": 10_000_000}
        end = {"message": {"role": "assistant", "content": ""}} if chat else {"response": ""}
        await response.write(
            json.dumps({"model": "tiny", **end, "done": True, "done_reason": reason, **counts}).encode()
        )
        await response.write(b"\n")

    async def vectors(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.asked.append(body)
        texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
        return web.json_response({"model": "tiny", "embeddings": [[3.0, 4.0]] * len(texts), "prompt_eval_count": 4})


@asynccontextmanager
async def serving(service: FakeOllama) -> AsyncIterator[FakeOllama]:
    """Runs it on a free loopback port."""
    app = web.Application()
    app.add_routes([web.get("/api/tags", service.tags), web.post("/api/embed", service.vectors)])
    app.add_routes([web.post(f"/api/{path}", service.answer) for path in ("chat", "generate")])
    async with running(app) as service.url:
        yield service
