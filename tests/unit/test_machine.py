from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from serai import machine
from serai.hosting import devices, system

NVIDIA = "NVIDIA GeForce RTX 4090, 24564\nTesla T4, 15360\nNVIDIA GB10, [N/A]\n"
X86 = "processor\t: 0\nmodel name\t: AMD Ryzen 7\nflags\t\t: fpu avx avx2 f16c fma avx512f avx512_vnni\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd asimddp i8mm\n\nModel\t\t: Raspberry Pi 5\n"
APPLE = "hw.optional.neon: 1\nhw.optional.arm.FEAT_DotProd: 1\nhw.optional.arm.FEAT_SME: 0\n"


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Programs that are there, and what they say."""

    def there(**says: str) -> None:
        monkeypatch.setattr(system, "tool", lambda name, *_: says.get(name.replace("-", "_"), ""))

    there()
    return there


@pytest.fixture(autouse=True)
def on_linux(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("PROC", "DRM"):
        monkeypatch.setattr(machine, name, tmp_path / name)
    monkeypatch.setattr(devices, "CGROUP", tmp_path / "CGROUP")


def test_the_whole_has_the_shape_of_the_api(tmp_path: Path) -> None:
    from serai.api.native.machine import Hardware

    found = machine.hardware(tmp_path / "not" / "there")
    assert Hardware.model_validate(found).cpu.cores >= 1
    assert found["disk"]["path"] == str(tmp_path)
    assert found["advice"]


@pytest.mark.parametrize(
    ("text", "name", "features"),
    [
        (X86, "AMD Ryzen 7", ["avx", "avx2", "avx512", "avx512-vnni", "f16c", "fma"]),
        (ARM, "Raspberry Pi 5", ["dotprod", "i8mm", "neon"]),
    ],
)
def test_the_processor_of_linux(tmp_path: Path, text: str, name: str, features: list[str]) -> None:
    (tmp_path / "PROC").write_text(text)
    found = machine.cpu()
    assert (found["name"], found["features"]) == (name, features)


def test_the_processor_of_a_mac(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    said = {"machdep.cpu.brand_string": "Apple M3\n", "hw.optional": APPLE}
    monkeypatch.setattr(system, "tool", lambda *command: said[command[-1]])
    assert machine.cpu()["name"] == "Apple M3"
    assert machine.cpu()["features"] == ["dotprod", "neon"]


def test_an_unknown_processor_has_at_least_a_name() -> None:
    assert machine.cpu()["name"]


def test_nvidia_s_tool_names_every_gpu(tools: Any) -> None:
    tools(nvidia_smi=NVIDIA)
    assert machine.gpus() == [
        {"name": "NVIDIA GeForce RTX 4090", "memory": 24564 * 2**20},
        {"name": "Tesla T4", "memory": 15360 * 2**20},
        {"name": "NVIDIA GB10", "memory": None},
    ]


def test_amd_s_memory_is_the_kernel_s_and_the_name_rocm_s(tools: Any, tmp_path: Path) -> None:
    for card, vendor, size in (("card0", "0x1002", 16 << 30), ("card1", "0x8086", 0), ("card2", "0x1002", 512 << 20)):
        device = tmp_path / "DRM" / card / "device"
        device.mkdir(parents=True)
        (device / "vendor").write_text(f"{vendor}\n")
        (device / "mem_info_vram_total").write_text(f"{size}\n")
    (tmp_path / "DRM" / "card0-HDMI-A-1").mkdir()
    assert machine.gpus() == [{"name": "AMD graphics", "memory": 16 << 30}]
    tools(rocm_smi='{"card0": {"Card Series": "AMD Radeon RX 7800 XT"}, "card1": {}, "system": 1}')
    assert machine.gpus() == [{"name": "AMD Radeon RX 7800 XT", "memory": 16 << 30}]


def test_apple_s_graphics_share_the_memory(tools: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr("platform.machine", lambda: "arm64")
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(total=16 << 30))
    tools(sysctl="Apple M3\n")
    assert machine.gpus() == [{"name": "Apple M3 (Metal)", "memory": 12 << 30}]


def test_a_container_s_limit_is_all_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("psutil.virtual_memory", lambda: SimpleNamespace(total=64 << 30, available=60 << 30))
    assert machine.memory() == {"total": 64 << 30, "available": 60 << 30}
    (tmp_path / "CGROUP").mkdir()
    (tmp_path / "CGROUP" / "memory.max").write_text("max\n")
    assert machine.memory()["total"] == 64 << 30
    (tmp_path / "CGROUP" / "memory.max").write_text(f"{8 << 30}\n")
    (tmp_path / "CGROUP" / "memory.current").write_text(f"{3 << 30}\n")
    assert machine.memory() == {"total": 8 << 30, "available": 5 << 30}


@pytest.mark.parametrize(
    "code",
    ["print(1); raise SystemExit(1)", "import time; time.sleep(60)", "import sys; sys.stdout.buffer.write(b'\\xff')"],
)
def test_a_tool_that_fails_says_nothing(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    monkeypatch.setattr(system, "TOOL_S", 0.5)
    assert system.tool(sys.executable, "-c", code) == ""


def test_a_tool_that_is_not_there_says_nothing() -> None:
    assert system.tool("no-such-tool-of-serai") == ""
