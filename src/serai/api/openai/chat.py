"""POST /v1/chat/completions."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from serai.api import envelopes, errors, sse, wishes
from serai.api.away import unless_gone
from serai.api.body import schema
from serai.api.deps import principal_of, services_of
from serai.api.openai import answer, many, pictures, request
from serai.api.openai.fields import FIELDS
from serai.api.routes import Direct, router
from serai.api.scopes import Scope
from serai.backend import whole
from serai.tasks.text_generation import SETTINGS

routes = router(Scope.INFER, prefix="/v1", tag="openai", kind=Direct)

_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["messages"],
                "properties": {name: schema(field.expected, field.kinds) for name, field in FIELDS.items()}
                | {setting.name: setting.schema() for setting in SETTINGS}
                | wishes.PROPERTIES,
            },
            "example": {"model": "auto", "messages": [{"role": "user", "content": "Hello"}], "stream": True},
        }
    },
}


@routes.post("/chat/completions", response_class=Response, openapi_extra={"requestBody": _BODY})
async def chat_completions(request_: Request) -> Response:
    """OpenAI's chat completions, streamed or whole. The object `serai` says who answered and how fast."""
    asked = request.chat(await wishes.read(request_), principal_of(request_))
    services = services_of(request_)
    run = wishes.runner(request_)
    asked = asked.of(await pictures.fetched(asked.call.inputs, services.outside))
    if not asked.stream:
        results = await unless_gone(request_.receive, many.together([whole(run, call) for call in asked.calls]))
        body = orjson.dumps(answer.completion(asked.call, results))
        return Response(body, media_type="application/json", headers=asked.headers)
    if asked.count == 1:
        source = answer.chunks(asked.call, run(asked.call), with_usage=asked.usage)
    else:
        streams = many.merged([run(call) for call in asked.calls])
        source = answer.chunks_of_many(asked.call, asked.count, streams, with_usage=asked.usage)
    return sse.EventStream(source, failed=failed, headers=asked.headers)


def failed(error: Exception) -> bytes:
    """The last event of a stream that broke off."""
    return b"data: " + orjson.dumps(envelopes.openai(errors.understood(error), ""), default=str) + b"\n\n"
