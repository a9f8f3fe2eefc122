"""Cloudflare's tasks besides chat: what each is asked with, and what its answer is in ours. Pure; on nonsense it raises
Python's own errors."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from serai.errors import BadRequest, WrongTask
from serai.providers import _answer, _cloudflare_media, _spelling
from serai.providers._cloudflare_media import Asked, Given
from serai.tasks import media
from serai.tasks.families import family_of
from serai.types import FEATURE_EXTRACTION, TEXT_RANKING, Answerer, Call, Delta, Usage

Body = Mapping[str, Any] | bytes

TASKS = {
    "Text Generation": "text-generation",
    "Text Embeddings": FEATURE_EXTRACTION,
    "Text Classification": "text-classification",
    "Translation": "translation",
    "Summarization": "summarization",
    "Text-to-Image": "text-to-image",
    "Text-to-Speech": "text-to-speech",
    "Automatic Speech Recognition": "automatic-speech-recognition",
    "Image Classification": "image-classification",
    "Object Detection": "object-detection",
    "Image-to-Text": "image-to-text",
}
"""Its names for tasks."""

_NAMED = (("rerank", TEXT_RANKING), ("img2img", "image-to-image"), ("inpainting", "image-to-image"))
"""What it lists as another task, by words in a model's name."""


@dataclass(frozen=True, slots=True)
class Way:
    """How a task is asked, and its answer read; `has` are the settings that it takes of a model."""

    body: Callable[[Asked], Body]
    read: Callable[[Any, Given], Any]
    has: Callable[[str], tuple[str, ...]] = lambda _model: ()


def task_of(name: str, told: str) -> str | None:
    """Our task for a model, or None for one that Serai has not."""
    return next((task for word, task in _NAMED if word in name), TASKS.get(told))


def price(row: Mapping[str, Any]) -> dict[str, float] | None:
    """What a model of the list costs, for a million tokens in US dollars; None where that is not told."""
    told = next((one.get("value") for one in row.get("properties") or () if one["property_id"] == "price"), None)
    parts = {one["unit"]: one for one in told or () if one.get("currency") == "USD"}
    found = {name: parts.get(f"per M {name} tokens", {}).get("price") for name in ("input", "output")}
    known = all(isinstance(value, (int, float)) and value >= 0 for value in found.values())
    return {name: float(value) for name, value in found.items()} if known else None


def body(service: str, call: Call, model: str) -> Body:
    """What is sent. Raises WrongTask, UnknownField or BadRequest for what the asker got wrong or it does not have."""
    family, way = family_of(call.task), WAYS.get(call.task)
    if family is None or way is None:
        raise WrongTask(f"{service} does not do {call.task}.", hint="Choose another model.", task=call.task)
    inputs = family.check_inputs(call.task, call.inputs)
    settings = _spelling.checked(service, family.check_settings(call.settings), way.has(model))
    return way.body(Asked(model, inputs, settings))


def answered(call: Call, result: Any, who: Answerer) -> Delta:
    """The one Delta of an answer: `result` is what its envelope holds, or bytes that came bare."""
    found = WAYS[call.task].read(result, call.settings)
    counted = result.get("usage") if isinstance(result, dict) else None
    usage = _answer.usage(result) if isinstance(counted, dict) else Usage()
    if isinstance(found, str):
        return Delta(text=found, answerer=who, finish="stop", usage=usage)
    return Delta(data=found, answerer=who, finish="stop", usage=usage)


def _texts(asked: Asked) -> Body:
    texts = [asked.inputs["inputs"]] if isinstance(asked.inputs["inputs"], str) else asked.inputs["inputs"]
    if not all(isinstance(text, str) for text in texts):
        raise BadRequest("This service takes texts, not tokens.", field="inputs")
    return {"text": texts}


def _ranked(asked: Asked) -> Body:
    texts = asked.inputs["texts"]
    return {"query": asked.inputs["query"], "contexts": [{"text": text} for text in texts], "top_k": len(texts)}


def _ranking(result: Any, _settings: Given) -> Any:
    found = [{"index": int(row["id"]), "score": float(row["score"])} for row in result["response"]]
    return sorted(found, key=lambda row: -row["score"])


def _labelled(result: Any, settings: Given) -> Any:
    found: list[dict[str, Any]] = [{"label": str(row["label"]), "score": float(row["score"])} for row in result]
    return sorted(found, key=lambda row: -row["score"])[: settings.get("top_k")]


def _translated(asked: Asked) -> Body:
    if "tgt_lang" not in asked.settings:
        hint = "Say it, such as fr; and src_lang where the text is not English."
        raise BadRequest("This service must be told into which language.", hint=hint, field="tgt_lang")
    source = {"source_lang": asked.settings["src_lang"]} if "src_lang" in asked.settings else {}
    return {"text": asked.inputs["inputs"], "target_lang": asked.settings["tgt_lang"], **source}


def _summed(asked: Asked) -> Body:
    return {**asked.settings.get("generate_parameters", {}), "input_text": asked.inputs["inputs"]}


def _bytes(asked: Asked) -> Body:
    return media.unpack(asked.inputs["inputs"])[0]


def _found(result: Any, settings: Given) -> Any:
    least = settings.get("threshold", 0.0)
    return [
        {"label": str(row["label"]), "score": float(row["score"]), "box": {side: row["box"][side] for side in _SIDES}}
        for row in result
        if row["score"] >= least
    ]


def _looked(asked: Asked) -> Body:
    longest = {"max_tokens": asked.settings["max_new_tokens"]} if "max_new_tokens" in asked.settings else {}
    return {
        **asked.settings.get("generation_parameters", {}),
        "image": list(media.unpack(asked.inputs["inputs"])[0]),
        **longest,
    }


def _heard(asked: Asked) -> Body:
    """The large model takes JSON, all others the bare file."""
    content, _ = media.unpack(asked.inputs["inputs"])
    if "turbo" not in asked.model:
        return content
    body = {"audio": base64.b64encode(content).decode("ascii")}
    body |= {theirs: asked.settings[ours] for ours, theirs in _TURBO.items() if ours in asked.settings}
    return body | ({"task": "translate"} if asked.settings.get("translate") else {})


_SIDES = ("xmin", "ymin", "xmax", "ymax")
_TURBO = {"language": "language", "prompt": "initial_prompt"}


def _hears(model: str) -> tuple[str, ...]:
    return ("return_timestamps", *(("language", "prompt", "translate") if "turbo" in model else ()))


WAYS: Mapping[str, Way] = {
    FEATURE_EXTRACTION: Way(_texts, lambda result, _settings: _answer.units(result["data"])),
    TEXT_RANKING: Way(_ranked, _ranking),
    "text-classification": Way(lambda asked: {"text": asked.inputs["inputs"]}, _labelled, lambda _m: ("top_k",)),
    "translation": Way(
        _translated, lambda result, _settings: str(result["translated_text"]), lambda _m: ("src_lang", "tgt_lang")
    ),
    "summarization": Way(
        _summed, lambda result, _settings: str(result["summary"]), lambda _m: ("generate_parameters",)
    ),
    "image-classification": Way(_bytes, _labelled, lambda _m: ("top_k",)),
    "object-detection": Way(_bytes, _found, lambda _m: ("threshold",)),
    "image-to-text": Way(
        _looked,
        lambda result, _settings: str(result["description"]),
        lambda _m: ("max_new_tokens", "generation_parameters"),
    ),
    "automatic-speech-recognition": Way(_heard, _cloudflare_media.heard, _hears),
    "text-to-image": Way(_cloudflare_media.painted, _cloudflare_media.picture, _cloudflare_media.paints),
    "image-to-image": Way(_cloudflare_media.changed, _cloudflare_media.picture, _cloudflare_media.changes),
    "text-to-speech": Way(_cloudflare_media.said, _cloudflare_media.sound, lambda _m: ("voice", "format")),
}
