from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import psutil
import pytest

from serai.hosting import devices, system
from serai.hosting.budget import Device

MB = 1 << 20


@pytest.fixture
def cgroup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    monkeypatch.setattr(devices, "CGROUP", tmp_path)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=8000 * MB, available=5000 * MB))

    def write(limit: str, used: int, cached: int) -> None:
        (tmp_path / "memory.max").write_text(limit)
        (tmp_path / "memory.current").write_text(str(used * MB))
        (tmp_path / "memory.stat").write_text(f"anon 1\ninactive_file {cached * MB}\n")

    return write


def test_the_machines_memory_counts_where_no_container_limits_it(cgroup: Callable[..., None]) -> None:
    assert devices.memory() == Device(name="CPU", kind="cpu", total=8000 * MB, free=5000 * MB)
    cgroup("max", 100, 0)
    assert devices.memory().total == 8000 * MB


def test_a_containers_limit_counts_and_its_file_cache_is_free(cgroup: Callable[..., None]) -> None:
    cgroup(str(2000 * MB), 1500, 400)
    assert devices.memory() == Device(name="CPU", kind="cpu", total=2000 * MB, free=900 * MB)
    cgroup(str(7000 * MB), 100, 0)
    assert devices.memory().free == 5000 * MB


def test_nvidia_tells_what_is_free(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system, "tool", lambda *_: "0, 24576, 20000\n1, 8192, [N/A]\n")
    assert list(devices._nvidia()) == [Device(name="GPU 0", kind="gpu", total=24576 * MB, free=20000 * MB)]


def test_the_kernel_tells_of_amd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number, size in enumerate((16 << 30, 512 << 20)):
        card = tmp_path / f"card{number}/device"
        card.mkdir(parents=True)
        for name, value in (("vendor", "0x1002"), ("mem_info_vram_total", size), ("mem_info_vram_used", 1 << 30)):
            (card / name).write_text(f"{value}\n")
    monkeypatch.setattr(devices, "DRM", tmp_path)
    assert list(devices._amd()) == [Device(name="GPU 0", kind="gpu", total=16 << 30, free=15 << 30)]


@pytest.mark.parametrize(
    ("listed", "sees"),
    [("  CUDA0: NVIDIA H100 (81559 MiB, 80994 MiB free)", True), ("  BLAS: BLAS (0 MiB, 0 MiB free)", False)],
)
def test_a_gpu_counts_only_for_a_program_that_sees_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, listed: str, sees: bool
) -> None:
    gpu = Device(name="GPU 0", kind="gpu", total=1, free=1)
    monkeypatch.setattr(devices, "gpus", lambda: [gpu])
    program = tmp_path / "llama-server"
    program.write_text(f"#!/bin/sh\necho 'Available devices:'\necho '{listed}'\n")
    program.chmod(0o755)
    assert (gpu in devices.read("llama.cpp", str(program))) == sees


def test_an_engine_that_is_not_here_sees_none() -> None:
    assert not devices.reaches_gpu("none")
    assert not devices.reaches_gpu("llama.cpp", "/nowhere/llama-server")
