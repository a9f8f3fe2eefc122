"""/v1/responses and what is kept of them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import orjson
from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from serai.api import sse, wishes
from serai.api.away import unless_gone
from serai.api.body import schema
from serai.api.deps import PrincipalDep, ServicesDep, principal_of, services_of
from serai.api.openai import listing, pictures
from serai.api.openai.chat import failed
from serai.api.openai.fields import fault
from serai.api.openai.responses import request
from serai.api.openai.responses.answering import Answering
from serai.api.routes import Direct, router
from serai.api.scopes import Scope
from serai.errors import BadRequest, NotFound

asking = router(Scope.INFER, prefix="/v1", tag="openai", kind=Direct)
keeping = router(Scope.INFER, prefix="/v1", tag="openai")

_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["input"],
                "properties": {name: schema(field.expected, field.kinds) for name, field in request.FIELDS.items()}
                | wishes.PROPERTIES,
            },
            "example": {"model": "auto", "input": "Hello", "stream": True},
        }
    },
}


@asking.post("/responses", response_class=Response, openapi_extra={"requestBody": _BODY})
async def create_response(request_: Request) -> Response:
    """OpenAI's responses, streamed or whole; they are kept for a month unless `store` is false."""
    services, who = services_of(request_), principal_of(request_)
    asked = request.read(await wishes.read(request_), who)
    try:
        former = await services.responses.chain(who.id, asked.previous) if asked.previous else []
    except NotFound as error:
        error.facts["param"] = "previous_response_id"
        raise
    asked = asked.after(former)
    asked = asked.of(await pictures.fetched(asked.call.inputs, services.outside))
    answering = Answering(asked, wishes.runner(request_)(asked.call), services.responses)
    if asked.stream:
        return sse.EventStream(answering.events(), failed=failed, headers=asked.headers)
    body = await unless_gone(request_.receive, answering.whole())
    return Response(orjson.dumps(body), media_type="application/json", headers=asked.headers)


@keeping.get("/responses/{response}")
async def get_response(services: ServicesDep, who: PrincipalDep, response: str, stream: bool = False) -> dict[str, Any]:
    """One that was kept, or that is being written."""
    if stream:
        raise fault("stream", "stream cannot be honoured: a response is streamed when it is made.")
    return dict((await services.responses.get(who.id, response)).response)


@keeping.delete("/responses/{response}")
async def delete_response(services: ServicesDep, who: PrincipalDep, response: str) -> dict[str, Any]:
    """Forgets one; those that follow on it cannot be followed any more."""
    await services.responses.delete(who.id, response)
    return {"id": response, "object": "response", "deleted": True}


@keeping.post("/responses/{response}/cancel")
async def cancel_response(services: ServicesDep, who: PrincipalDep, response: str) -> dict[str, Any]:
    """Stops one that is being written; what was written is kept."""
    call = services.responses.call_of(who.id, response)
    if call is None:
        kept = await services.responses.get(who.id, response)
        raise BadRequest(f"{response} is not being written any more: it is {kept.response['status']}.")
    services.router.cancel(call)
    await services.responses.ended(response)
    return dict((await services.responses.get(who.id, response)).response)


@keeping.get("/responses/{response}/input_items")
async def list_input_items(
    services: ServicesDep,
    who: PrincipalDep,
    response: str,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    order: Literal["asc", "desc"] = "desc",
) -> dict[str, Any]:
    """What one was asked with."""
    items = list((await services.responses.get(who.id, response)).input)
    return listing.page(items if order == "asc" else items[::-1], after, limit)
