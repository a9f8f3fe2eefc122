"""safetensors models through Hugging Face's transformers and PyTorch, from a folder on this machine only."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from serai.engines import _reasons
from serai.registry import Engine, Launch
from serai.types import CHAT, FEATURE_EXTRACTION, TEXT_GENERATION


def serve(launch: Launch, report: Callable[[Mapping[str, Any]], None]) -> None:
    """Loads the model and serves it until the process is ended."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    os.environ["TOKENIZERS_PARALLELISM"] = "false"
    import torch

    from serai.engines._serving import server
    from serai.engines._transformers.loading import load

    device, reason = choose_device(launch, gpus(torch), built_for(torch))
    dtype = choose_dtype(launch.dtype, device, _native_types(torch, device))
    context = context_of(Path(launch.path), launch.context)
    facts = {"device": device, "device_reason": reason, "context": context, "parallel": launch.parallel}
    report({**facts, "threads": launch.threads, "dtype": dtype, "bits": launch.bits, "ignored": ignored(launch)})
    torch.set_num_threads(launch.threads)
    server.run(launch, lambda: load(launch, device, reason, dtype, context), report)


def choose_device(launch: Launch, seen: list[str], built: str) -> tuple[str, str]:
    """Where the model runs and, if that is not a GPU, why not. `seen` are the GPUs, first `cuda` or `mps`."""
    if launch.device == "cpu":
        return "cpu", "The settings ask for the CPU."
    if launch.gpu_layers == 0:
        return "cpu", "The settings place no layer on the GPU."
    if not seen:
        return "cpu", _NO_GPU.get(built, f"PyTorch, built for {built}, sees no GPU.")
    return seen[0], seen[1] if len(seen) == 2 else f"The first of {len(seen) - 1} GPUs: {seen[1]}"


_NO_GPU = {"CPU": "The CPU build of PyTorch is installed, which uses no GPU."}


def gpus(torch: Any) -> list[str]:
    """The kind of device that PyTorch sees, then the devices' names; nothing where there is none."""
    if torch.cuda.is_available():
        return ["cuda", *(torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count()))]
    return ["mps", "Apple's GPU"] if torch.backends.mps.is_available() else []


def built_for(torch: Any) -> str:
    if torch.version.cuda:
        return f"CUDA {torch.version.cuda}"
    if torch.version.hip:
        return f"ROCm {torch.version.hip}"
    return "Metal" if torch.backends.mps.is_built() else "CPU"


def choose_dtype(asked: str, device: str, native: frozenset[str]) -> str:
    """Of what type the weights are: as asked, else the shortest that the device computes with natively."""
    if asked != "auto":
        return asked
    if "bfloat16" in native:
        return "bfloat16"
    return "float32" if device == "cpu" else "float16"


def _native_types(torch: Any, device: str) -> frozenset[str]:
    if device == "cuda":
        return frozenset({"bfloat16"} if torch.cuda.is_bf16_supported(including_emulation=False) else ())
    if device == "cpu":
        able = torch.cpu.get_capabilities()
        return frozenset({"bfloat16"} if able.get("avx512_bf16") or able.get("amx_bf16") else ())
    return frozenset()


def context_of(folder: Path, asked: int) -> int:
    """The context asked for, or what the model was made for where that is less."""
    try:
        config = json.loads((folder / "config.json").read_text("utf-8"))
        config = config.get("text_config") or config
        made_for = config.get("max_position_embeddings") or config.get("n_positions") or config.get("max_seq_len")
    except (OSError, ValueError, AttributeError):
        return asked  # told while loading, in words
    return min(asked, made_for) if isinstance(made_for, int) and made_for > 0 else asked


def ignored(launch: Launch) -> list[str]:
    """What was set for the model and means nothing here."""
    usual = Launch(engine="", model="", path="")
    names = ("kv_type", "flash_attention", "projector", "adapters", "program")
    return [name for name in names if getattr(launch, name) != getattr(usual, name)]


def has_package(name: str) -> bool:
    return importlib.util.find_spec(name) is not None


def explain(lines: list[str]) -> tuple[str, str] | None:
    """Reads the last line of a traceback, for what the loading itself did not put into words."""
    return _reasons.first(reversed(lines), _REASONS)


_REASONS = (
    ("out_of_memory", r"[Oo]ut of memory.*|DefaultCPUAllocator: can't allocate memory.*|Cannot allocate memory.*"),
    ("truncated", r"SafetensorError: .*|Error while deserializing header.*"),
    ("missing", r"No such file or directory: .*"),
    ("unsupported", r"does not recognize this architecture"),
)

ENGINE = Engine(
    name="transformers",
    title="transformers",
    formats=("safetensors",),
    tasks=(CHAT, TEXT_GENERATION, FEATURE_EXTRACTION),
    serve=serve,
    explain=explain,
    requires=("torch", "transformers", "safetensors", "accelerate"),
    extra="torch",
    processes=True,
)
