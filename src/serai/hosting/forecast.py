"""Whether a model will fit, before it is downloaded or loaded: the numbers, a verdict in words, and what would fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from serai.errors import LoadFailed
from serai.hosting import fitting, launching
from serai.hosting.budget import Device, need
from serai.hosting.fitting import Choice, Wish, words
from serai.hub.shape import Shape
from serai.settings import Models
from serai.types import Model

_ENGINES = {"gguf": "llama.cpp", "safetensors": "transformers"}
"""What runs a format, also where that is not installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Room:
    """The memory of this machine: its devices, what of them a model may take now, and what once all models are
    unloaded that may be."""

    devices: list[Device]
    now: Mapping[str, int]
    later: Mapping[str, int] = field(default_factory=dict)


def engine_for(model: Model) -> str:
    """The engine that would run it, also one that is not installed."""
    try:
        return launching.engine_of(model)
    except LoadFailed:
        return _ENGINES.get(model.format, model.format)


def forecast(model: Model, shape: Shape, settings: Models, room: Room, beside: Mapping[str, int]) -> dict[str, Any]:
    """The answer of `/fit`: the plan that would be loaded, or the one that was asked and does not fit. Pure."""
    wish = launching.wish(engine_for(model), model, settings, shape, room.devices, launching.cores())
    choice = fitting.choose(shape, wish, room.now, room.later or room.now)
    chosen = choice or Choice(wish.plan, fitting.asked(shape, wish))
    verdict = fitting.verdict(choice, room.now)
    priced = {**asdict(chosen.need), "total": chosen.need.total, "peak": chosen.need.peak}
    offered = [] if verdict == "fits" else list(_offers(shape, wish, room, beside))
    return {
        "model": model.name,
        "verdict": verdict,
        "text": _text(verdict, chosen, room),
        "need": priced,
        "devices": [asdict(device) for device in room.devices],
        "room": dict(room.now),
        "loading": {
            "context": chosen.plan.context,
            "parallel": chosen.plan.parallel,
            "kv_type": chosen.plan.kv_type,
            "gpu_layers": chosen.plan.layers,
        },
        "layers": len(shape.layers) + 1,
        "context_length": shape.context,
        "shortened": chosen.shortened,
        "device_reason": chosen.device_reason,
        "would_fit": offered,
    }


def _offers(shape: Shape, wish: Wish, room: Room, beside: Mapping[str, int]) -> list[dict[str, Any]]:
    found = fitting.offers(shape, wish, room.later or room.now, beside)
    return [
        {
            "loading": dict(offer.loading),
            "model": offer.model,
            "text": offer.text,
            "total": need(shape, fitting.changed(wish, offer)).total if not offer.model else None,
        }
        for offer in found
    ]


def _text(verdict: str, choice: Choice, room: Room) -> str:
    needed, free = choice.need, room.now
    graphics = f" and {words(needed.on('gpu'))} on the GPU" if needed.on("gpu") else ""
    numbers = f"needs {words(needed.on('cpu'))} of memory{graphics}; {_free(free)} free for models"
    if verdict == "no":
        return f"Does not fit: {numbers}."
    if verdict == "fits":
        return f"Fits: {numbers}."
    if choice.shortened:
        return f"Tight: {numbers}. {choice.shortened}"
    if not all(size <= free.get(device, 0) for device, size in needed.by_device.items()):
        return f"Fits once others are unloaded: {numbers}."
    return f"Tight: {numbers}."


def _free(room: Mapping[str, int]) -> str:
    parts = [words(room.get("cpu", 0)) + (" are" if "gpu" not in room else "")]
    if "gpu" in room:
        parts.append(f"{words(room['gpu'])} on the GPU are")
    return " and ".join(parts)
