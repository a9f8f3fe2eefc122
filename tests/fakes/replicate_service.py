"""Replicate on loopback: predictions that are worked on apart from the requests that made them, as its own client
speaks to it."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
import json
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientError, ClientSession, web
from tests.fakes import pictures
from tests.fakes.service import FakeService, running

MODEL = "acme/tiny-instruct"
VERSION = "f" * 64
PNG = pictures.png()
TEXT = {
    "type": "array",
    "items": {"type": "string"},
    "x-cog-array-type": "iterator",
    "x-cog-array-display": "concatenate",
}
FILE = {"type": "array", "items": {"type": "string", "format": "uri"}}
SECRET = "whsec_" + base64.b64encode(b"k" * 24).decode()
_STEP_S = 0.005


def row(name: str, *inputs: str, output: Any = TEXT, official: bool = True, **typed: Any) -> dict[str, Any]:
    """A model that takes these inputs; `typed` are those of a certain type."""
    owner, _, short = name.partition("/")
    properties = {one: {"type": "number"} for one in inputs} | typed
    schema = {"components": {"schemas": {"Input": {"type": "object", "properties": properties}, "Output": output}}}
    version = {"id": VERSION, "created_at": "2026-01-01T00:00:00Z", "cog_version": "1", "openapi_schema": schema}
    about = {"url": f"https://replicate.example/{name}", "visibility": "public", "run_count": 1, "description": ""}
    return {"owner": owner, "name": short, "is_official": official, "latest_version": version, **about}


TINY = row(MODEL, "prompt", "max_tokens", "temperature", "system_prompt", stop_sequences={"type": "string"})


@dataclass
class FakeReplicate(FakeService):
    """Writes `words`, one a moment, or makes `output` in one piece. `fails` and `stops` are how a prediction ends
    without an answer; `streams` is whether it can be read as it comes, at `far` if that is set. `moments` pass before
    an output that is made in one piece; `others` are models that no collection holds."""

    models: list[dict[str, Any]] = field(default_factory=lambda: [TINY])
    others: list[dict[str, Any]] = field(default_factory=list)
    output: Any = None
    fails: str = ""
    stops: bool = False
    moments: int = 3
    far: str = ""
    stuck: bool = False
    busy: int = 0
    predictions: dict[str, dict[str, Any]] = field(default_factory=dict)
    works: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    posted: list[tuple[str, str]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    told: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    forgotten: list[str] = field(default_factory=list)

    async def collection(self, request: web.Request) -> web.Response:
        if (denied := self._denied(request) or self._refused(request)) is not None:
            return denied
        if request.match_info["name"] != "language-models":
            return problem(404, "Not found")
        return web.json_response({"name": "x", "slug": "language-models", "description": "", "models": self.models})

    async def model(self, request: web.Request) -> web.Response:
        if (denied := self._denied(request) or self._refused(request)) is not None:
            return denied
        found = self._find(f"{request.match_info['owner']}/{request.match_info['name']}")
        if found is None or request.match_info.get("version", VERSION) != VERSION:
            return problem(404, "The requested resource could not be found.")
        return web.json_response(found["latest_version"] if "version" in request.match_info else found)

    async def create(self, request: web.Request) -> web.Response:
        body = await request.json()
        if (denied := self._denied(request) or self._refused(request)) is not None:
            return denied
        if body.get("version", VERSION) != VERSION:
            return problem(422, "The specified version does not exist", title="Invalid version")
        self.asked.append(body)
        self.posted.append((request.path, request.headers.get("prefer", "")))
        made = self._new(body, str(request.url.origin()))
        work = self.works[made["id"]] = asyncio.create_task(self._work(made))
        if request.headers.get("prefer", "").startswith("wait"):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(asyncio.shield(work), 0.2)
        return web.json_response(made, status=201)

    async def show(self, request: web.Request) -> web.Response:
        self.busy -= 1
        if self.busy >= 0:
            return problem(429, "Request was throttled.")
        return self._denied(request) or web.json_response(self.predictions[request.match_info["id"]])

    async def cancel(self, request: web.Request) -> web.Response:
        if (denied := self._denied(request)) is not None:
            return denied
        made = self.predictions[request.match_info["id"]]
        self.cancelled.append(made["id"])
        self.works[made["id"]].cancel()
        made["status"] = "canceled"
        return web.json_response(made)

    async def stream(self, request: web.Request) -> web.StreamResponse:
        self.shown.append(self._key(request))
        made = self.predictions[request.match_info["id"]]
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        sent = 0
        while True:
            for word in (made["output"] or ())[sent:]:
                if sent == self.cut_after:
                    assert request.transport is not None
                    request.transport.abort()
                    return response
                if sent == self.raw_after:
                    return await self._drip(response)
                await response.write(event("output", word))
                sent += 1
            if made["status"] not in ("starting", "processing"):
                break
            await asyncio.sleep(_STEP_S)
        reason = {"succeeded": "{}", "canceled": '{"reason": "canceled"}'}.get(made["status"], '{"reason": "error"}')
        await response.write(event("done", reason))
        return response

    async def file(self, request: web.Request) -> web.Response:
        self.shown.append(self._key(request))
        return web.Response(body=PNG, content_type="image/png")

    async def keep(self, request: web.Request) -> web.Response:
        if (denied := self._denied(request)) is not None:
            return denied
        part = (await request.post())["content"]
        assert isinstance(part, web.FileField)
        name, content = uuid.uuid4().hex, part.file.read()
        self.files[name] = content
        about = {"id": name, "name": part.filename, "content_type": part.content_type, "size": len(content)}
        more = {"etag": "x", "checksums": {}, "metadata": {}, "created_at": "2026-01-01T00:00:00Z", "expires_at": None}
        return web.json_response(about | more | {"urls": {"get": f"{self.url}/files/{name}"}}, status=201)

    async def forget(self, request: web.Request) -> web.Response:
        self.forgotten.append(request.match_info["id"])
        return self._denied(request) or web.Response(status=204)

    def _new(self, body: dict[str, Any], origin: str) -> dict[str, Any]:
        name = uuid.uuid4().hex[:26]
        urls = {"get": f"{origin}/v1/predictions/{name}", "cancel": f"{origin}/v1/predictions/{name}/cancel"}
        if self.streams and self.output is None:
            urls["stream"] = f"{self.far or origin}/stream/{name}"
        times = {"created_at": "2026-01-01T00:00:00Z", "started_at": None, "completed_at": None}
        made = {"id": name, "model": MODEL, "version": "hidden", "input": body["input"], "status": "starting"}
        self.predictions[name] = made = made | times | {"output": None, "logs": "", "error": None, "urls": urls}
        made["webhook"] = body.get("webhook")
        made["output"] = [] if self.output is None else None
        return made

    async def _work(self, made: dict[str, Any]) -> None:
        self.active += 1
        try:
            await asyncio.sleep(_STEP_S)
            if self.stuck:
                await asyncio.Event().wait()
            made["status"] = "processing"
            words = self.words[: made["input"].get("max_tokens", len(self.words))] if self.output is None else []
            for word in words:
                made["output"].append(word)
                await asyncio.sleep(_STEP_S)
            for moment in range(self.moments):
                made["logs"] += f"{moment}|\n"
                await asyncio.sleep(_STEP_S)
            self._end(made, words)
            await self._tell(made)
        finally:
            self.active -= 1

    async def _tell(self, made: dict[str, Any]) -> None:
        """As Svix does it for Replicate; where nobody answers, it is only kept in `told`."""
        if not made["webhook"]:
            return
        body = json.dumps(made).encode()
        headers = signed(body)
        self.told.append((headers, body))
        with contextlib.suppress(ClientError):
            async with ClientSession() as session, session.post(made["webhook"], data=body, headers=headers):
                pass

    async def secret(self, request: web.Request) -> web.Response:
        return self._denied(request) or web.json_response({"key": SECRET})

    def _end(self, made: dict[str, Any], words: list[str]) -> None:
        if self.fails:
            made.update(status="failed", error=self.fails, output=None)
        elif self.stops:
            made["status"] = "canceled"
        else:
            counts = {"input_token_count": 5, "output_token_count": len(words), "predict_time": 0.1}
            made.update(status="succeeded", output=made["output"] if self.output is None else self.output)
            made["metrics"] = counts

    def _find(self, name: str) -> dict[str, Any] | None:
        return next(
            (model for model in (*self.models, *self.others) if f"{model['owner']}/{model['name']}" == name), None
        )

    def _denied(self, request: web.Request) -> web.Response | None:
        if super()._denied(request) is None:
            return None
        return problem(401, "You did not pass a valid authentication token", title="Unauthenticated")


def problem(status: int, detail: str, *, title: str = "", **more: Any) -> web.Response:
    return web.json_response(said(status, detail, title=title, **more), status=status)


def said(status: int, detail: str, **more: Any) -> dict[str, Any]:
    return {"detail": detail, "status": status, **more}


def signed(body: bytes, secret: str = SECRET, at: float | None = None, name: str = "") -> dict[str, str]:
    """The headers of a message that is sent now."""
    name, stamp = name or f"msg_{uuid.uuid4().hex}", str(int(time.time() if at is None else at))
    key = base64.b64decode(secret.removeprefix("whsec_"))
    digest = hmac.new(key, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
    signature = f"v1,AAAA v1,{base64.b64encode(digest).decode()}"
    return {"webhook-id": name, "webhook-timestamp": stamp, "webhook-signature": signature}


def event(name: str, data: str) -> bytes:
    lines = "".join(f"data: {line}\n" for line in data.split("\n"))
    return f"event: {name}\nid: 1\n{lines}\n".encode()


@asynccontextmanager
async def serving(service: FakeReplicate) -> AsyncIterator[FakeReplicate]:
    """Runs it on a free loopback port; `url` is where its `/v1` lies."""
    app = web.Application(client_max_size=1 << 26)
    model, prediction = "/v1/models/{owner}/{name}", "/v1/predictions/{id}"
    app.add_routes([web.get("/v1/collections/{name}", service.collection), web.get(model, service.model)])
    app.add_routes([web.get(f"{model}/versions/{{version}}", service.model)])
    app.add_routes([web.post(f"{model}/predictions", service.create), web.post("/v1/predictions", service.create)])
    app.add_routes([web.get(prediction, service.show), web.post(f"{prediction}/cancel", service.cancel)])
    app.add_routes([web.get("/stream/{id}", service.stream), web.get("/out/{name}", service.file)])
    app.add_routes([web.get("/v1/webhooks/default/secret", service.secret)])
    app.add_routes([web.post("/v1/files", service.keep), web.delete("/v1/files/{id}", service.forget)])
    async with running(app) as origin:
        service.url = f"{origin}/v1"
        try:
            yield service
        finally:
            for work in service.works.values():
                work.cancel()
            await asyncio.gather(*service.works.values(), return_exceptions=True)
