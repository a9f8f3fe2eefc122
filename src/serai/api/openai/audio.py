"""/v1/audio/transcriptions and translations: recordings become text."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from serai.api import media as files
from serai.api import sse, wishes
from serai.api.body import ignored as ignored_header
from serai.api.openai import answer, capable, forms, transcripts
from serai.api.openai.chat import failed
from serai.api.openai.fields import fault
from serai.api.openai.forms import Form
from serai.api.routes import Direct, router
from serai.api.scopes import Scope
from serai.errors import ModelFailed
from serai.types import Call, Delta, Result, new_id

routes = router(Scope.INFER, prefix="/v1/audio", tag="openai", kind=Direct)

HEARING = "automatic-speech-recognition"

_HEARD = ("model", "language", "prompt", "response_format", "temperature", "timestamp_granularities", "stream")
_REFUSED = {
    "include": "Log probabilities of what was heard are not told.",
    "known_speaker_names": "Speakers are not told apart.",
    "known_speaker_references": "Speakers are not told apart.",
}

_FORM: dict[str, Any] = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "properties": {
                    "file": {"type": "string", "format": "binary"},
                    **{name: {"type": "string"} for name in _HEARD},
                },
            }
        }
    },
}


@routes.post("/transcriptions", response_class=Response, openapi_extra={"requestBody": _FORM})
async def create_transcription(request: Request) -> Response:
    """What is said in a recording, as json, text, srt, vtt or verbose_json."""
    return await _heard(request, await forms.read(request), "transcribe")


@routes.post("/translations", response_class=Response, openapi_extra={"requestBody": _FORM})
async def create_translation(request: Request) -> Response:
    """The same in English, whatever is spoken."""
    return await _heard(request, await forms.read(request), "translate")


async def _heard(request: Request, form: Form, does: str) -> Response:
    shape = form.one("response_format") or "json"
    if shape not in transcripts.FORMATS:
        raise fault("response_format", f"response_format must be one of {', '.join(transcripts.FORMATS)}.")
    for name, reason in _REFUSED.items():
        if form.fields.get(name):
            raise fault(name, f"{name} cannot be honoured. {reason}")
    call = await _hearing(request, form, does)
    ignored = ignored_header([name for name in form.fields if name not in _HEARD])
    if capable.truth("stream", form.one("stream")):
        source = _pieces(wishes.runner(request)(call))
        return sse.EventStream(source, failed=failed, headers=ignored)
    grains = _grains(form, shape)
    calls = [_timed(call, grain) for grain in grains] or [call]
    results = dict(zip(grains or [""], await capable.run(request, calls), strict=True))
    try:
        return _told(results, shape, form, does, ignored)
    except (KeyError, TypeError, ValueError) as error:
        raise ModelFailed("The model sent something that is no transcript.") from error


async def _hearing(request: Request, form: Form, does: str) -> Call:
    upload = form.file("file")
    inputs = {"inputs": files.packed(upload.content, upload.kind, "audio", "file")}
    settings = {
        "language": form.one("language"),
        "prompt": form.one("prompt"),
        "temperature": capable.number("temperature", form.one("temperature"), float),
        "translate": True if does == "translate" else None,
    }
    return await capable.call(request, HEARING, form.one("model"), inputs, settings)


def _grains(form: Form, shape: str) -> list[str]:
    """How finely times are wanted; each is asked for by a call of its own."""
    wanted = form.fields.get("timestamp_granularities", [])
    if any(grain not in ("word", "segment") for grain in wanted):
        raise fault("timestamp_granularities", "timestamp_granularities are word and segment.")
    if wanted and shape != "verbose_json":
        raise fault("timestamp_granularities", "timestamp_granularities need response_format to be verbose_json.")
    return sorted(set(wanted)) or (["segment"] if shape in transcripts.TIMED else [])


def _timed(call: Call, grain: str) -> Call:
    return replace(call, settings={**call.settings, "return_timestamps": grain}, id=new_id("call"))


def _told(results: Mapping[str, Result], shape: str, form: Form, does: str, headers: Mapping[str, str]) -> Response:
    first = next(iter(results.values()))
    heard = first.data
    if shape == "json":
        return _json(first, transcripts.plain(heard), headers)
    if shape == "verbose_json":
        whole = results["segment"].data if "segment" in results else heard
        words = results["word"].data if "word" in results else None
        spoken = "english" if does == "translate" else form.one("language") or ""
        timed = "segment" in results
        told = transcripts.verbose(whole, words, task=does, language=spoken, segments=timed)
        return _json(first, told, headers)
    return Response(transcripts.text(heard, shape), media_type="text/plain; charset=utf-8", headers=dict(headers))


async def _pieces(deltas: AsyncGenerator[Delta, None]) -> AsyncGenerator[bytes, None]:
    """What is heard as it comes: pieces of text where the model gives them, and all of it at the end."""
    written: list[str] = []
    told: dict[str, Any] = {}
    async with aclosing(deltas):
        async for delta in deltas:
            told = delta.data or told
            if delta.text:
                written.append(delta.text)
                yield event(type="transcript.text.delta", delta=delta.text)
    text = told.get("text") or "".join(written)
    if not written:
        yield event(type="transcript.text.delta", delta=text)
    yield event(type="transcript.text.done", **transcripts.plain({**told, "text": text}))


def event(**told: Any) -> bytes:
    """One of the events that audio is told by."""
    return b"data: " + orjson.dumps(told) + b"\n\n"


def _json(result: Result, told: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    extension = answer.extension(result.answerer, result.tried, result.usage)
    body = orjson.dumps({**told, "serai": extension})
    return Response(body, media_type="application/json", headers=dict(headers))
