"""What a model of Replicate takes, by its own schema. Pure; on nonsense it raises Python's own errors."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from serai.providers._entry import task_of
from serai.types import FEATURE_EXTRACTION, TEXT_GENERATION

COLLECTIONS = {
    "language-models": TEXT_GENERATION,
    "text-to-image": "text-to-image",
    "image-editing": "image-to-image",
    "image-to-text": "image-to-text",
    "speech-to-text": "automatic-speech-recognition",
    "text-to-speech": "text-to-speech",
    "embedding-models": FEATURE_EXTRACTION,
}
"""Its lists that are worth having, and what their models are for. There is none of all models that says it."""

NAME = re.compile(r"(?P<model>[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?::(?P<version>[0-9a-z]{1,64}))?")

ALIASES: Mapping[str, tuple[str, ...]] = {
    "prompt": ("prompt", "text", "input", "text_prompt"),
    "text": ("text", "prompt", "input"),
    "texts": ("texts", "text_batch", "inputs", "text", "input"),
    "image": ("image", "input_image", "image_input", "img", "init_image", "image_prompt", "input_images", "images"),
    "mask": ("mask", "mask_image"),
    "audio": ("audio", "audio_file", "file", "audio_path", "input_audio"),
    "system": ("system_prompt", "system", "system_instruction"),
    "max_tokens": ("max_tokens", "max_new_tokens", "max_completion_tokens", "max_output_tokens"),
    "max_new_tokens": ("max_new_tokens", "max_tokens"),
    "stop": ("stop_sequences", "stop"),
    "num_inference_steps": ("num_inference_steps", "num_steps", "steps"),
    "guidance_scale": ("guidance_scale", "guidance", "cfg", "cfg_scale"),
    "scheduler": ("scheduler", "sampler"),
    "voice": ("voice", "speaker", "voice_id"),
    "format": ("format", "output_format", "audio_format"),
    "language": ("language", "lang"),
    "spoken_before": ("initial_prompt", "prompt"),
}
"""What models call what Serai has one name for; the usual name first."""


@dataclass(frozen=True, slots=True)
class Facts:
    """A model: its inputs by name, None where it does not say them; the version to ask, where it is asked by one; and
    what it is for, empty where its schema does not show it."""

    inputs: Mapping[str, Mapping[str, Any]] | None = None
    version: str = ""
    task: str = ""

    def field(self, name: str) -> str | None:
        """What the model calls this; None where it has no such thing."""
        names = ALIASES.get(name, (name,))
        if self.inputs is None:
            return names[0]
        return next((one for one in names if one in self.inputs), None)

    def is_list(self, field: str) -> bool:
        return (self.inputs or {}).get(field, {}).get("type") == "array"

    def is_text(self, field: str) -> bool:
        return (self.inputs or {}).get(field, {}).get("type") == "string"


def of_model(row: Mapping[str, Any]) -> Facts:
    """Of a model as it is listed. Official ones are asked by their name, all others by their newest version."""
    latest = row.get("latest_version") or {}
    return of_version(latest, asked="" if row.get("is_official") else str(latest.get("id") or ""))


def of_version(row: Mapping[str, Any], asked: str) -> Facts:
    """Of one version, asked by this."""
    schemas = ((row.get("openapi_schema") or {}).get("components") or {}).get("schemas") or {}
    inputs = (schemas.get("Input") or {}).get("properties")
    if not isinstance(inputs, dict):
        return Facts(version=asked)
    facts = Facts(inputs, asked)
    return Facts(inputs, asked, _task(facts, schemas.get("Input") or {}, schemas.get("Output") or {}))


def task(name: str, facts: Facts) -> str:
    """What the model is for: as its schema shows, else as its name sounds."""
    return facts.task or task_of(name)


def _task(facts: Facts, given: Mapping[str, Any], output: Mapping[str, Any]) -> str:
    inner = output.get("items") or output
    if inner.get("format") != "uri":
        return TEXT_GENERATION if output.get("x-cog-array-display") == "concatenate" else ""
    if facts.field("image") in (given.get("required") or ()):
        return "image-to-image"
    if facts.field("voice") is not None:
        return "text-to-speech"
    return "text-to-image" if "prompt" in (facts.inputs or {}) else ""
