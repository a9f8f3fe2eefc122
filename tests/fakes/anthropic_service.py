"""Anthropic on loopback: messages as events, and a list in pages, as its own client speaks to it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from tests.fakes.service import FakeService, running

MODEL = "claude-tiny-1"
CALL = {"type": "tool_use", "id": "toolu_1", "name": "look", "input": {"at": "sea"}}
SIGNED = "c2lnbmVk"


def row(name: str, thinks: str = "adaptive", **more: Any) -> dict[str, Any]:
    """A model in the list, which thinks in one way alone, or not at all."""
    types = {kind: {"supported": kind in (thinks, "disabled")} for kind in ("adaptive", "enabled", "disabled")}
    said = {"type": "model", "id": name, "display_name": f"The {name}", "created_at": "2026-01-01T00:00:00Z"}
    limits = {"lifecycle": "active", "max_input_tokens": 200_000, "max_tokens": 64_000}
    return {**said, **limits, "capabilities": {"thinking": {"supported": bool(thinks), "types": types}}, **more}


@dataclass
class FakeAnthropic(FakeService):
    """Says `words`, one event each, after `thinking`; at the end it calls `tools`. `page` models fit on one page."""

    models: list[dict[str, Any]] = field(default_factory=lambda: [row(MODEL)])
    thinking: str = ""
    tools: list[dict[str, Any]] = field(default_factory=list)
    stop: str | None = None
    page: int = 1000
    cached: int = 0

    async def list(self, request: web.Request) -> web.Response:
        if (denied := self._denied(request) or self._refused(request)) is not None:
            return denied
        ids = [model["id"] for model in self.models]
        start = ids.index(request.query["after_id"]) + 1 if "after_id" in request.query else 0
        rows = self.models[start : start + self.page]
        told = {"first_id": rows[0]["id"], "last_id": rows[-1]["id"]} if rows else {}
        return web.json_response({"data": rows, "has_more": start + self.page < len(ids), **told})

    async def message(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        if (denied := self._denied(request) or self._unknown(body)) is not None:
            return denied
        self.asked.append(body)
        if (refused := self._refused(request) or _unfit(body)) is not None:
            return refused
        self.active += 1
        try:
            if not body.get("stream"):
                return web.json_response(self._message(body, [{"type": "text", "text": "".join(self.words)}]))
            return await self._events(request, body)
        finally:
            self.active -= 1

    def _key(self, request: web.Request) -> str:
        return request.headers.get("x-api-key") or super()._key(request)

    def _denied(self, request: web.Request) -> web.Response | None:
        self.shown.append(self._key(request))
        if self._key(request) not in self.keys:
            return error(401, "authentication_error", "invalid x-api-key")
        if request.headers.get("anthropic-version") not in ("2023-06-01", "2026-10-21"):
            return error(400, "invalid_request_error", "anthropic-version: header is required")
        return None

    def _unknown(self, body: dict[str, Any]) -> web.Response | None:
        known = body["model"] in [model["id"] for model in self.models]
        return None if known else error(404, "not_found_error", f"model: {body['model']}")

    def _message(self, body: dict[str, Any], content: Any, **more: Any) -> dict[str, Any]:
        head = {"id": "msg_1", "type": "message", "role": "assistant", "model": body["model"], "content": content}
        usage = {"input_tokens": 5, "cache_read_input_tokens": self.cached, "cache_creation_input_tokens": 1}
        end = {"stop_reason": "end_turn", "stop_sequence": None, "usage": {**usage, "output_tokens": len(self.words)}}
        return head | end | more

    def _blocks(self, words: list[str]) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
        """Each block as it begins, and its pieces."""
        thought = {"type": "thinking", "thinking": "", "signature": ""}
        pieces = [
            {"type": "thinking_delta", "thinking": self.thinking},
            {"type": "signature_delta", "signature": SIGNED},
        ]
        said = [{"type": "text_delta", "text": word} for word in words]
        blocks = [(thought, pieces)] if self.thinking else []
        blocks += [({"type": "text", "text": ""}, said)] if words else []
        for call in self.tools:
            text = json.dumps(call["input"]) if call["input"] else ""
            parts = [{"type": "input_json_delta", "partial_json": part} for part in (text[:3], text[3:])]
            blocks.append((call | {"input": {}}, parts))
        return blocks

    async def _events(self, request: web.Request, body: dict[str, Any]) -> web.StreamResponse:
        response = web.StreamResponse(headers={"content-type": "text/event-stream"})
        await response.prepare(request)
        words = self.words[: body["max_tokens"]]
        start = self._message(body, [], stop_reason=None)
        await response.write(event({"type": "message_start", "message": start}) + event({"type": "ping"}))
        said = 0
        for index, (block, pieces) in enumerate(self._blocks(words)):
            await response.write(event({"type": "content_block_start", "index": index, "content_block": block}))
            for piece in pieces:
                if said == self.cut_after:
                    assert request.transport is not None
                    request.transport.abort()
                    return response
                if said == self.raw_after:
                    return await self._drip(response)
                await response.write(event({"type": "content_block_delta", "index": index, "delta": piece}))
                said += 1
                await asyncio.sleep(0.005)
            await response.write(event({"type": "content_block_stop", "index": index}))
        await response.write(self._end(words, body["max_tokens"]))
        return response

    def _end(self, words: list[str], longest: int) -> bytes:
        reason = "tool_use" if self.tools else "max_tokens" if len(words) == longest else "end_turn"
        reason = "stop_sequence" if self.stop else reason
        delta = {"stop_reason": reason, "stop_sequence": self.stop}
        usage = {"output_tokens": len(words)}
        return event({"type": "message_delta", "delta": delta, "usage": usage}) + event({"type": "message_stop"})


def event(data: dict[str, Any]) -> bytes:
    return f"event: {data['type']}\ndata: {json.dumps(data)}\n\n".encode()


def error(status: int, kind: str, words: str) -> web.Response:
    return web.json_response(problem(kind, words), status=status)


def problem(kind: str, words: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": words}, "request_id": "req_1"}


def _unfit(body: dict[str, Any]) -> web.Response | None:
    """What the service checks of a request before anything else."""
    if not isinstance(body.get("max_tokens"), int):
        return error(400, "invalid_request_error", "max_tokens: Field required")
    waiting: set[str] = set()
    for message in body["messages"]:
        blocks = message["content"] if isinstance(message["content"], list) else []
        answered = {block["tool_use_id"] for block in blocks if block["type"] == "tool_result"}
        if message["role"] not in ("user", "assistant") or waiting - answered:
            return error(400, "invalid_request_error", "messages: tool_use without tool_result right after it")
        if any(block["type"] == "text" and not block["text"] for block in blocks):
            return error(400, "invalid_request_error", "messages: text content blocks must be non-empty")
        waiting = {block["id"] for block in blocks if block["type"] == "tool_use"}
    return None


@asynccontextmanager
async def serving(service: FakeAnthropic) -> AsyncIterator[FakeAnthropic]:
    """Runs it on a free loopback port."""
    app = web.Application()
    app.add_routes([web.get("/v1/models", service.list), web.post("/v1/messages", service.message)])
    async with running(app) as service.url:
        yield service
