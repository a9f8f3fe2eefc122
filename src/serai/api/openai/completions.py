"""POST /v1/completions, OpenAI's older call: a text goes on, or a gap in it is filled."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from serai.api import sse, wishes
from serai.api.away import unless_gone
from serai.api.body import schema
from serai.api.deps import principal_of
from serai.api.openai import completion_answer, completion_request, many
from serai.api.openai.chat import failed
from serai.api.openai.completion_request import FIELDS
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
                "required": ["prompt"],
                "properties": {setting.name: setting.schema() for setting in SETTINGS}
                | {name: schema(field.expected, field.kinds) for name, field in FIELDS.items()}
                | wishes.PROPERTIES,
            },
            "example": {"model": "auto", "prompt": "Once upon a time", "max_tokens": 40},
        }
    },
}


@routes.post("/completions", response_class=Response, openapi_extra={"requestBody": _BODY})
async def completions(request_: Request) -> Response:
    """OpenAI's completions, streamed or whole: of one prompt or several, each answered n times."""
    asked = completion_request.read(await wishes.read(request_), principal_of(request_))
    run, calls = wishes.runner(request_), asked.calls
    if asked.stream:
        streams = many.merged([run(call) for call in calls])
        return sse.EventStream(completion_answer.chunks(asked, streams), failed=failed, headers=asked.headers)
    results = await unless_gone(request_.receive, many.together([whole(run, call) for call in calls]))
    body = orjson.dumps(completion_answer.whole(asked, results))
    return Response(body, media_type="application/json", headers=asked.headers)
