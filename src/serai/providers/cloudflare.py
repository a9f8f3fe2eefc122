"""Cloudflare Workers AI: chats in OpenAI's language, all other tasks in its own."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import aiohttp
import orjson
from yarl import URL

from serai import stream
from serai.errors import BadRequest, ModelFailed, SeraiError
from serai.providers import _answer, _cloudflare_tasks, _models, _spelling
from serai.providers._base import Request
from serai.providers._compatible import Compatible
from serai.providers._entry import Entry
from serai.providers.declaration import Provider, ProviderConfig
from serai.providers.refusal import refused
from serai.stream import CutShort
from serai.tasks import text_generation
from serai.types import CHAT, TEXT_GENERATION, Answerer, Call, Delta, Model, Usage

_ACCOUNT = re.compile(r"/accounts/[A-Za-z0-9]+")
_BELOW = re.compile(r"/ai(/v1|/run)?$")
_PAGE = 100
_MOST_PAGES = 50
_SHORT = 256
"""How long an answer of its own kind becomes where nobody says another length."""

_SETTINGS = {
    **{name: name for name in ("temperature", "top_p", "top_k", "max_tokens", "seed", "response_format")},
    **{name: name for name in ("presence_penalty", "frequency_penalty", "repetition_penalty")},
}
_ROUTE = 7003
_STATUS = {5007: 404, 3042: 404, 10000: 401, 9109: 401}
"""What its codes mean, where it gives them another status."""


class Cloudflare(Compatible):
    """Its URL holds an account. Where it does not, the one that the key is for is asked for and taken."""

    def __init__(self, config: ProviderConfig) -> None:
        super().__init__(
            config,
            Entry(
                title=PROVIDER.title,
                version="",
                settings=frozenset(_SETTINGS),
                chat="ai/v1/chat/completions",
                probe="ai/models/search",
            ),
        )
        self.url = _BELOW.sub("", self.url)

    async def prepare(self, call: Call, model: str) -> None:
        if not _ACCOUNT.search(self.url):
            self.request(call, model)
            await self._locate()

    async def probe(self) -> None:
        """Its list is for its own customers."""

    async def listed(self) -> list[Model]:
        await self._locate()
        models: list[Model] = []
        quotes: dict[str, Mapping[str, Any]] = {}
        for page in range(1, _MOST_PAGES + 1):
            query = URL("ai/models/search").with_query(per_page=_PAGE, page=page)
            rows = _result(await self.get(str(query)), self.name)
            models += [model for row in rows if (model := self._model(row)) is not None]
            quotes |= {str(row["name"]): quote for row in rows if (quote := _cloudflare_tasks.price(row)) is not None}
            if len(rows) < _PAGE:
                break
        self.quotes = quotes
        return models[: _models.MOST]

    def request(self, call: Call, model: str) -> Request:
        if call.task == CHAT:
            return super().request(call, model)
        path = f"ai/run/{model}"
        if call.task == TEXT_GENERATION:
            return Request(path, self._text(call))
        body = _cloudflare_tasks.body(self.name, call, model)
        kind = {"content-type": "application/octet-stream"} if isinstance(body, bytes) else {}
        return Request(path, body, kind)

    def read(self, call: Call, response: aiohttp.ClientResponse, who: Answerer) -> AsyncGenerator[Delta, None]:
        if call.task == CHAT:
            return super().read(call, response, who)
        return (self._streamed if call.task == TEXT_GENERATION else self._entire)(call, response, who)

    def refusal(self, model: str, status: int, body: bytes, headers: Mapping[str, str]) -> SeraiError:
        code, words = _problem(body)
        if code == _ROUTE:
            hint = "Set the URL that it has: https://api.cloudflare.com/client/v4/accounts/ACCOUNT_ID"
            return ModelFailed(f"{self.name} does not know the account in its URL.", hint=hint, who=self.name)
        told = orjson.dumps({"error": {"message": words}}) if words else body
        return refused(self.name, model, _STATUS.get(code, status), told, headers)

    async def _locate(self) -> None:
        """Raises BadRequest where the key is for none or for several accounts."""
        if _ACCOUNT.search(self.url):
            return
        rows = _result(await self.get("accounts"), self.name)
        if len(rows) != 1 or not _ACCOUNT.fullmatch(f"/accounts/{rows[0]['id']}"):
            hint = f"Put it into the URL: {self.url}/accounts/ACCOUNT_ID"
            raise BadRequest(f"{self.name} does not say which account is meant.", hint=hint, field="url")
        self.url = f"{self.url}/accounts/{rows[0]['id']}"

    def _model(self, row: Mapping[str, Any]) -> Model | None:
        name = str(row["name"])
        task = _cloudflare_tasks.task_of(name, str((row.get("task") or {}).get("name")))
        if task is None or not _models.named(name):
            return None
        about = {one["property_id"]: one.get("value") for one in row.get("properties") or ()}
        context = str(about.get("context_window") or "")
        return _models.model(
            self.name, name, {"task": task, "context_length": int(context) if context.isdecimal() else None}
        )

    def _text(self, call: Call) -> dict[str, Any]:
        """A text to go on from, without a template."""
        inputs = text_generation.TASK.check_inputs(call.task, call.inputs)
        if not isinstance(inputs["inputs"], str) or inputs.get("suffix") is not None:
            raise BadRequest(f"{self.name} goes on from a text, and fills no gaps.", field="inputs")
        settings = _spelling.spelled(self.name, text_generation.check(call.settings), _SETTINGS)
        return {"prompt": inputs["inputs"], "raw": True, "stream": True, **settings}

    async def _streamed(
        self, call: Call, response: aiohttp.ClientResponse, who: Answerer
    ) -> AsyncGenerator[Delta, None]:
        """Its own events, which never say how the answer ended."""
        first, usage = [who], Usage()
        async with contextlib.aclosing(stream.events(self.lines(response))) as events:
            async for data in events:
                if data == b"[DONE]":
                    long = usage.completion_tokens >= call.settings.get("max_tokens", _SHORT)
                    end = Delta(finish="length" if long else "stop", usage=usage)
                    end.answerer = first.pop() if first else None
                    yield end
                    return
                event = orjson.loads(data)
                if event.get("error") or event.get("errors"):
                    raise self.refusal(call.model, 500, data, {})
                usage = _answer.usage(event) if event.get("usage") else usage
                if text := _piece(event):
                    yield Delta(text=text, answerer=first.pop() if first else None)
        raise CutShort(f"The stream of {call.model} ended before the answer did.", hint="Try again.", who=self.name)

    async def _entire(self, call: Call, response: aiohttp.ClientResponse, who: Answerer) -> AsyncGenerator[Delta, None]:
        """What the envelope holds, or a picture or sound that came without one."""
        result: Any = await self.content(response)
        if response.content_type == "application/json":
            result = _result(orjson.loads(result), self.name)
        yield _cloudflare_tasks.answered(call, result, who)


def _piece(event: Mapping[str, Any]) -> str:
    """Newer models say it in OpenAI's shape."""
    choices = event.get("choices")
    return str((choices[0].get("text") if choices else event.get("response")) or "")


def _result(answer: Any, service: str) -> Any:
    """What an envelope holds. Raises ModelFailed where it says that it failed, whatever its status."""
    if not answer["success"]:
        _, words = _problem(orjson.dumps(answer))
        raise ModelFailed(f"{service} failed: {words}", hint="Try again.", who=service)
    return answer["result"]


def _problem(body: bytes) -> tuple[int, str]:
    """The code and the words of its own errors; nothing for others."""
    try:
        first = orjson.loads(body)["errors"][0]
        return int(first["code"]), str(first["message"])
    except (ValueError, KeyError, TypeError, IndexError):
        return 0, ""


PROVIDER = Provider(
    name="cloudflare",
    title="Cloudflare Workers AI",
    open=Cloudflare,
    url="https://api.cloudflare.com/client/v4",
    key_env="CLOUDFLARE_API_TOKEN",
    key_needed=True,
)
