"""POST /api/generate, /api/embed, /api/embeddings; and Ollama's side of /api/chat."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from dataclasses import replace
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from serai.api import body, envelopes, wishes
from serai.api.away import unless_gone
from serai.api.deps import Services, models_for, principal_of, services_of
from serai.api.ollama import answer, embedding, names, request
from serai.api.ollama.lines import Lines
from serai.api.ollama.request import Asked
from serai.api.openai.pictures import fetched
from serai.api.routes import Direct, router
from serai.api.scopes import Scope
from serai.backend import collect
from serai.types import CHAT, Delta, Principal

routes = router(Scope.INFER, prefix="/api", tag="ollama", kind=Direct)


def described(required: str, **properties: str) -> dict[str, Any]:
    """A request's body for the OpenAPI document."""
    fields = {name: {"description": text} for name, text in properties.items()}
    schema = {"type": "object", "required": [required], "properties": fields | wishes.PROPERTIES}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


_MORE = {
    "model": "A model's name.",
    "stream": "Lines as they come, unless false.",
    "options": "Settings in Ollama's words.",
    "format": "`json`, or a JSON schema.",
    "think": "Whether a model that can think does.",
    "keep_alive": "How long the model stays loaded: 5m, 0, or -1 for good.",
}
CHAT_FIELDS = {"messages": "The conversation.", "tools": "Functions that the model may call.", **_MORE}
_GENERATE = described("model", prompt="The question, or a text to go on from.", raw="As it is.", **_MORE)


@routes.post("/generate", response_class=Response, openapi_extra=_GENERATE)
async def generate(request_: Request) -> Response:
    """Ollama's answer to one prompt."""
    asked = request.generate(await wishes.read(request_), principal_of(request_))
    return await respond(request_, asked)


@routes.post("/embed", response_class=Response, openapi_extra=described("model", model="", input="One text or many."))
async def embed(request_: Request) -> Response:
    """Ollama's embeddings of one text or many."""
    asked = embedding.read(await wishes.read(request_), principal_of(request_))
    return await _embedded(request_, asked)


@routes.post("/embeddings", response_class=Response, openapi_extra=described("model", model="", prompt="One text."))
async def embeddings(request_: Request) -> Response:
    """Ollama's older call for the embedding of one text."""
    asked = embedding.read_one(await wishes.read(request_), principal_of(request_))
    return await _embedded(request_, asked)


async def respond(request_: Request, asked: Asked) -> Response:
    """What a chat or a prompt gets: lines, or one object."""
    services = services_of(request_)
    headers = body.ignored(asked.ignored)
    if asked.call is None:
        return _json(await unless_gone(request_.receive, _only_load(services, principal_of(request_), asked)), headers)
    call = replace(asked.call, model=await named(services, asked.call.principal, asked.call.model))
    if call.task == CHAT:
        call = replace(call, inputs=await fetched(call.inputs, services.outside))
    watch = _Watch(services)
    call.whole = not asked.stream
    deltas = _kept(services, watch, asked, wishes.runner(request_)(call))
    if asked.stream:
        source = answer.lines(asked, deltas, watch.load_s)
        return Lines(source, request_.scope.get(envelopes.REQUEST_ID, ""), headers)
    result = await unless_gone(request_.receive, collect(deltas))
    return _json(answer.whole(asked, result, watch.load_s()), headers)


async def named(services: Services, who: Principal, name: str) -> str:
    """The name by which Serai knows the model."""
    if ":" not in name:
        return name
    return names.meant(name, [model.name for model in await models_for(services, who)])


async def keep(services: Services, name: str, seconds: float | None) -> None:
    """Says how long a loaded model may idle from now on, where that was asked."""
    if seconds is not None:
        await services.pool.keep(name, seconds)


async def _only_load(services: Services, who: Principal, asked: Asked) -> dict[str, Any]:
    model = await services.router.resolve(await named(services, who, names.plain(asked.model)), CHAT, who)
    if asked.keep == 0:
        await keep(services, model.name, 0)
        return answer.alone(asked, "unload")
    await services.pool.load(model)
    await keep(services, model.name, asked.keep)
    return answer.alone(asked, "load")


async def _kept(
    services: Services, watch: _Watch, asked: Asked, deltas: AsyncGenerator[Delta, None]
) -> AsyncGenerator[Delta, None]:
    """The same Deltas; what was asked of the model's stay holds as soon as it is known which one answers."""
    try:
        async for delta in deltas:
            if delta.answerer is not None:
                watch.began(delta.answerer.model)
                if asked.keep:
                    await keep(services, watch.model, asked.keep)
            yield delta
    finally:
        await deltas.aclose()
        if asked.keep == 0 and watch.model:
            await keep(services, watch.model, 0)


class _Watch:
    """Sees whether a model had to be loaded for an answer."""

    def __init__(self, services: Services) -> None:
        self._pool = services.pool
        self._ready = {running.name for running in services.pool.running()}
        self.model = ""

    def began(self, model: str) -> None:
        self.model = model

    def load_s(self) -> float:
        running = self._pool.status(self.model).running if self.model not in self._ready else None
        return float(running.load_s) if running is not None else 0.0


async def _embedded(request_: Request, asked: embedding.Asked) -> Response:
    services = services_of(request_)
    headers = body.ignored(asked.ignored)
    if asked.call is None:
        return _json(embedding.nothing(asked), headers)
    call = replace(asked.call, model=await named(services, asked.call.principal, asked.call.model))
    watch = _Watch(services)
    result = await unless_gone(request_.receive, collect(wishes.runner(request_)(call)))
    watch.began(result.answerer.model)
    await keep(services, result.answerer.model, asked.keep)
    return _json(embedding.whole(asked, result, watch.load_s()), headers)


def _json(data: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    return Response(orjson.dumps(data), media_type="application/json", headers=dict(headers))
