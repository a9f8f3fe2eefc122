"""Replicate: predictions that are made, watched, and cancelled when nobody waits for them any more."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Coroutine, Mapping, Sequence
from typing import Any

import aiohttp
import orjson

from serai.errors import Forbidden, ModelFailed, ModelNotFound, SeraiError
from serai.providers import _models, _replicate_facts, _replicate_files, _replicate_output, _replicate_request
from serai.providers._base import Request, Service
from serai.providers._replicate_facts import COLLECTIONS, NAME, Facts
from serai.providers._replicate_prediction import Prediction
from serai.providers._replicate_webhooks import MOST_BYTES, Heard
from serai.providers.declaration import Provider, ProviderConfig
from serai.providers.refusal import forged, refused
from serai.types import Answerer, Call, Delta, Finish, Model

_HELD = {"prefer": "wait=5"}
"""Short, since what nobody waits for any more is cancelled only once its id is known."""

_FRESH_S = 3600.0
_LAST_S = 5.0
_MOST_NAMED = 50


class Replicate(Service):
    """A model is `owner/name`, or `owner/name:version`. What it takes is read from its own schema."""

    def __init__(self, config: ProviderConfig) -> None:
        super().__init__(config)
        self._known: dict[str, tuple[float, Facts]] = {}
        self._watched: dict[str, Prediction] = {}
        self._heard = Heard()
        self._secrets: list[str] = []
        self._leaving: set[asyncio.Task[None]] = set()

    async def listed(self) -> list[Model]:
        lists = await asyncio.gather(*(self._collection(name) for name in COLLECTIONS))
        named = await asyncio.gather(*(self._told_of(text) for text in self.config.models[:_MOST_NAMED]))
        return [*(model for models in lists for model in models), *(model for model in named if model is not None)]

    async def find(self, name: str) -> Model | None:
        """There are more than anyone could list; one that is asked for says itself what it is for."""
        model = name.partition("/")[2]
        if not NAME.fullmatch(model):
            return None
        with contextlib.suppress(ModelNotFound):
            return await self._named(model)
        return None

    async def prepare(self, call: Call, model: str) -> None:
        _replicate_request.check(self.name, call)
        await self._facts(model)

    def request(self, call: Call, model: str) -> Request:
        facts = self._known[model][1]
        writes = call.task in _replicate_request.WRITES
        told = {"webhook": url, "webhook_events_filter": ["completed"]} if (url := self.config.told_at()) else {}
        body = {"input": _replicate_request.given(self.name, call, facts), **({"stream": True} if writes else told)}
        headers = {} if writes else _HELD
        if facts.version:
            return Request("predictions", {"version": facts.version, **body}, headers)
        return Request(f"models/{model}/predictions", body, headers)

    async def read(self, call: Call, response: aiohttp.ClientResponse, who: Answerer) -> AsyncGenerator[Delta, None]:
        prediction = await Prediction.made_by(self, response)
        self._watched[str(prediction.now["id"])] = prediction
        source = _text if call.task in _replicate_request.WRITES else _made
        try:
            async with contextlib.aclosing(source(call, prediction, who)) as deltas:
                async for delta in deltas:
                    yield delta
        finally:
            del self._watched[str(prediction.now["id"])]
            self._leave(prediction.cancel())

    async def told(self, headers: Mapping[str, str], body: bytes) -> None:
        """That a prediction has ended. It is looked at then, as it would be later; nothing else is believed."""
        if not self._watched or len(body) > MOST_BYTES:
            raise forged()
        new = self._heard.is_new(headers, body, await self._signing())
        if new is None:
            raise forged()
        with contextlib.suppress(ValueError, KeyError, TypeError):
            watched = self._watched.get(orjson.loads(body)["id"])
            if new and watched is not None:
                watched.look()

    async def _signing(self) -> Sequence[str]:
        """What messages to each key's account are signed with."""
        if not self._secrets:
            path = Request("webhooks/default/secret", b"")
            for key in self.config.keys:
                response = await self.ask("GET", path, key)
                if response.status == 200:
                    self._secrets.append(str((await self.body(response))["key"]))
                response.close()
        return self._secrets

    def refusal(self, model: str, status: int, body: bytes, headers: Mapping[str, str]) -> SeraiError:
        try:
            told = orjson.loads(body)
            words, again = str(told.get("detail") or told["title"]), told.get("retry_after")
        except (ValueError, KeyError, AttributeError):
            return refused(self.name, model, status, body, headers)
        waits = {"retry-after": str(again)} if isinstance(again, int) else headers
        return refused(self.name, model, status, orjson.dumps({"error": {"message": words}}), waits)

    async def close(self) -> None:
        """Waits until what was left is cancelled there, but not for long."""
        if self._leaving:
            _, late = await asyncio.wait(self._leaving, timeout=_LAST_S)
            for task in late:
                task.cancel()
        await super().close()

    async def _answer(self, call: Call, request: Request, who: Answerer) -> AsyncGenerator[Delta, None]:
        async def send(file: Request) -> Any:
            response = await self._send("POST", file, call.model)
            try:
                return await self.body(response)
            finally:
                response.release()

        def forget(file: str) -> None:
            self._leave(self._forget(file))

        async with (
            _replicate_files.placed(request, send, forget) as placed,
            contextlib.aclosing(super()._answer(call, placed, who)) as deltas,
        ):
            async for delta in deltas:
                yield delta

    async def _forget(self, file: str) -> None:
        with contextlib.suppress(SeraiError, aiohttp.ClientError, OSError):
            (await self._send("DELETE", Request(f"files/{file}", b""), "")).close()

    async def _send(self, method: str, request: Request, model: str) -> aiohttp.ClientResponse:
        """Whoever goes away while a prediction is being made leaves one that has an id only later."""
        if method != "POST":
            return await super()._send(method, request, model)
        asked = asyncio.ensure_future(super()._send(method, request, model))
        try:
            return await asyncio.shield(asked)
        except asyncio.CancelledError:
            self._leave(self._abandon(asked))
            raise

    async def _abandon(self, asked: asyncio.Future[aiohttp.ClientResponse]) -> None:
        with contextlib.suppress(SeraiError, aiohttp.ClientError, OSError, ValueError, KeyError, TypeError):
            response = await asked
            await (await Prediction.made_by(self, response)).cancel()

    def _leave(self, work: Coroutine[Any, Any, None]) -> None:
        """Goes on with it after whoever asked is gone."""
        task = asyncio.create_task(work)
        self._leaving.add(task)
        task.add_done_callback(self._leaving.discard)

    async def _collection(self, name: str) -> Sequence[Model]:
        try:
            rows = (await self.get(f"collections/{name}"))["models"]
        except ModelNotFound:
            return ()
        found = {f"{row['owner']}/{row['name']}": row for row in rows[: _models.MOST]}
        now = time.monotonic()
        self._known |= {model: (now, _replicate_facts.of_model(row)) for model, row in found.items()}
        task = COLLECTIONS[name]
        return [_models.model(self.name, model, {"task": task}) for model in found if NAME.fullmatch(model)]

    async def _named(self, name: str) -> Model:
        """One that is in none of the lists. Raises SeraiError."""
        return _models.model(self.name, name, {"task": _replicate_facts.task(name, await self._facts(name))})

    async def _told_of(self, text: str) -> Model | None:
        """One that its owner named, without saying what it is for."""
        with contextlib.suppress(SeraiError):
            return None if "=" in text else await self._named(text)
        return None

    async def _facts(self, model: str) -> Facts:
        """Raises ModelNotFound, or what the service is away with."""
        known = self._known.get(model)
        if known is not None and time.monotonic() - known[0] < _FRESH_S:
            return known[1]
        name = NAME.fullmatch(model)
        if name is None:
            raise ModelNotFound(model, hint="A model there is called owner/name, or owner/name:version.", who=self.name)
        try:
            facts = await self._described(name["model"], name["version"])
        except ModelNotFound as error:
            raise ModelNotFound(model, hint=error.hint, who=self.name) from error
        self._known[model] = (time.monotonic(), facts)
        return facts

    async def _described(self, model: str, version: str | None) -> Facts:
        path = f"models/{model}" if version is None else f"models/{model}/versions/{version}"
        row = await self.get(path)
        try:
            return _replicate_facts.of_model(row) if version is None else _replicate_facts.of_version(row, version)
        except (AttributeError, TypeError) as error:
            raise ModelFailed(f"{self.name} sent something that is no model.", who=self.name) from error


async def _text(call: Call, prediction: Prediction, who: Answerer) -> AsyncGenerator[Delta, None]:
    """A text as it comes: from its stream, or where that is out of reach by looking again and again."""
    first, streamed, said = [who], False, ""
    with contextlib.suppress(Forbidden):
        async with contextlib.aclosing(prediction.pieces()) as pieces:
            async for piece in pieces:
                streamed = True
                yield Delta(text=piece, answerer=first.pop() if first else None)
    async with contextlib.aclosing(prediction.states()) as states:
        async for state in states:
            text = "" if streamed else _replicate_output.text(state.get("output"))
            if len(text) > len(said):
                yield Delta(text=text[len(said) :], answerer=first.pop() if first else None)
                said = text
    prediction.check()
    usage, most = _replicate_output.counted(prediction.now), call.settings.get("max_tokens")
    finish: Finish = "length" if most is not None and usage.completion_tokens >= most else "stop"
    yield Delta(answerer=first.pop() if first else None, finish=finish, usage=usage)


async def _made(call: Call, prediction: Prediction, who: Answerer) -> AsyncGenerator[Delta, None]:
    """What is no text comes whole, at the end."""
    async with contextlib.aclosing(prediction.states()) as states:
        async for _ in states:
            pass
    prediction.check()
    yield await _replicate_output.made(call, prediction.now, who, prediction.fetched)


PROVIDER = Provider(
    name="replicate",
    title="Replicate",
    open=Replicate,
    url="https://api.replicate.com/v1",
    key_env="REPLICATE_API_TOKEN",
    key_needed=True,
)
