"""GGUF models through llama.cpp: its own HTTP server on a unix socket, either the wheel's in this process or a native
one in its place."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from serai.engines import _reasons
from serai.engines._llama import native, wheel
from serai.engines._llama.options import SLOTS, Options, choose
from serai.engines._llama.template import find
from serai.engines._teaching import taught
from serai.registry import Engine, Launch
from serai.types import CHAT, FEATURE_EXTRACTION, TEXT_GENERATION, TEXT_RANKING

Report = Callable[[Mapping[str, Any]], None]


def serve(launch: Launch, report: Report) -> None:
    """Loads the model and serves it until the process is ended. Raises what llama.cpp raises when it cannot."""
    Path(launch.path).stat()  # a missing file is not the fault of whichever server is asked for it
    Path(SLOTS).mkdir(exist_ok=True)
    if launch.program:
        _serve_native(launch, report)
    else:
        _serve_wheel(launch, report)


def wait_for_signal() -> None:
    """Keeps the process until a signal ends it: SIGTERM's default action, at once, with nothing left to write."""
    if hasattr(signal, "pause"):
        while True:
            signal.pause()
    threading.Event().wait()


def explain(lines: list[str]) -> tuple[str, str] | None:
    """Reads llama.cpp's last lines; the first that names a reason counts."""
    return _reasons.first(lines, _REASONS)


def _serve_wheel(launch: Launch, report: Report) -> None:
    import xllamacpp

    options = choose(launch, wheel.gpus(xllamacpp), _template(launch))
    report(_facts(options, launch))
    server = xllamacpp.Server(wheel.params(xllamacpp, launch, options))
    wait_for_signal()
    del server


def _serve_native(launch: Launch, report: Report) -> None:
    try:
        options = choose(launch, native.gpus(launch.program), _template(launch))
    except native.Unusable as error:
        report({"failed": "crashed", "message": str(error)})
        raise SystemExit(1) from error
    report(_facts(options, launch))
    native.become(launch.program, native.arguments(launch, options), launch)


def _template(launch: Launch) -> str:
    """What takes the place of the model's chat template: the one that was set, and one that does not know tools is
    taught to."""
    return taught(launch.chat_template or find(Path(launch.path))) or launch.chat_template


def _facts(options: Options, launch: Launch) -> dict[str, Any]:
    return {
        "device": options.device,
        "device_reason": options.device_reason,
        "context": launch.context,
        "parallel": options.parallel,
        "threads": options.threads,
        "program": launch.program,
    }


_REASONS = (
    ("mismatched", r"(?:LoRA )?tensor '[^']*' (?:does not exist in base model|has incorrect shape)"),
    ("mismatched", r"mismatch between text model \(n_embd = \d+\) and mmproj \(n_embd = \d+\)"),
    ("unsupported", r"chat template parsing error: .*"),
    ("unsupported", r"unknown projector type: \S*"),
    ("unsupported", r"unknown model architecture: '[^']*'"),
    ("unsupported", r"unknown pre-tokenizer type: '[^']*'"),
    ("unsupported", r"invalid ggml type \d+|tensor '[^']*' has invalid ggml type.*"),
    ("not_gguf", r"invalid magic characters.*"),
    ("out_of_memory", r"failed to allocate.*|unable to allocate.*|std::bad_alloc|cannot allocate memory.*"),
    ("truncated", r"tensor '[^']*' data is not within the file bounds.*"),
    ("missing", r"No such file or directory"),
    ("truncated", r"missing tensor '[^']*'|failed to read .*"),
)

ENGINE = Engine(
    name="llama.cpp",
    title="llama.cpp",
    formats=("gguf",),
    tasks=(CHAT, TEXT_GENERATION, FEATURE_EXTRACTION, TEXT_RANKING),
    serve=serve,
    explain=explain,
    requires=("xllamacpp",),
)
