"""GGUF models through llama.cpp: its own HTTP server, on a unix socket, in this process."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from serai.registry import Engine, Launch
from serai.types import CHAT, TEXT_GENERATION

_BATCH_SECONDS = 0.25
_FLOPS_PER_THREAD = 100e9
_BYTES_PER_PARAMETER = 0.6


def serve(launch: Launch, report: Callable[[Mapping[str, Any]], None]) -> None:
    """Loads the model and serves it until the process is ended. Raises what llama.cpp raises when it cannot."""
    # Threads that sleep instead of spin: a busy neighbour costs a share of the speed, not a factor of ten or more
    # (bench/engine.md). OpenMP reads this when llama.cpp's library is loaded.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    import xllamacpp

    device, reason, layers = choose_device(launch.device, launch.gpu_layers, _gpus(xllamacpp))
    facts = {"device": device, "device_reason": reason, "context": launch.context, "parallel": launch.parallel}
    report({**facts, "threads": launch.threads})
    server = xllamacpp.Server(_params(xllamacpp, launch, layers))
    wait_for_signal()
    del server


def wait_for_signal() -> None:
    """Keeps the process until a signal ends it: SIGTERM's default action, at once, with nothing left to write."""
    if hasattr(signal, "pause"):
        while True:
            signal.pause()
    threading.Event().wait()


def choose_device(asked: str, layers: int, gpus: list[str]) -> tuple[str, str, int]:
    """Where the model runs, why that is not the GPU if it is not, and how many layers go there (-1: what fits)."""
    if asked == "cpu":
        return "cpu", "The settings ask for the CPU.", 0
    if layers == 0:
        return "cpu", "The settings place no layer on the GPU.", 0
    if not gpus:
        return "cpu", "llama.cpp, as it is installed here, sees no GPU.", 0
    return "gpu", gpus[0] if len(gpus) == 1 else f"{len(gpus)} GPUs: {', '.join(gpus)}", layers


def batch_size(model_bytes: int, threads: int, on_gpu: bool) -> int:
    """Prompt tokens that are read in one go. A cancelled call holds its slot, and other streams wait, until the
    batch at hand is done: so about a quarter of a second's worth, as a power of two from 32 to 512."""
    if on_gpu:
        return 512
    tokens_per_second = _FLOPS_PER_THREAD * threads / (2 * max(1.0, model_bytes / _BYTES_PER_PARAMETER))
    wanted = max(32, min(512, int(_BATCH_SECONDS * tokens_per_second)))
    return 1 << (wanted.bit_length() - 1)


def explain(lines: list[str]) -> tuple[str, str] | None:
    """Reads llama.cpp's last lines; the first that names a reason counts."""
    for line in lines:
        for cause, pattern in _REASONS:
            if match := re.search(pattern, line):
                return cause, match[0]
    return None


def _gpus(xllamacpp: Any) -> list[str]:
    kinds = xllamacpp.ggml_backend_dev_type
    wanted = {kinds.GGML_BACKEND_DEVICE_TYPE_GPU, kinds.GGML_BACKEND_DEVICE_TYPE_IGPU}
    return [device["description"] for device in xllamacpp.get_device_info() if device["type"] in wanted]


def _params(xllamacpp: Any, launch: Launch, layers: int) -> Any:
    params = xllamacpp.CommonParams()
    params.model.path = launch.path
    params.model_alias = {launch.model}
    _listen(params, launch)
    # Each slot has cells of its own for a whole context: none meets a full pool, and none reads past others' cells.
    params.kv_unified = False
    params.n_ctx = launch.context * launch.parallel
    params.n_parallel = launch.parallel
    params.cache_prompt = True
    params.cache_ram_mib = launch.cache_mb
    params.ctx_shift = False
    params.n_gpu_layers = layers
    params.fit_params = layers == -1
    size = Path(launch.path).stat().st_size
    params.n_batch = params.n_ubatch = launch.batch or batch_size(size, launch.threads, layers != 0)
    params.cache_type_k = params.cache_type_v = getattr(xllamacpp.ggml_type, f"GGML_TYPE_{launch.kv_type.upper()}")
    params.n_ctx_checkpoints = launch.checkpoints or params.n_ctx_checkpoints
    params.cpuparams.n_threads = launch.threads
    params.cpuparams_batch.n_threads = launch.threads
    params.n_threads_http = launch.parallel + 4
    params.verbosity = 3
    return params


def _listen(params: Any, launch: Launch) -> None:
    params.ui = False
    params.endpoint_slots = True
    params.hostnames = [launch.socket] if launch.socket else ["127.0.0.1"]
    params.port = launch.port
    if launch.token:
        params.api_keys = [launch.token]


_REASONS = (
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
    tasks=(CHAT, TEXT_GENERATION),
    serve=serve,
    explain=explain,
    requires=("xllamacpp",),
)
