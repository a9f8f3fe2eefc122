"""Cloudflare Workers AI on loopback: its envelope around everything, as its own client speaks to it."""

from __future__ import annotations

import asyncio
import base64
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from tests.fakes import pictures
from tests.fakes.service import FakeService, running

ACCOUNT = "acc1"
MODEL = "@cf/meta/tiny-instruct"
PNG = pictures.png()
MP3 = b"\xff\xfb\x90\x64" + b"\0" * 64
"""Its beginning says 44,100 samples a second."""


def row(name: str, task: str = "Text Generation", **properties: Any) -> dict[str, Any]:
    about = [{"property_id": key, "value": value} for key, value in properties.items()]
    return {"id": name, "name": name, "task": {"id": "t", "name": task}, "properties": about}


WORDS = [{"word": "hello", "start": 0.0, "end": 0.5}, {"word": "there", "start": 0.5, "end": 1.0}]
SEGMENT = {"text": "hello there", "start": 0.0, "end": 1.0, "words": WORDS}
RESULTS: dict[str, Any] = {
    "embed": {"shape": [2, 2], "data": [[3.0, 4.0], [3.0, 4.0]]},
    "rerank": {"response": [{"id": 0, "score": 0.1}, {"id": 1, "score": 0.9}]},
    "sentiment": [{"label": "NEGATIVE", "score": 0.25}, {"label": "POSITIVE", "score": 0.75}],
    "m2m": {"translated_text": "bonjour"},
    "bart": {"summary": "short"},
    "flux-1-schnell": {"image": base64.b64encode(PNG).decode()},
    "resnet": [{"label": "cat", "score": 0.5}, {"label": "dog", "score": 0.25}],
    "detr": [{"label": "cat", "score": s, "box": {"xmin": 1, "ymin": 2, "xmax": 3, "ymax": 4}} for s in (0.9, 0.1)],
    "uform": {"description": "a caravan"},
    "turbo": {"text": "hello there", "segments": [SEGMENT], "transcription_info": {"language": "en", "duration": 1.0}},
    "whisper": {"text": "hello there", "word_count": 2, "words": WORDS},
    "nova": {"results": {"channels": [{"alternatives": [{"transcript": "hello there", "words": WORDS}]}]}},
    "melotts": {"audio": base64.b64encode(MP3).decode()},
}
"""What it answers, by a word in the model's name."""

BARE = {"img2img": (PNG, "image/png"), "diffusion": (PNG, "image/png"), "aura": (MP3, "audio/mpeg")}
"""What comes without an envelope."""


@dataclass
class FakeCloudflare(FakeService):
    """Answers as the model's name says; `accounts` are those that a key sees, unless `accounts_of` has others for it.
    `asked` are bodies, or bytes."""

    models: list[dict[str, Any]] = field(default_factory=lambda: [row(MODEL, context_window="8192")])
    accounts: tuple[str, ...] = (ACCOUNT,)
    accounts_of: dict[str, str] = field(default_factory=dict)
    asked: list[Any] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)

    async def list(self, request: web.Request) -> web.Response:
        if (denied := self._stopped(request)) is not None:
            return denied
        page, size = int(request.query.get("page", 1)), int(request.query.get("per_page", 20))
        rows = self.models[(page - 1) * size : page * size]
        return web.json_response(envelope(rows, result_info={"page": page, "count": len(rows)}))

    async def whose(self, request: web.Request) -> web.Response:
        first = request.query.get("page", "1") == "1"
        own = self.accounts_of.get(self._key(request))
        rows = [{"id": one, "name": one} for one in ((own,) if own else self.accounts)] if first else []
        return self._stopped(request, account=False) or web.json_response(envelope(rows))

    async def chat(self, request: web.Request) -> web.StreamResponse:
        return self._stopped(request) or await super().chat(request)

    async def run(self, request: web.Request) -> web.StreamResponse:
        if (denied := self._stopped(request)) is not None:
            return denied
        name = request.match_info["model"]
        if name not in [model["name"] for model in self.models]:
            return problem(400, 5007, f"No such model {name} or task")
        self.kinds.append(request.content_type)
        body = await request.json() if request.content_type == "application/json" else await request.read()
        self.asked.append(body)
        for word, (content, kind) in BARE.items():
            if word in name:
                return web.Response(body=content, content_type=kind)
        for word, result in RESULTS.items():
            if word in name:
                return web.json_response(envelope(result))
        return await self._text(request, body)

    async def _text(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        words = self.words[: body.get("max_tokens", 256)]
        if not body.get("stream"):
            return web.json_response(envelope({"response": "".join(words), "usage": _usage(words)}))
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        self.active += 1
        try:
            for number, word in enumerate(words):
                if number == self.cut_after:
                    assert request.transport is not None
                    request.transport.abort()
                    return response
                if number == self.raw_after:
                    return await self._drip(response)
                await response.write(event({"response": word, "p": "abc"}))
                await asyncio.sleep(0.005)
            await response.write(event({"response": "", "usage": _usage(words)}) + b"data: [DONE]\n\n")
        finally:
            self.active -= 1
        return response

    def _unknown(self, body: dict[str, Any]) -> web.Response | None:
        known = body["model"] in [model["name"] for model in self.models]
        return None if known else problem(400, 5007, f"No such model {body['model']} or task")

    def _denied(self, request: web.Request) -> web.Response | None:
        return problem(401, 10000, "Authentication error") if super()._denied(request) is not None else None

    def _stopped(self, request: web.Request, *, account: bool = True) -> web.Response | None:
        denied = self._denied(request) or self._refused(request)
        there = self.accounts_of.get(self._key(request), ACCOUNT)
        if denied is None and account and request.match_info["account"] != there:
            return problem(404, 7003, f"Could not route to {request.path}")
        return denied


def envelope(result: Any, **more: Any) -> dict[str, Any]:
    return {"result": result, "success": True, "errors": [], "messages": [], **more}


def failed(code: int, words: str) -> dict[str, Any]:
    return {"result": None, "success": False, "errors": [{"code": code, "message": words}], "messages": []}


def problem(status: int, code: int, words: str) -> web.Response:
    return web.json_response(failed(code, words), status=status)


def event(data: dict[str, Any]) -> bytes:
    return b"data: " + json.dumps(data).encode() + b"\n\n"


def _usage(words: list[str]) -> dict[str, int]:
    return {"prompt_tokens": 5, "completion_tokens": len(words), "total_tokens": 5 + len(words)}


@asynccontextmanager
async def serving(service: FakeCloudflare) -> AsyncIterator[FakeCloudflare]:
    """Runs it on a free loopback port; `url` is where the API begins."""
    app = web.Application(client_max_size=1 << 26)
    below = "/client/v4/accounts/{account}/ai"
    app.add_routes([web.get("/client/v4/accounts", service.whose), web.get(f"{below}/models/search", service.list)])
    app.add_routes([web.post(f"{below}/run/{{model:.+}}", service.run)])
    app.add_routes([web.post(f"{below}/v1/chat/completions", service.chat)])
    async with running(app) as origin:
        service.url = f"{origin}/client/v4"
        yield service
