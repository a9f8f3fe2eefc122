"""POST /v1/audio/speech: a text read aloud."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from serai.api import wishes
from serai.api.body import ignored as ignored_header
from serai.api.openai import capable
from serai.api.openai.audio import event
from serai.api.openai.fields import fault
from serai.api.routes import Direct, router
from serai.api.scopes import Scope
from serai.errors import ModelFailed
from serai.tasks import media
from serai.types import Call

routes = router(Scope.INFER, prefix="/v1/audio", tag="openai", kind=Direct)

SPEAKING = "text-to-speech"

_SPOKEN = ("input", "model", "voice", "instructions", "response_format", "speed", "stream_format")
_KINDS = ("mp3", "opus", "aac", "flac", "wav", "pcm")

_SPEECH: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"type": "object", "required": ["input"], "properties": {name: {} for name in _SPOKEN}},
            "example": {"input": "The inn is open.", "model": "auto", "voice": "alloy"},
        }
    },
}


@routes.post("/speech", response_class=Response, openapi_extra={"requestBody": _SPEECH})
async def create_speech(request: Request) -> Response:
    """A text read aloud. Without `response_format` the file is of the model's usual kind, which its header names."""
    body = await wishes.read(request)
    call = await _speaking(request, body)
    result = (await capable.run(request, [call]))[0]
    try:
        content, kind = media.unpack(result.data["audio"])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelFailed("The model sent something that is no sound.") from error
    headers = ignored_header([name for name in body if name not in _SPOKEN])
    if body.get("stream_format") != "sse":
        return Response(content, media_type=kind, headers=headers)
    usage = {
        "input_tokens": result.usage.prompt_tokens,
        "output_tokens": result.usage.completion_tokens,
        "total_tokens": result.usage.prompt_tokens + result.usage.completion_tokens,
    }
    events = event(type="speech.audio.delta", audio=base64.b64encode(content).decode("ascii"))
    events += event(type="speech.audio.done", usage=usage)
    return Response(events, media_type="text/event-stream", headers=headers)


async def _speaking(request: Request, body: Mapping[str, Any]) -> Call:
    text, voice, model = body.get("input"), body.get("voice"), body.get("model")
    if not isinstance(text, str) or not text.strip():
        raise fault("input", "input must be a text that is not empty.")
    if isinstance(voice, dict):
        voice = voice.get("id")
    if not isinstance(voice, str | None):
        raise fault("voice", "voice must be a voice's name.")
    if not isinstance(model, str | None):
        raise fault("model", "model must be a model's name.")
    if body.get("stream_format") not in (None, "audio", "sse"):
        raise fault("stream_format", "stream_format must be audio or sse.")
    if body.get("response_format") not in (None, *_KINDS):
        raise fault("response_format", f"response_format must be one of {', '.join(_KINDS)}.")
    settings = {
        "voice": voice or None,
        "speed": body.get("speed"),
        "format": body.get("response_format"),
        "instructions": body.get("instructions"),
    }
    return await capable.call(request, SPEAKING, model, {"inputs": text}, settings)
