"""What a model will need in memory, from its Shape and how it is to be loaded. Pure.

The figures follow what llama.cpp and PyTorch do, as read from their source and their logs; bench/budget.md says how
near they come to what processes were measured to take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from serai.hub.shape import Layer, Shape

MB = 1 << 20

CELL_BITS: Mapping[str, float] = {
    "f32": 32,
    "f16": 16,
    "bf16": 16,
    "q8_0": 8.5,
    "q5_1": 6,
    "q5_0": 5.5,
    "q4_1": 5,
    "q4_0": 4.5,
}
"""Bits of one number in the KV cache, scales included."""

WIDTHS: Mapping[str, int] = {"float32": 4, "float16": 2, "bfloat16": 2, "F64": 8, "F32": 4, "BF16": 2, "F16": 2}

_CELLS = 256
"""llama.cpp rounds the length of its caches up to this."""

_RUNTIME = {"llama.cpp": 46 * MB, "transformers": 415 * MB, "onnx": 110 * MB}
_RUNTIME_OTHER = 200 * MB
_PER_TOKEN = 200
_GPU_RUNTIME = 450 * MB
_PICTURE = 150 * MB
"""What reading one picture takes besides the projector itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """Memory that models can use: the machine's own (`cpu`), or a graphics processor's (`gpu`); in bytes."""

    name: str
    kind: Literal["cpu", "gpu"]
    total: int
    free: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How a model is to be loaded, as far as memory goes: `context` tokens for each of `parallel` streams, `batch`
    tokens read at once, `layers` of it on the GPU (more than it has: all, and the output too), `cache` bytes for past
    prompts, `checkpoints` kept of each stream where the model's memory cannot be rolled back; `beside` are the bytes of
    the files that are loaded with it, `sees` whether one of them reads pictures."""

    engine: str = "llama.cpp"
    context: int = 8192
    parallel: int = 1
    kv_type: str = "f16"
    batch: int = 512
    layers: int = 0
    cache: int = 0
    checkpoints: int = 0
    attention: bool = True
    dtype: str = "auto"
    bits: int = 0
    beside: int = 0
    sees: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Bytes, by what they are for; `total` is their sum, and `by_device` splits it between `cpu` and `gpu`. `later` of
    it is taken only as the model is used; `firm` are the weights on the CPU, which count even while the system shows
    less. `spare` comes on top at the peak, and the system takes it back where memory is short: pages of the file of
    which the engine keeps a copy of its own."""

    weights: int
    kv: int
    compute: int
    cache: int
    runtime: int
    later: int
    spare: int
    firm: int = 0
    by_device: Mapping[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return self.weights + self.kv + self.compute + self.cache + self.runtime

    @property
    def peak(self) -> int:
        """The resident memory that the system will show at most, all devices together."""
        return self.total + self.spare

    def on(self, device: str) -> int:
        return self.by_device.get(device, 0)


def need(shape: Shape, plan: Plan) -> Need:
    """What this model takes when it is loaded so."""
    return _llama(shape, plan) if shape.format == "gguf" else _whole(shape, plan)


def _llama(shape: Shape, plan: Plan) -> Need:
    count = len(shape.layers)
    first = max(0, count + 1 - plan.layers)
    above, below = shape.layers[first:], shape.layers[:first]
    output_above = plan.layers > 0
    output = shape.output or (shape.input if output_above else 0)  # a tied one is a second copy on the GPU
    weights = {
        "cpu": shape.input + shape.other + _weights(below) + (0 if output_above else output),
        "gpu": _weights(above) + (output if output_above else 0),
    }
    copied = sum(layer.rearranged for layer in below) + (0 if output_above else shape.rearranged)
    tied = shape.rearranged if shape.tied and not output_above else 0
    spare = copied - tied + (_weights(above) if above else 0)
    weights["cpu"] += tied
    weights["gpu" if plan.layers else "cpu"] += plan.beside
    kv = {"cpu": _kv(below, plan), "gpu": _kv(above, plan)}
    saved = plan.parallel * plan.checkpoints * sum(_checkpoint(layer, plan) for layer in shape.layers)
    compute = _compute(shape, plan) + (_PICTURE if plan.sees else 0)
    runtime = {"cpu": _runtime(plan, shape), "gpu": _GPU_RUNTIME if plan.layers else 0}
    working = {"cpu": compute, "gpu": compute if plan.layers else 0}
    by_device = {device: weights[device] + kv[device] + working[device] + runtime[device] for device in ("cpu", "gpu")}
    by_device["cpu"] += plan.cache + saved
    return Need(
        weights=sum(weights.values()),
        kv=sum(kv.values()) + saved,
        compute=sum(working.values()),
        cache=plan.cache,
        runtime=sum(runtime.values()),
        later=plan.cache + saved + compute,
        spare=spare,
        firm=weights["cpu"],
        by_device=_taken(by_device),
    )


def _weights(layers: tuple[Layer, ...]) -> int:
    return sum(layer.weights for layer in layers)


def _kv(layers: tuple[Layer, ...], plan: Plan) -> int:
    """Every stream has cells of its own: for its whole context, or for the window and a batch where there is one."""
    bits = CELL_BITS.get(plan.kv_type, 16)
    total = 0.0
    for layer in layers:
        cells = _cells(layer, plan)
        total += plan.parallel * (cells * (layer.key + layer.value) * bits / 8 + layer.state)
    return int(total)


def _cells(layer: Layer, plan: Plan) -> int:
    kept = min(plan.context, layer.window + plan.batch) if layer.window else plan.context
    return -(-kept // _CELLS) * _CELLS


def _checkpoint(layer: Layer, plan: Plan) -> int:
    """What is saved of a layer that cannot be rolled back: its window, or its state."""
    if not layer.window:
        return layer.state
    bits = CELL_BITS.get(plan.kv_type, 16)
    return layer.state + int(min(plan.context, layer.window) * (layer.key + layer.value) * bits / 8)


def _compute(shape: Shape, plan: Plan) -> int:
    """Intermediate results of one batch. What is alive at the same time: a few rows of the model's width and of its
    feed-forward's, and the mask over all cells; without flash attention also the scores of every head."""
    batch = min(plan.batch, plan.context)
    across = shape.heads * shape.head
    row = max(3 * shape.feed_forward + 5 * shape.width, 3 * shape.width + 4 * across)
    cells = {_cells(layer, plan) for layer in shape.layers if layer.key}
    mask = sum(cells) * 2
    if not plan.attention:
        return batch * (4 * row + 2 * mask) + scores(shape, plan) + 4 * shape.vocabulary * plan.parallel
    if plan.kv_type not in {"f16", "f32"}:
        row += across
    return int(batch * (4 * row + mask)) + 4 * shape.vocabulary * plan.parallel


def scores(shape: Shape, plan: Plan) -> int:
    """What the scores of every head take for one batch, where attention is not done in pieces (flash attention)."""
    cells = max((_cells(layer, plan) for layer in shape.layers if layer.key), default=0)
    return min(plan.batch, plan.context) * cells * shape.heads * 4


def _runtime(plan: Plan, shape: Shape) -> int:
    """The process itself, and its table of words."""
    return _RUNTIME.get(plan.engine, _RUNTIME_OTHER) + _PER_TOKEN * shape.vocabulary


def _whole(shape: Shape, plan: Plan) -> Need:
    """PyTorch and ONNX Runtime hold everything on one device, and keep the whole context in every layer, windows or
    not; a layer's cache is copied as it grows. What PyTorch finds stored in other types becomes `dtype`."""
    place = "gpu" if plan.layers else "cpu"
    width = WIDTHS.get(plan.dtype, 0)
    weights = int(sum(count * (width or _stored(kind)) for kind, count in shape.elements.items()))
    if plan.bits and shape.weights:
        inside = _weights(shape.layers) / shape.weights
        weights = int(weights * (1 - inside) + sum(shape.elements.values()) * inside * (plan.bits / 8 + 1 / 64))
    number = width or min((_stored(kind) for kind in shape.elements if kind in WIDTHS), default=4)
    kept = [int(plan.parallel * plan.context * number * (layer.key + layer.value)) for layer in shape.layers]
    kv = sum(kept)
    batch = min(plan.batch, plan.context)
    compute = int(batch * number * (3 * shape.feed_forward + 6 * shape.width)) + max(kept, default=0)
    compute += 4 * shape.vocabulary * plan.parallel
    runtime = _runtime(plan, shape) + (_GPU_RUNTIME if plan.layers else 0)
    by_device = {place: weights + kv + compute + (_GPU_RUNTIME if plan.layers else 0)}
    by_device["cpu"] = by_device.get("cpu", 0) + _runtime(plan, shape)
    return Need(
        weights=weights,
        kv=kv,
        compute=compute,
        cache=0,
        runtime=runtime,
        later=compute + kv,
        spare=0 if plan.layers else _copied(shape, width),
        firm=0 if plan.layers else weights,
        by_device=_taken(by_device),
    )


def _copied(shape: Shape, width: int) -> int:
    """What is in memory both as pages of the file and as a copy: all where the type changes, else what is merged."""
    if width and any(WIDTHS.get(kind, width) != width for kind in shape.elements):
        return shape.weights
    return sum(layer.rearranged for layer in shape.layers)


def _stored(kind: str) -> float:
    return WIDTHS.get(kind, 1)


def _taken(by_device: Mapping[str, int]) -> dict[str, int]:
    return {device: size for device, size in by_device.items() if size}
