"""Hugging Face's router and a dedicated Endpoint on loopback, as `huggingface_hub` speaks to them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from tests.fakes.service import FakeService, running

MODEL = "acme/tiny-llm"
_LIVE = {"provider": "together", "status": "live", "context_length": 4096}
ROW = {"id": MODEL, "providers": [_LIVE, {"provider": "groq", "status": "error", "context_length": 8}]}


@dataclass
class FakeRouter(FakeService):
    """The router: chats as any service that speaks OpenAI's language, vectors at its own address."""

    models: list[dict[str, Any]] = field(default_factory=lambda: [ROW])

    def _unknown(self, body: dict[str, Any]) -> web.Response | None:
        model, _, provider = body["model"].partition(":")
        return super()._unknown({"model": model}) if provider in ("", "together", "fastest") else _error(404)

    async def vectors(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.asked.append(body)
        texts = body["inputs"]
        return self._denied(request) or web.json_response(
            [3.0, 4.0] if isinstance(texts, str) else [[3.0, 4.0]] * len(texts)
        )


@dataclass
class FakeEndpoint(FakeService):
    """A container that knows no chat. `bare` answers one object where others answer a list."""

    bare: bool = False
    repeats: bool = False
    says: str = " I rest.\nUser: and then"

    async def generate(self, request: web.Request) -> web.Response:
        if (denied := self._denied(request) or self._refused(request)) is not None:
            return denied
        body = await request.json()
        self.asked.append(body)
        row = {"generated_text": (body["inputs"] if self.repeats else "") + self.says}
        return web.json_response(row if self.bare else [row])


@asynccontextmanager
async def serving(service: FakeRouter | FakeEndpoint) -> AsyncIterator[FakeService]:
    """Runs it; `url` is the router's `/v1`, or the Endpoint itself."""
    app = web.Application()
    if isinstance(service, FakeEndpoint):
        app.add_routes([web.post("/", service.generate)])
    else:
        app.add_routes([web.get("/v1/models", service.list), web.post("/v1/chat/completions", service.chat)])
        path = f"/hf-inference/models/{MODEL}/pipeline/feature-extraction"
        app.add_routes([web.post(path, service.vectors)])
    async with running(app) as origin:
        service.url = origin if isinstance(service, FakeEndpoint) else f"{origin}/v1"
        yield service


def _error(status: int) -> web.Response:
    return web.json_response({"error": {"message": "no such provider"}}, status=status)
