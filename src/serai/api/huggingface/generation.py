"""Text generation as TGI and `InferenceClient` ask for it, whole and streamed."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import Response

from serai.api import envelopes, errors, sse, wishes
from serai.api.body import fault, kind
from serai.api.huggingface import generated, parameters, tokens
from serai.api.huggingface.asked import Asked
from serai.api.huggingface.parameters import Wanted
from serai.api.huggingface.reading import text
from serai.types import TEXT_GENERATION, Call

_FIELDS = ("inputs", "parameters", "options", "stream")


async def compatible(asked: Asked) -> Response:
    """At the model's own address the field `stream` says how; whole answers come in a list, as TGI has it there."""
    body = await _body(asked)
    stream = kind("stream", body.get("stream") or False, bool, "true or false")
    return await _streamed(asked, body) if stream else await _whole(asked, body, in_list=True)


async def generate(asked: Asked) -> Response:
    """The whole answer."""
    return await _whole(asked, await _body(asked), in_list=False)


async def generate_stream(asked: Asked) -> Response:
    """The answer, token by token."""
    return await _streamed(asked, await _body(asked))


async def _body(asked: Asked) -> dict[str, Any]:
    body = await wishes.read(asked.request)
    await asked.take(body.get("options"))
    if "inputs" not in body and "messages" in body:
        raise fault("messages", "A chat is asked at /v1/chat/completions, below the model's address.")
    asked.ignored += [name for name in body if name not in _FIELDS]
    return body


async def _call(asked: Asked, prompt: str, wanted: Wanted) -> Call:
    asked.ignored += wanted.ignored
    inputs = prompt if wanted.truncate is None else await tokens.cut(asked, prompt, wanted.truncate)
    return asked.call(TEXT_GENERATION, {"inputs": inputs}, wanted.settings)


async def _whole(asked: Asked, body: dict[str, Any], *, in_list: bool) -> Response:
    prompts = body.get("inputs")
    several = in_list and isinstance(prompts, list)
    texts = [text(prompt) for prompt in prompts] if several and prompts else [text(prompts)]
    wanted = parameters.read(body.get("parameters"))
    calls = [await _call(asked, prompt, wanted) for prompt in texts]
    results = await asked.run(*calls)
    answers = [generated.whole(prompt, result, wanted) for prompt, result in zip(texts, results, strict=True)]
    told = answers if in_list else answers[0]
    return Response(orjson.dumps(told), media_type="application/json", headers=asked.headers(results))


async def _streamed(asked: Asked, body: dict[str, Any]) -> Response:
    prompt = text(body.get("inputs"))
    wanted = parameters.read(body.get("parameters"))
    call = await _call(asked, prompt, wanted)
    source = generated.events(prompt, wishes.runner(asked.request)(call), wanted)
    return sse.EventStream(source, failed=failed, headers=asked.headers())


def failed(error: Exception) -> bytes:
    """The last event of a stream that broke off."""
    return b"data:" + orjson.dumps(envelopes.huggingface(errors.understood(error), ""), default=str) + b"\n\n"
