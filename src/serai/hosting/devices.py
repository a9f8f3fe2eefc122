"""The memory of this machine that models can use: its own, and that of graphics processors which the engines here can
reach. Read from the system; what cannot be found out is left out, and nothing here raises."""

from __future__ import annotations

import csv
import functools
import importlib.util
import re
from collections.abc import Iterator
from pathlib import Path

import psutil

from serai.hosting import system
from serai.hosting.budget import Device

CGROUP = Path("/sys/fs/cgroup")
DRM = Path("/sys/class/drm")

_AMD = "0x1002"
_SMALLEST_GPU = 1 << 30
_MODULES = {"llama.cpp": "xllamacpp", "transformers": "torch"}
_GPU_LIBRARY = re.compile(r"(?:ggml-(?:cuda|hip|vulkan|metal|sycl)|torch_(?:cuda|hip))", re.IGNORECASE)


def read(engine: str = "llama.cpp", program: str = "") -> list[Device]:
    """The machine's memory, and the GPUs that this engine, or a native program in its place, was built for."""
    return [memory(), *(gpus() if reaches_gpu(engine, program) else ())]


def memory() -> Device:
    """All memory and what is free of it, as far as this process' container may use it; what the system keeps of files
    only to be quick counts as free."""
    now = psutil.virtual_memory()
    limit, used = system.number(CGROUP / "memory.max"), system.number(CGROUP / "memory.current")
    if limit is None or limit >= now.total:
        return Device(name="CPU", kind="cpu", total=now.total, free=now.available)
    kept = re.search(r"^inactive_file (\d+)$", system.text(CGROUP / "memory.stat"), re.MULTILINE)
    free = limit - (used or 0) + (int(kept[1]) if kept else 0)
    return Device(name="CPU", kind="cpu", total=limit, free=max(0, min(now.available, free)))


def gpus() -> list[Device]:
    """Every graphics processor with memory of its own."""
    return [*_nvidia(), *_amd()]


def reaches_gpu(engine: str, program: str = "") -> bool:
    """Whether the engine that is installed has code for graphics processors, or this native program sees one."""
    if program:
        return _sees_gpu(program, system.changed(Path(program)))
    return any(
        _GPU_LIBRARY.search(path.name)
        for folder in _folders(_MODULES.get(engine, ""))
        for part in (folder, folder / "lib")
        if part.is_dir()
        for path in part.iterdir()
    )


@functools.lru_cache(maxsize=8)
def _sees_gpu(program: str, _changed: int) -> bool:
    """Whether a llama-server lists a device besides processors: `  CUDA0: NVIDIA H100 (81559 MiB, 80994 MiB free)`."""
    listed = re.findall(r"^\s+(\w+): .+ \(\d+ MiB, \d+ MiB free\)\s*$", system.tool(program, "--list-devices"), re.M)
    return any(not device.startswith(("CPU", "BLAS", "ACCEL")) for device in listed)


def _folders(module: str) -> Iterator[Path]:
    """Where a module and the libraries of its wheel lie."""
    found = importlib.util.find_spec(module) if module else None
    for place in (found.submodule_search_locations or ()) if found else ():
        yield Path(place)
        yield Path(place).with_name(f"{module}.libs")


def _nvidia() -> Iterator[Device]:
    table = system.tool("nvidia-smi", "--query-gpu=index,memory.total,memory.free", "--format=csv,noheader,nounits")
    for row in csv.reader(table.splitlines()):
        if len(row) == 3 and all(cell.strip().isdigit() for cell in row):
            index, total, free = (int(cell) for cell in row)
            yield Device(name=f"GPU {index}", kind="gpu", total=total << 20, free=free << 20)


def _amd() -> Iterator[Device]:
    index = 0
    for card in sorted(DRM.glob("card[0-9]*")):
        if re.fullmatch(r"card\d+", card.name) and system.text(card / "device/vendor").strip() == _AMD:
            total = system.number(card / "device/mem_info_vram_total") or 0
            used = system.number(card / "device/mem_info_vram_used") or 0
            if total >= _SMALLEST_GPU:
                yield Device(name=f"GPU {index}", kind="gpu", total=total, free=max(0, total - used))
            index += 1
