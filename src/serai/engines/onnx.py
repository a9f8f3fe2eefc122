"""ONNX models through ONNX Runtime: text generation and embeddings, from a folder on this machine only."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from serai.engines import _reasons
from serai.registry import Engine, Launch
from serai.types import CHAT, TEXT_GENERATION


def serve(launch: Launch, report: Callable[[Mapping[str, Any]], None]) -> None:
    """Loads the model and serves it until the process is ended."""
    import onnxruntime

    from serai.engines._onnx.loading import context_of, load
    from serai.engines._serving import server

    device, reason = choose_device(launch, onnxruntime.get_available_providers())
    context = context_of(launch)
    facts = {"device": device, "device_reason": reason, "context": context, "parallel": launch.parallel}
    report({**facts, "threads": launch.threads})
    server.run(launch, lambda: load(launch, device, context), report)


def choose_device(launch: Launch, providers: Sequence[str]) -> tuple[str, str]:
    """Where the model runs and, if that is not a GPU, why not."""
    if launch.device == "cpu":
        return "cpu", "The settings ask for the CPU."
    if launch.gpu_layers == 0:
        return "cpu", "The settings place no layer on the GPU."
    if "CUDAExecutionProvider" in providers:
        return "cuda", "ONNX Runtime uses CUDA."
    return "cpu", "The CPU build of ONNX Runtime is installed, which uses no GPU."


def explain(lines: list[str]) -> tuple[str, str] | None:
    """Reads the last line of a traceback, for what the loading itself did not put into words."""
    return _reasons.first(reversed(lines), _REASONS)


_REASONS = (
    ("out_of_memory", r"[Ff]ailed to allocate memory.*|bad_alloc|MemoryError.*"),
    ("truncated", r"Protobuf parsing failed.*|[Ee]xternal data .*out of bounds.*"),
)

ENGINE = Engine(
    name="onnx",
    title="ONNX Runtime",
    formats=("onnx",),
    tasks=(CHAT, TEXT_GENERATION, "feature-extraction"),
    serve=serve,
    explain=explain,
    requires=("onnxruntime", "tokenizers", "numpy"),
    processes=True,
)
