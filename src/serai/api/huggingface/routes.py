"""/hf/models/{id}: one address for each model. The client names no task: the model's own is done."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from serai.api.deps import principal_of, services_of
from serai.api.huggingface import about, below, generation, task, texts, tokens
from serai.api.huggingface.address import Address, read
from serai.api.huggingface.asked import Asked
from serai.api.huggingface.shapes import SHAPES
from serai.api.methods import MethodNotAllowed
from serai.api.routes import Direct, router
from serai.api.scopes import Scope
from serai.errors import NotFound
from serai.routing import policy
from serai.routing.resolve import resolve
from serai.types import AUTO, CHAT, FEATURE_EXTRACTION, TEXT_GENERATION, TEXT_RANKING

routes = router(Scope.INFER, prefix="/hf/models", tag="huggingface", kind=Direct)

Handler = Callable[[Asked], Awaitable[Response]]

_POSTS: Mapping[str, tuple[Handler, str]] = {
    "generate": (generation.generate, TEXT_GENERATION),
    "generate_stream": (generation.generate_stream, TEXT_GENERATION),
    "invocations": (generation.compatible, TEXT_GENERATION),
    "embed": (texts.embed, FEATURE_EXTRACTION),
    "embed_all": (texts.refused, FEATURE_EXTRACTION),
    "embed_sparse": (texts.refused, FEATURE_EXTRACTION),
    "similarity": (texts.similarity, FEATURE_EXTRACTION),
    "rerank": (texts.rerank, TEXT_RANKING),
    "predict": (texts.predict, "text-classification"),
    "tokenize": (tokens.tokenize, TEXT_GENERATION),
    "decode": (tokens.refused, TEXT_GENERATION),
    "chat_tokenize": (tokens.refused, TEXT_GENERATION),
    "v1/chat/completions": (below.chat, CHAT),
    "v1/completions": (below.completions, TEXT_GENERATION),
    "v1/embeddings": (below.embeddings, FEATURE_EXTRACTION),
}
"""What can be asked of a model by name, and the task that it is."""

_GETS: Mapping[str, Handler] = {
    "": about.info,
    "info": about.info,
    "health": about.health,
    "v1/models": about.models,
}

_TASKS: Mapping[str, Handler] = {
    TEXT_GENERATION: generation.compatible,
    FEATURE_EXTRACTION: texts.compatible,
    "sentence-similarity": texts.compatible,
    TEXT_RANKING: texts.rerank,
}
"""The tasks that are not told in `SHAPES`."""

_PATH = {"type": "string", "description": "A model's name, and what is asked of it.", "example": "serai-guide/generate"}
_ADDRESS: dict[str, Any] = {"parameters": [{"name": "path", "in": "path", "required": True, "schema": _PATH}]}
_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {
                    "inputs": {"description": "What the model's task takes."},
                    "parameters": {"type": "object", "description": "How it is done."},
                    "stream": {"type": "boolean", "description": "Of text generation: token by token."},
                },
            },
            "example": {"inputs": "Once upon a time", "parameters": {"max_new_tokens": 20}},
        },
        "application/octet-stream": {"schema": {"type": "string", "format": "binary"}},
    },
}


@routes.get("/{path:path}", response_class=Response, openapi_extra=_ADDRESS)
async def look_at_model(request: Request) -> Response:
    """What the model is (`/info`), whether it is here (`/health`)."""
    place = await _place(request)
    handler = _GETS.get(place.verb)
    if handler is None or place.task:
        raise MethodNotAllowed(f"/{place.verb or place.task} is asked with POST.", allow="POST")
    return await handler(await _asked(request, place, TEXT_GENERATION))


@routes.post("/{path:path}", response_class=Response, openapi_extra={"requestBody": _BODY, **_ADDRESS})
async def ask_model(request: Request) -> Response:
    """The model's own task, or what its address ends with: `/generate`, `/generate_stream`, `/tokenize`, `/embed`,
    `/rerank`, `/similarity`, `/predict`, `/v1/chat/completions`, `/v1/completions`, `/v1/embeddings`,
    `/pipeline/{task}`."""
    place = await _place(request)
    if place.verb in _POSTS:
        handler, does = _POSTS[place.verb]
        return await handler(await _asked(request, place, does))
    if place.verb in _GETS and place.verb:
        raise MethodNotAllowed(f"/{place.verb} is asked with GET.", allow="GET")
    asked = await _asked(request, place, place.task or TEXT_GENERATION)
    return await _by_task(asked)(asked)


async def _place(request: Request) -> Address:
    names = [model.name for model in await services_of(request).router.models(principal_of(request), hidden=True)]
    return read(request.path_params["path"], names)


async def _asked(request: Request, place: Address, does: str) -> Asked:
    """Raises ModelNotFound, or what is missing where `auto` finds none that can."""
    services = services_of(request)
    if place.model == AUTO:
        model = await services.router.resolve(AUTO, does)
    else:
        model = resolve(place.model, await services.router.models(principal_of(request), hidden=True))
    task_of = place.task or model.task
    return Asked(request, services, principal_of(request), model.name, model, task_of, place.verb)


def _by_task(asked: Asked) -> Handler:
    """How the task is done that the address names, or that the model is for."""
    does = asked.task
    if does in SHAPES:
        return lambda asked: task.answer(asked, does)
    if does in _TASKS:
        return _TASKS[does]
    if does == asked.model.task and policy.can(asked.model, TEXT_GENERATION):
        return generation.compatible
    hint = f"{asked.name} is a {asked.model.task or 'model of unknown kind'}."
    raise NotFound(f"There is no task called {does!r} here.", hint=hint)
