"""Anthropic, in its own language: messages, and what happens to them as events."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import aiohttp
import orjson
from yarl import URL

from serai import stream
from serai.errors import ContextExceeded, SeraiError
from serai.providers import _anthropic_request, _models
from serai.providers._anthropic_events import Reader, Thoughts
from serai.providers._base import Request, Service
from serai.providers.declaration import Provider, ProviderConfig
from serai.providers.refusal import refused
from serai.stream import CutShort
from serai.types import Answerer, Call, Delta, Model

_VERSION = re.compile(r"/v\d+$")
_MOST_PAGES = 20
_STATUS = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "timeout_error": 504,
    "overloaded_error": 529,
}
"""An error in the middle of an answer has no status, only its type."""

_TOO_LONG = re.compile(rb"prompt is too long: (\d+) tokens > (\d+) maximum")
"""The numbers are told nowhere else."""


class Anthropic(Service):
    """Models go by their own names. Where thinking goes before a tool's call, it is kept and given back with the tool's
    result, as the service wants it."""

    def __init__(self, config: ProviderConfig) -> None:
        super().__init__(config)
        if not _VERSION.search(self.url):
            self.url = f"{self.url}/v1"
        self._facts: dict[str, Mapping[str, Any]] = {}
        self._thoughts = Thoughts()

    def credentials(self, key: str) -> Mapping[str, str]:
        version = {"anthropic-version": _anthropic_request.VERSION}
        return version | ({"x-api-key": key} if key else {})

    async def listed(self) -> list[Model]:
        rows: list[dict[str, Any]] = []
        after = ""
        for _ in range(_MOST_PAGES):
            query = {"limit": "1000", **({"after_id": after} if after else {})}
            page = await self.get(str(URL("models").with_query(query)))
            rows += [row for row in page["data"] if _models.named(row["id"])]
            if not page.get("has_more") or page.get("last_id") in ("", None, after):
                break
            after = page["last_id"]
        self._facts = {row["id"]: row for row in rows[: _models.MOST]}
        return [_models.model(self.name, name, _told(row)) for name, row in self._facts.items()]

    def request(self, call: Call, model: str) -> Request:
        facts = self._facts.get(model, {})
        return Request("messages", _anthropic_request.body(self.name, call, model, facts, self._thoughts.recall))

    async def read(self, call: Call, response: aiohttp.ClientResponse, who: Answerer) -> AsyncGenerator[Delta, None]:
        reader = Reader(who)
        async with contextlib.aclosing(stream.events(self.lines(response))) as events:
            async for data in events:
                event = orjson.loads(data)
                if event["type"] == "error":
                    status = _STATUS.get(event["error"].get("type"), 500)
                    raise self.refusal(call.model, status, data, response.headers)
                if (delta := reader.read(event)) is None:
                    continue
                if delta.finish is not None:
                    self._thoughts.keep(reader.called, reader.thoughts)
                yield delta
                if delta.finish is not None:
                    return
        raise CutShort(f"The stream of {call.model} ended before the answer did.", hint="Try again.", who=self.name)

    def refusal(self, model: str, status: int, body: bytes, headers: Mapping[str, str]) -> SeraiError:
        numbers = _TOO_LONG.search(body) if status == 400 else None
        if numbers is not None:
            return ContextExceeded(int(numbers[1]), int(numbers[2]), model)
        return refused(self.name, model, status, body, headers)


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    return {"display_name": row.get("display_name"), "context_length": row.get("max_input_tokens")}


PROVIDER = Provider(
    name="anthropic",
    title="Anthropic",
    open=Anthropic,
    url="https://api.anthropic.com/v1",
    key_env="ANTHROPIC_API_KEY",
    key_needed=True,
)
