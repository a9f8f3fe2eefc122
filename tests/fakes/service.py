"""A remote service on loopback that speaks OpenAI's HTTP and SSE as an outside server does, with its faults."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

KEY = "key-of-the-tests"
MODEL = "org/beacon-7b"
Refusal = tuple[int, Any, dict[str, str]]


@dataclass
class FakeService:
    """Answers every chat with `words`, one chunk each, up to max_tokens. `refuse` is answered instead (status, body,
    headers), `refuse_key` to whoever shows that key; `models_for` is what that key's account has; `heard` is told the
    body and the key of each chat; `cut_after` words the connection breaks, `raw_after` words `raw` follows, byte by
    byte with `drip_s` between, and then nothing more. `asked` keeps the bodies, `shown` the keys, `traced` the
    traces, `active` counts running answers."""

    words: list[str] = field(default_factory=lambda: ["light "] * 400)
    keys: tuple[str, ...] = (KEY,)
    models: list[dict[str, Any]] = field(default_factory=lambda: [{"id": MODEL, "object": "model"}])
    refuse: Refusal | None = None
    refuse_key: dict[str, Refusal] = field(default_factory=dict)
    models_for: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    heard: Callable[[dict[str, Any], str], None] = lambda _body, _key: None
    cut_after: int | None = None
    raw_after: int | None = None
    raw: bytes = b""
    drip_s: float = 0.0
    streams: bool = True
    url: str = ""
    active: int = 0
    asked: list[dict[str, Any]] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    traced: list[str] = field(default_factory=list)

    async def list(self, request: web.Request) -> web.Response:
        return self._denied(request) or self._refused(request) or self._listed(request)

    async def chat(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if (denied := self._denied(request) or self._unknown(body)) is not None:
            return denied
        self.asked.append(body)
        self.heard(body, self._key(request))
        self.traced.append(request.headers.get("traceparent", ""))
        if (refused := self._refused(request)) is not None:
            return refused
        self.active += 1
        try:
            limit = body.get("max_tokens") or body.get("max_completion_tokens") or len(self.words)
            if not body.get("stream") or not self.streams:
                return web.json_response(self._whole(limit, "messages" in body))
            return await self._stream(request, limit, "messages" in body)
        finally:
            self.active -= 1

    async def embed(self, request: web.Request) -> web.Response:
        body = await request.json()
        if (denied := self._denied(request) or self._refused(request)) is not None:
            return denied
        self.asked.append(body)
        texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
        rows = [{"index": n, "embedding": [3.0, 4.0]} for n in range(len(texts))][::-1]
        return web.json_response({"data": rows, "usage": {"prompt_tokens": 4, "total_tokens": 4}})

    async def rerank(self, request: web.Request) -> web.Response:
        body = await request.json()
        if (denied := self._denied(request) or self._refused(request)) is not None:
            return denied
        self.asked.append(body)
        results = [{"index": n, "relevance_score": n / 10} for n in range(len(body["documents"]))]
        return web.json_response({"results": results, "usage": {"total_tokens": 6}})

    def _listed(self, request: web.Request) -> web.Response:
        account = self.models_for.get(self._key(request))
        return web.json_response(self._list() if account is None else {"object": "list", "data": account})

    def _list(self) -> dict[str, Any]:
        return {"object": "list", "data": self.models}

    def _key(self, request: web.Request) -> str:
        return request.headers.get("authorization", "").removeprefix("Bearer ")

    def _denied(self, request: web.Request) -> web.Response | None:
        self.shown.append(self._key(request))
        if self._key(request) in self.keys or not self.keys:
            return None
        error = {"message": "Incorrect API key provided.", "code": "invalid_api_key"}
        return web.json_response({"error": error}, status=401)

    def _unknown(self, body: dict[str, Any]) -> web.Response | None:
        if body["model"] in [model["id"] for model in self.models]:
            return None
        return web.json_response({"error": {"message": f"The model {body['model']} does not exist"}}, status=404)

    def _refused(self, request: web.Request) -> web.Response | None:
        refusal = self.refuse_key.get(self._key(request)) or self.refuse
        if refusal is None:
            return None
        status, body, headers = refusal
        return web.json_response(body, status=status, headers=headers)

    def _whole(self, limit: int, chat: bool) -> dict[str, Any]:
        words = self.words[:limit]
        said = {"message": {"content": "".join(words)}} if chat else {"text": "".join(words)}
        choice = {"index": 0, "finish_reason": _finish(words, limit), **said}
        return {"choices": [choice], "usage": _usage(words)}

    async def _stream(self, request: web.Request, limit: int, chat: bool) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        words = self.words[:limit]
        for number, word in enumerate(words):
            if number == self.cut_after:
                assert request.transport is not None
                request.transport.abort()
                return response
            if number == self.raw_after:
                return await self._drip(response)
            piece = {"delta": {"content": word}} if chat else {"text": word}
            await response.write(_event({"choices": [{"index": 0, **piece}]}))
            await asyncio.sleep(0.005)
        end = {"delta": {}} if chat else {"text": ""}
        choice = {"index": 0, "finish_reason": _finish(words, limit), **end}
        await response.write(_event({"choices": [choice]}))
        await response.write(_event({"choices": [], "usage": _usage(words)}) + b"data: [DONE]\n\n")
        return response

    async def _drip(self, response: web.StreamResponse) -> web.StreamResponse:
        for part in [self.raw] if not self.drip_s else [bytes([byte]) for byte in self.raw]:
            await response.write(part)
            await asyncio.sleep(self.drip_s)
        await asyncio.Event().wait()
        return response


@asynccontextmanager
async def serving(service: FakeService) -> AsyncIterator[FakeService]:
    """Runs it on a free loopback port; `url` is where its `/v1` lies."""
    app = web.Application()
    posts = {"chat/completions": service.chat, "completions": service.chat, "embeddings": service.embed}
    app.add_routes([web.get("/base/v1/models", service.list), web.post("/base/v1/rerank", service.rerank)])
    app.add_routes([web.post(f"/base/v1/{path}", answer) for path, answer in posts.items()])
    async with running(app) as origin:
        service.url = f"{origin}/base"
        yield service


@asynccontextmanager
async def running(app: web.Application) -> AsyncIterator[str]:
    """An app on a free loopback port; gives its origin."""
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        host, port = runner.addresses[0][:2]
        yield f"http://{host}:{port}"
    finally:
        await runner.cleanup()


def _finish(words: list[str], limit: int) -> str:
    return "stop" if len(words) < limit else "length"


def _usage(words: list[str]) -> dict[str, Any]:
    return {"prompt_tokens": 5, "completion_tokens": len(words)}


def _event(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"
