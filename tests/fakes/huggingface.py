"""Hugging Face's router and a dedicated Endpoint on loopback, as `huggingface_hub` speaks to them."""

from __future__ import annotations

import contextlib
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from tests.fakes.hub_tasks import ANSWERS, IN_BASE64, PICTURE, SOUND, File
from tests.fakes.service import FakeService, running

MODEL = "acme/tiny-llm"
PRICE = {"input": 0.2, "output": 0.6}
_LIVE = {"provider": "together", "status": "live", "context_length": 4096, "pricing": PRICE}
ROW = {"id": MODEL, "providers": [_LIVE, {"provider": "groq", "status": "error", "context_length": 8}]}


@dataclass
class FakeRouter(FakeService):
    """The router: chats as any service that speaks OpenAI's language, vectors at its own address. `files` is another
    host, where what providers made lies; `fetched` are the keys that it was shown."""

    models: list[dict[str, Any]] = field(default_factory=lambda: [ROW])
    mapping: dict[str, Any] = field(default_factory=dict)
    looked: list[str] = field(default_factory=list)
    files: str = ""
    fetched: list[str] = field(default_factory=list)

    async def hub(self, request: web.Request) -> web.Response:
        """The hub's own answer about a model. `acme/TASK` is run by hf-inference, others by whom `mapping` says."""
        model = request.match_info["model"]
        self.looked.append(request.headers.get("authorization", ""))
        if request.query.get("expand") != "inferenceProviderMapping":
            return web.json_response({"id": model})
        task = model.removeprefix("acme/")
        own = {"hf-inference": {"status": "live", "providerId": model, "task": task}} if task in ANSWERS else {}
        mapping = self.mapping.get(model, own)
        if not mapping and model != MODEL:
            return web.json_response({"error": "Invalid username or password."}, status=401)
        return web.json_response({"id": model, "inferenceProviderMapping": mapping})

    async def task(self, request: web.Request) -> web.Response:
        """hf-inference: the model's own task, asked with JSON or with a file as the whole body."""
        if (denied := self._denied(request) or self._refused(request)) is not None:
            return denied
        return await answered(self, request, request.match_info["task"])

    async def behind(self, request: web.Request) -> web.Response:
        """Another provider behind the router."""
        self.asked.append({"path": request.path, **(await request.json())})
        denied = self._denied(request) or self._refused(request)
        answer = json.dumps(BEHIND[request.path]).replace("FILES", self.files)
        return denied or web.json_response(text=answer)

    async def kept(self, request: web.Request) -> web.Response:
        """What lies at another host, for everybody who knows where."""
        self.fetched.append(request.headers.get("authorization", ""))
        file = {"picture": (PICTURE, "image/png"), "sound": (SOUND, "audio/wav")}.get(request.match_info["file"])
        return web.Response(status=404) if file is None else web.Response(body=file[0], content_type=file[1])

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


BEHIND: dict[str, Any] = {
    "/together/v1/images/generations": {"data": [{"b64_json": IN_BASE64}]},
    "/nscale/v1/images/generations": {"data": [{"b64_json": IN_BASE64}]},
    "/fal-ai/fal-ai/flux/schnell": {"images": [{"url": f"data:image/png;base64,{IN_BASE64}"}]},
    "/fal-ai/elsewhere": {"images": [{"url": "FILES/picture"}]},
    "/fal-ai/nowhere": {"images": [{"url": "FILES/nowhere"}]},
    "/fal-ai/speaks": {"audio": {"url": "FILES/sound"}},
    "/replicate/v1/models/acme/painter/predictions": {"status": "succeeded", "output": ["FILES/picture"]},
    "/replicate/v1/predictions": {"status": "succeeded", "output": "FILES/sound"},
    "/replicate/v1/models/acme/broken/predictions": {"status": "failed", "error": "Out of paint.", "output": None},
    "/replicate/v1/models/acme/slow/predictions": {"status": "processing", "output": None},
    "/fal-ai/fal-ai/whisper": {"text": "The inn is open."},
    "/deepinfra/v1/openai/embeddings": {"data": [{"index": 0, "embedding": [3.0, 4.0]}]},
    "/together/v1/completions": {"choices": [{"text": "a", "finish_reason": "stop"}]},
}


async def answered(twin: FakeService, request: web.Request, task: str) -> web.Response:
    """A container's answer to its task."""
    kind, content = request.content_type, await request.read()
    is_json = content[:1] == b"{"
    twin.asked.append(json.loads(content) if is_json else {"kind": kind, "content": content})
    answer = ANSWERS[task]
    if isinstance(answer, File):
        return web.Response(body=answer.content, content_type=answer.kind)
    return web.json_response(answer)


@dataclass
class FakeEndpoint(FakeService):
    """A container that knows no chat. `bare` answers one object where others answer a list."""

    bare: bool = False
    repeats: bool = False
    says: str = " I rest.\nUser: and then"
    does: str = "text-generation"
    about: dict[str, Any] | None = None

    async def generate(self, request: web.Request) -> web.Response:
        if (denied := self._denied(request) or self._refused(request)) is not None:
            return denied
        if self.does != "text-generation":
            return await answered(self, request, self.does)
        body = await request.json()
        self.asked.append(body)
        row = {"generated_text": (body["inputs"] if self.repeats else "") + self.says}
        return web.json_response(row if self.bare else [row])

    async def info(self, request: web.Request) -> web.Response:
        return self._denied(request) or web.json_response(self.about or {}, status=200 if self.about else 404)

    async def rank(self, request: web.Request) -> web.Response:
        body = await request.json()
        self.asked.append(body)
        rows = [{"index": n, "score": n / 10} for n in range(len(body["texts"]))]
        return self._denied(request) or web.json_response(rows)


@asynccontextmanager
async def serving(service: FakeRouter | FakeEndpoint) -> AsyncIterator[FakeService]:
    """Runs it; `url` is the router's `/v1`, or the Endpoint itself."""
    app = web.Application()
    if isinstance(service, FakeEndpoint):
        app.add_routes([web.post("/", service.generate), web.get("/info", service.info)])
        app.add_routes([web.post("/rerank", service.rank)])
    else:
        app.add_routes([web.get("/v1/models", service.list), web.post("/v1/chat/completions", service.chat)])
        path = f"/hf-inference/models/{MODEL}/pipeline/feature-extraction"
        app.add_routes([web.post(path, service.vectors), web.get("/api/models/{model:.+}", service.hub)])
        app.add_routes([web.post("/hf-inference/models/acme/{task:[^/]+}", service.task)])
        app.add_routes([web.post("/hf-inference/models/acme/{task:[^/]+}/pipeline/feature-extraction", service.task)])
        app.add_routes([web.post(path, service.behind) for path in BEHIND])
    async with contextlib.AsyncExitStack() as stack:
        if isinstance(service, FakeRouter):
            files = web.Application()
            files.add_routes([web.get("/{file}", service.kept)])
            service.files = await stack.enter_async_context(running(files))
        origin = await stack.enter_async_context(running(app))
        service.url = origin if isinstance(service, FakeEndpoint) else f"{origin}/v1"
        yield service


def _error(status: int) -> web.Response:
    return web.json_response({"error": {"message": "no such provider"}}, status=status)
