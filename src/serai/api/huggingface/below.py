"""OpenAI's calls below a model's own address: the model is that of the address, whatever the body says."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import orjson
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Message

from serai.api import errors, wishes
from serai.api.body import kind
from serai.api.huggingface import parameters
from serai.api.huggingface.asked import Asked
from serai.api.huggingface.generation import failed
from serai.api.openai import chat as openai_chat
from serai.api.openai import completions as openai_completions
from serai.api.openai import embeddings as openai_embeddings
from serai.api.sse import EventStream


async def chat(asked: Asked) -> Response:
    """OpenAI's chat completions, with TGI's ways to ask for a form of answer."""
    body = await _body(asked)
    if body.get("response_format") is not None:
        body["response_format"] = response_format(body["response_format"])
    if body.get("logit_bias") == []:
        del body["logit_bias"]
    return await _asked(asked, body, openai_chat.chat_completions)


async def completions(asked: Asked) -> Response:
    """OpenAI's completions."""
    return await _asked(asked, await _body(asked), openai_completions.completions)


async def embeddings(asked: Asked) -> Response:
    """OpenAI's embeddings."""
    body = await _body(asked)
    try:
        wanted = openai_embeddings.Embed.model_validate(body)
    except ValidationError as error:
        raise errors.invalid([{**fault, "loc": ("body", *fault["loc"])} for fault in error.errors()]) from error
    named = Response()
    told = await openai_embeddings.create_embeddings(asked.request, named, asked.who, wanted)
    ignored = {name: value for name, value in named.headers.items() if name.startswith("x-")}
    return Response(orjson.dumps(told), media_type="application/json", headers=ignored)


def response_format(given: Any) -> Any:
    """`InferenceClient` says a JSON schema as `json_object` with a value, TGI as `json`."""
    asked: Mapping[str, Any] = kind("response_format", given, dict, "an object")
    if asked.get("type") in ("json", "regex") or (asked.get("type") == "json_object" and "value" in asked):
        return parameters.grammar(asked, "response_format")["response_format"]
    return given


async def _body(asked: Asked) -> dict[str, Any]:
    body = await wishes.read(asked.request)
    await asked.take(None)
    return {**body, "model": asked.name}


async def _asked(asked: Asked, body: Mapping[str, Any], answer: Callable[[Request], Awaitable[Response]]) -> Response:
    """Has OpenAI's dialect answer another body; its stream ends as TGI's does where it fails."""
    content: list[Message] = [{"type": "http.request", "body": orjson.dumps(body)}]

    async def receive() -> Message:
        return content.pop() if content else await asked.request.receive()

    response = await answer(Request(asked.request.scope, receive))
    if isinstance(response, EventStream):
        response.failed = failed
    if asked.ignored:
        before = response.headers.get("x-serai-ignored-fields")
        response.headers["x-serai-ignored-fields"] = ", ".join(filter(None, (before, *asked.ignored)))
    return response
