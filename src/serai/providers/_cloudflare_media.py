"""Cloudflare's pictures and sound: what is asked, and what comes back in ours. Pure; on nonsense it raises Python's own
errors."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serai.errors import BadRequest
from serai.providers import _sound
from serai.tasks import media

Given = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Asked:
    """A call to a model, checked."""

    model: str
    inputs: Given
    settings: Given


_PAINTING = {
    "negative_prompt": "negative_prompt",
    "guidance_scale": "guidance",
    "seed": "seed",
    "width": "width",
    "height": "height",
}


def _spelling(model: str) -> Mapping[str, str]:
    """FLUX has fewer settings, and calls its steps otherwise."""
    if "flux-1-schnell" in model:
        return {"num_inference_steps": "steps", "seed": "seed"}
    return {**_PAINTING, "num_inference_steps": "num_steps"}


def paints(model: str) -> tuple[str, ...]:
    return tuple(_spelling(model))


def painted(asked: Asked) -> Given:
    """The body for a picture from words."""
    names = _spelling(asked.model)
    return {"prompt": asked.inputs["inputs"], **{names[name]: value for name, value in asked.settings.items()}}


def changes(_model: str) -> tuple[str, ...]:
    return ("prompt", "negative_prompt", "num_inference_steps", "guidance_scale", "seed", "target_size")


def changed(asked: Asked) -> Given:
    """The body for a picture from another."""
    if asked.inputs.get("mask"):
        raise BadRequest("This service has masks of another kind.", hint="Leave mask out.", field="mask")
    if not asked.settings.get("prompt"):
        raise BadRequest("This service must be told what shall be seen.", hint="Set prompt.", field="prompt")
    names = {**_spelling(asked.model), "prompt": "prompt"}
    body = {names[name]: value for name, value in asked.settings.items() if name in names}
    size = asked.settings.get("target_size") or {}
    body |= {side: size[side] for side in ("width", "height") if side in size}
    return {**body, "image_b64": asked.inputs["inputs"].partition(",")[2]}


def picture(result: Any, _settings: Given) -> dict[str, str]:
    content = _content(result, "image")
    kind = media.kind_of(content)
    if not kind.startswith("image/"):
        raise ValueError("no picture")
    return {"image": media.pack(content, kind)}


def said(asked: Asked) -> Given:
    """The body for speech. A voice is Deepgram's speaker; the others have one for each language."""
    if asked.settings.get("format", "mp3") != "mp3":
        raise BadRequest("This service speaks MP3.", hint="Leave format out.", field="format")
    if "aura" not in asked.model:
        return {"prompt": asked.inputs["inputs"]}
    voice = {"speaker": asked.settings["voice"]} if "voice" in asked.settings else {}
    return {"text": asked.inputs["inputs"], "encoding": "mp3", **voice}


def sound(result: Any, _settings: Given) -> dict[str, Any]:
    content = _content(result, "audio")
    kind = media.kind_of(content)
    if not kind.startswith("audio/"):
        raise ValueError("no sound")
    return {"audio": media.pack(content, kind), "sampling_rate": _sound.sampling_rate(content)}


def heard(result: Any, settings: Given) -> dict[str, Any]:
    """What was said; Deepgram's models say it elsewhere."""
    if "results" in result:
        first = result["results"]["channels"][0]["alternatives"][0]
        result = {"text": first["transcript"], "words": first.get("words")}
    answer: dict[str, Any] = {"text": str(result["text"])}
    about = result.get("transcription_info") or {}
    answer |= {name: about[name] for name in ("language", "duration") if about.get(name) is not None}
    wanted = settings.get("return_timestamps")
    return answer | ({"chunks": _chunks(result, wanted)} if wanted else {})


def _chunks(result: Given, wanted: str) -> list[dict[str, Any]]:
    segments = result.get("segments") or []
    words = result.get("words") or [word for segment in segments for word in segment.get("words") or ()]
    if wanted == "word":
        return [_chunk(word["word"], word) for word in words]
    if not segments and words:
        segments = [{"text": result["text"], "start": words[0]["start"], "end": words[-1]["end"]}]
    return [_chunk(segment["text"], segment) for segment in segments]


def _chunk(text: str, times: Given) -> dict[str, Any]:
    return {"text": str(text), "timestamp": [float(times["start"]), float(times["end"])]}


def _content(result: Any, name: str) -> bytes:
    return result if isinstance(result, bytes) else base64.b64decode(result[name], validate=True)
