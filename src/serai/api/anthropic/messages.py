"""POST /v1/messages and /v1/messages/count_tokens."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from serai.api import body, envelopes, errors, sse, wishes
from serai.api.anthropic import answer, events, request
from serai.api.anthropic.fields import FIELDS, OURS
from serai.api.away import unless_gone
from serai.api.deps import Services, principal_of, services_of
from serai.api.openai.pictures import fetched
from serai.api.routes import Direct, router
from serai.api.scopes import Scope
from serai.backend import whole
from serai.tasks.text_generation import BY_NAME
from serai.types import Call

routes = router(Scope.INFER, prefix="/v1/messages", tag="anthropic", kind=Direct)

_FIELDS = {name: body.schema(field.expected, field.kinds) for name, field in FIELDS.items()}
_EXAMPLE = {"model": "serai-guide", "max_tokens": 100, "messages": [{"role": "user", "content": "Hello"}]}


def _described(*required: str, **properties: Any) -> dict[str, Any]:
    schema = {"type": "object", "required": list(required), "properties": properties}
    example = {name: value for name, value in _EXAMPLE.items() if name in required}
    content = {"application/json": {"schema": schema, "example": example}}
    return {"requestBody": {"required": True, "content": content}}


_BODY = _described(
    "model",
    "max_tokens",
    "messages",
    **_FIELDS,
    **{name: BY_NAME[name].schema() for name in sorted(OURS)},
    **wishes.PROPERTIES,
)
_COUNTED = _described("model", "messages", **_FIELDS)


@routes.post("", response_class=Response, openapi_extra=_BODY)
async def create_message(request_: Request) -> Response:
    """Anthropic's messages, streamed or whole. The object `serai` says who answered and how fast."""
    asked = request.read(await wishes.read(request_), principal_of(request_))
    headers = _headers(request_) | body.ignored(asked.ignored)
    services = services_of(request_)
    asked = replace(asked, call=await _with_pictures(services, asked.call))
    run = wishes.runner(request_)
    if asked.stream:
        told = partial(failed, request_.scope.get(envelopes.REQUEST_ID, ""))
        return sse.EventStream(events.events(asked, run(asked.call)), failed=told, headers=headers)
    result = await unless_gone(request_.receive, whole(run, asked.call))
    return Response(answer.whole(asked, result), media_type="application/json", headers=headers)


@routes.post("/count_tokens", response_class=Response, openapi_extra=_COUNTED)
async def count_message_tokens(request_: Request) -> Response:
    """How many tokens a message would read, without running it."""
    call, ignored = request.count(await wishes.read(request_), principal_of(request_))
    services = services_of(request_)
    call = await _with_pictures(services, call)
    result = await unless_gone(request_.receive, whole(wishes.runner(request_), call))
    told = orjson.dumps({"input_tokens": result.data["tokens"]})
    return Response(told, media_type="application/json", headers=_headers(request_) | body.ignored(ignored))


def failed(request_id: str, error: Exception) -> bytes:
    """The last event of a stream that broke off."""
    told = envelopes.anthropic(errors.understood(error), request_id)
    return b"event: error\ndata: " + orjson.dumps(told, default=str) + b"\n\n"


async def _with_pictures(services: Services, call: Call) -> Call:
    """The call with the content of pictures that it names by their address."""
    return replace(call, inputs=await fetched(call.inputs, services.outside))


def _headers(request_: Request) -> dict[str, str]:
    """Where Anthropic's clients look for a request's id."""
    return {"request-id": request_.scope.get(envelopes.REQUEST_ID, "")}
