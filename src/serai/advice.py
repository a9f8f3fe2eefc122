"""What a machine is good for: its tier, and sentences for its owner. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from serai.wording import Saying, say

GB = 1e9

LARGE_GPU = 20 * GB
MID_GPU = 3.5 * GB
LARGE_MEMORY = 24 * GB

RESERVE = 2 * GB
"""Left to the system and to other programs."""

BYTES_PER_PARAMETER = 0.6
"""Q4_K_M with its scales; the context comes on top."""

CONTEXT = 1 * GB

LADDER = (0.5, 1, 3, 4, 8, 14, 32, 70, 120)
"""Usual sizes of models, in thousand millions of parameters."""

FULL_DISK = 10 * GB


TYPICAL = {"small-cpu": 5 * GB, "mid-gpu": 7.2 * GB, "large-gpu": 22.5 * GB}
"""What models may use on a typical machine of a tier: 8 GB of memory, a GPU with 8 GB, one with 24 GB."""


def tier(found: Mapping[str, Any]) -> str:
    """`large-gpu`, `mid-gpu`, `large-cpu` or `small-cpu`."""
    graphics = gpu_memory(found)
    if graphics >= LARGE_GPU:
        return "large-gpu"
    if graphics >= MID_GPU:
        return "mid-gpu"
    return "large-cpu" if found["memory"]["total"] >= LARGE_MEMORY else "small-cpu"


def gpu_memory(found: Mapping[str, Any]) -> float:
    """The memory of all graphics processors together: llama.cpp spreads one model over them."""
    return float(sum(gpu["memory"] or 0 for gpu in found["gpus"]))


def largest(memory: float) -> float:
    """The largest usual model, in thousand millions of parameters, whose Q4_K_M and a usual context fit; 0 if none."""
    fitting = [size for size in LADDER if size * 1e9 * BYTES_PER_PARAMETER + CONTEXT * min(1.0, size / 8) <= memory]
    return max(fitting, default=0)


def sentences(found: Mapping[str, Any]) -> list[Saying]:
    """Which models, how fast, and what to look out for, most useful first."""
    return [*_models(found), *_processor(found), *_disk(found)]


def _models(found: Mapping[str, Any]) -> Iterator[Saying]:
    graphics = gpu_memory(found)
    memory = found["memory"]["total"] - RESERVE
    if graphics >= MID_GPU:
        names = " + ".join(gpu["name"] for gpu in found["gpus"])
        fits = _size(largest(graphics * 0.9))
        yield say("{gpus}: models up to about {size} in Q4_K_M fit into its memory.", gpus=names, size=fits)
        yield say(
            "A GPU helps only where llama.cpp was built for it: `serai ps` tells the device of every loaded model."
        )
        beside = largest(memory)
        if beside > largest(graphics * 0.9):
            yield say(
                "Larger ones, up to about {size}, run partly on the processor, several times slower.",
                size=_size(beside),
            )
        return
    if not (best := largest(memory)):
        yield say("There is little memory: close other programs, and take the smallest models in Q4_K_M.")
        return
    yield say("Models up to about {size} in Q4_K_M fit into memory (Q4_K_M is the usual compromise).", size=_size(best))
    quick = min(best, 8.0 if found["cpu"]["cores"] >= 8 else 4.0 if found["cpu"]["cores"] >= 4 else 1.0)
    if quick < best:
        yield say(
            "On this processor, up to about {size} answers at reading speed; larger ones are slower.",
            size=_size(quick),
        )


def _processor(found: Mapping[str, Any]) -> Iterator[Saying]:
    features = set(found["cpu"]["features"])
    if features & {"avx", "f16c", "fma"} and "avx2" not in features:
        yield say("The processor lacks AVX2: the usual build of llama.cpp may not run on it.")
    if found["cpu"]["cores"] == 1:
        yield say("There is one processor core: answers slow down while other programs work.")


def _disk(found: Mapping[str, Any]) -> Iterator[Saying]:
    free = found["disk"]["free"]
    if free < FULL_DISK:
        yield say("The disk has {free:.1f} GB left; an 8 B model in Q4_K_M takes about 5 GB.", free=free / GB)


def _size(billions: float) -> Saying:
    return say("{billions:g} B parameters", billions=billions)
