"""POST /v1/chat/completions."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from serai.api import envelopes, errors, sse
from serai.api.away import unless_gone
from serai.api.deps import principal_of, services_of
from serai.api.openai import answer, request
from serai.api.openai.fields import FIELDS
from serai.api.routes import Direct, router
from serai.api.scopes import Scope
from serai.backend import collect
from serai.tasks.text_generation import SETTINGS

routes = router(Scope.INFER, prefix="/v1", tag="openai", kind=Direct)

_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["messages"],
                "properties": {name: {"description": field.expected} for name, field in FIELDS.items()}
                | {setting.name: {"description": setting.description} for setting in SETTINGS},
            },
            "example": {"model": "auto", "messages": [{"role": "user", "content": "Hello"}], "stream": True},
        }
    },
}


@routes.post("/chat/completions", response_class=Response, openapi_extra={"requestBody": _BODY})
async def chat_completions(request_: Request) -> Response:
    """OpenAI's chat completions, streamed or whole. The object `serai` says who answered and how fast."""
    asked = request.chat(request.parse(await request_.body()), principal_of(request_))
    deltas = services_of(request_).router.run(asked.call)
    if asked.stream:
        return sse.EventStream(
            answer.chunks(asked.call, deltas, with_usage=asked.usage), failed=failed, headers=asked.headers
        )
    result = await unless_gone(request_.receive, collect(deltas))
    return Response(answer.completion(asked.call, result), media_type="application/json", headers=asked.headers)


def failed(error: Exception) -> bytes:
    """The last event of a stream that broke off."""
    return b"data: " + orjson.dumps(envelopes.openai(errors.understood(error), ""), default=str) + b"\n\n"
