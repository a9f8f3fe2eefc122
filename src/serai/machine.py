"""What this machine has: processor, memory, graphics, disk. Read from the system and from the tools that are there;
what cannot be found out is left out, never guessed, and nothing here raises."""

from __future__ import annotations

import csv
import json
import platform
import re
import shutil
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import psutil

from serai import advice
from serai.hosting import devices, system
from serai.hosting.launching import cores

PROC = Path("/proc/cpuinfo")
DRM = Path("/sys/class/drm")
AMD = "0x1002"
SMALLEST_GPU = 1 << 30

FEATURES = {
    "avx": "avx",
    "avx2": "avx2",
    "avx2_0": "avx2",
    "f16c": "f16c",
    "fma": "fma",
    "avx512f": "avx512",
    "avx512_vnni": "avx512-vnni",
    "avx512_bf16": "avx512-bf16",
    "avx_vnni": "avx-vnni",
    "amx_int8": "amx",
    "asimd": "neon",
    "neon": "neon",
    "asimddp": "dotprod",
    "feat_dotprod": "dotprod",
    "i8mm": "i8mm",
    "feat_i8mm": "i8mm",
    "sve": "sve",
}
"""What speeds models up, by the names the systems have for it."""


def hardware(home: Path) -> dict[str, Any]:
    """This machine's facts, its tier and advice; sizes in bytes. `home` says which disk counts."""
    found = {"cpu": cpu(), "memory": memory(), "gpus": gpus(), "disk": disk(home)}
    return {**found, "tier": advice.tier(found), "advice": advice.sentences(found)}


def cpu() -> dict[str, Any]:
    """Name, physical cores that this process may use, and instructions that matter for models."""
    if sys.platform == "darwin":
        name = system.tool("sysctl", "-n", "machdep.cpu.brand_string").strip()
        flags = re.findall(r"hw\.optional\.(?:arm\.)?(\w+): 1", system.tool("sysctl", "hw.optional"))
    else:
        text = system.text(PROC)
        name = _first(text, ("model name", "Model", "Hardware"))
        flags = _first(text, ("flags", "Features")).split()
    known = {FEATURES[flag.lower()] for flag in flags if flag.lower() in FEATURES}
    return {"name": name or platform.processor() or platform.machine(), "cores": cores(), "features": sorted(known)}


def memory() -> dict[str, int]:
    """All of it and what is free, as far as this process' container may use it."""
    found = devices.memory()
    return {"total": found.total, "available": found.free}


def disk(home: Path) -> dict[str, Any]:
    """The disk on which this folder lies, or will lie."""
    place = next((folder for folder in (home, *home.parents) if folder.exists()), Path("/"))
    usage = shutil.disk_usage(place)
    return {"path": str(place), "free": usage.free, "total": usage.total}


def gpus() -> list[dict[str, Any]]:
    """Every graphics processor with memory of its own, and Apple's."""
    if sys.platform == "darwin":
        return _apple()
    return [*_nvidia(), *_amd()]


def _nvidia() -> list[dict[str, Any]]:
    table = system.tool("nvidia-smi", "--query-gpu=name,memory.total", "--format=csv,noheader,nounits")
    return [
        {"name": row[0].strip(), "memory": int(row[1]) << 20 if row[1].strip().isdigit() else None}
        for row in csv.reader(table.splitlines())
        if len(row) == 2
    ]


def _amd() -> list[dict[str, Any]]:
    """The kernel knows the memory; the name is ROCm's, where that is installed."""
    sizes = [
        system.number(card / "device/mem_info_vram_total") or 0
        for card in sorted(DRM.glob("card[0-9]*"))
        if re.fullmatch(r"card\d+", card.name) and system.text(card / "device/vendor").strip() == AMD
    ]
    names = list(_rocm_names())
    large = [(index, size) for index, size in enumerate(sizes) if size >= SMALLEST_GPU]
    return [{"name": names[i] if i < len(names) else "AMD graphics", "memory": size} for i, size in large]


def _rocm_names() -> Iterable[str]:
    try:
        cards: Mapping[str, Any] = json.loads(system.tool("rocm-smi", "--showproductname", "--json"))
    except ValueError:
        return
    for _, facts in sorted(cards.items()):
        if isinstance(facts, dict):
            yield str(facts.get("Card Series") or facts.get("Card series") or "AMD graphics")


def _apple() -> list[dict[str, Any]]:
    """Apple's processors share the memory; Metal lets a program have about three quarters of it."""
    if platform.machine() != "arm64":
        return []
    name = system.tool("sysctl", "-n", "machdep.cpu.brand_string").strip() or "Apple"
    return [{"name": f"{name} (Metal)", "memory": psutil.virtual_memory().total * 3 // 4}]


def _first(text: str, names: tuple[str, ...]) -> str:
    """The first value of the first of these names in a file of `name : value` lines."""
    for name in names:
        if found := re.search(rf"^{re.escape(name)}\s*:\s*(.+)$", text, re.MULTILINE):
            return found[1].strip()
    return ""
