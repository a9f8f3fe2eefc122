"""What a model's process may see on Linux: its model, its libraries, its scratch folder, and its machine's hardware."""

from __future__ import annotations

import glob
import itertools
import mimetypes
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from serai.engines._sandbox import landlock
from serai.registry import Launch

_SYSTEM = ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/opt/rocm", "/opt/cuda", "/nix/store", "/gnu/store")
_DRIVERS = ("/run/opengl-driver", "/run/opengl-driver-32")
_PREFIX_PARTS = ("bin", "lib", "lib64", "pyvenv.cfg")
# Settings that libraries look for by name and fail on when they are there but closed; none holds a secret.
_ETC = ("ld.so.cache", "localtime", "os-release", "ssl/openssl.cnf", "OpenCL/vendors", "vulkan")
_PROC = ("self", "cpuinfo", "meminfo", "stat", "version", "loadavg", "devices", "driver/nvidia", "sys/vm")
_SYS = ("devices/system", "fs/cgroup", "kernel/mm", "bus/pci")
_SYS_GPU = ("class", "module", "devices/platform", "devices/virtual/kfd", "devices/soc0")
_SOURCES = ("null", "zero", "full", "random", "urandom")
_GPU_NODES = ("nvidia*", "nvidia-caps/*", "dri", "kfd", "nvhost*", "nvmap", "dxg", "accel")
_SPLIT = re.compile(r"(?P<stem>.+)-\d{5}-of-(?P<count>\d{5})\.gguf")
_MOST_PARTS = 10_000


def allowed(launch: Launch) -> Iterator[tuple[str, int]]:
    """Paths with the accesses that remain; some may not exist. Looks at the model's folder."""
    if scratch := scratch_folder(launch):
        yield scratch, landlock.SCRATCH
    for path in _model(launch):
        yield path, landlock.READ
    for path in (*_SYSTEM, *_DRIVERS, *_python(), *_folders(os.environ.get("LD_LIBRARY_PATH", ""))):
        yield path, landlock.LIBRARY
    for path in _program(launch.program):
        yield path, landlock.LIBRARY
    gpus = gpu_nodes()
    for path in (*_machine(bool(gpus)), *map(str, mimetypes.knownfiles)):
        yield path, landlock.READ
    for name in _SOURCES:
        yield f"/dev/{name}", landlock.READ | landlock.WRITE_FILE
    for path in gpus:
        yield path, landlock.DEVICE
    if gpus and launch.program:  # it asks itself which GPUs there are, in a process of its own
        yield "/proc", landlock.READ


def scratch_folder(launch: Launch) -> str:
    """The one folder that may be written; none is known where the launch names none."""
    return launch.scratch or (str(Path(launch.socket).parent) if launch.socket else "")


def gpu_nodes() -> list[str]:
    """The devices through which this machine's GPUs are used."""
    return [path for pattern in _GPU_NODES for path in glob.glob(f"/dev/{pattern}")]  # noqa: PTH207 - 3 ms faster


def _model(launch: Launch) -> Iterator[str]:
    wanted = (launch.path, launch.projector, *(path for path, _ in launch.adapters), *launch.readable)
    for path in filter(None, wanted):
        yield from model_files(path)


def model_files(path: str) -> Iterator[str]:
    """A model's file with the parts it is split into, or its folder with what the hub's cache links to from there.
    Other links beside it are not followed: whoever made the model could point them anywhere."""
    yield path
    place = Path(path)
    if place.is_dir():
        beside = (entry for entry in place.rglob("*") if entry.is_symlink())
    else:
        beside = (entry for entry in _entries(place.parent) if _belongs(entry.name, place.name))
    for entry in itertools.islice(beside, _MOST_PARTS):
        target = entry.resolve()
        if not entry.is_symlink() or target.parent == _blobs(place):
            yield str(target)


def _belongs(name: str, first: str) -> bool:
    """Whether a file is a part of the model that the first one names: `…-00002-of-00003.gguf`, `….onnx_data`."""
    if match := _SPLIT.fullmatch(first):
        part = _SPLIT.fullmatch(name)
        return part is not None and part.group("stem", "count") == match.group("stem", "count")
    return first.endswith(".onnx") and name.startswith(first)


def _blobs(place: Path) -> Path | None:
    """Where the hub's cache keeps what a snapshot consists of: `models--org--name/blobs` beside its `snapshots`."""
    above = next((parent for parent in place.absolute().parents if parent.name == "snapshots"), None)
    return (above.parent / "blobs").resolve() if above else None


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _program(program: str) -> Iterator[str]:
    """A native server and the libraries beside it: not its folder, which may be anyone's home."""
    if not program:
        return
    yield program
    folder = Path(program).resolve().parent
    for place in (folder, folder.parent / "lib", folder.parent / "lib64"):
        yield from (str(file) for file in _entries(place) if ".so" in file.name)


def _python() -> Iterator[str]:
    """Python, Serai and their libraries, by folders inside a prefix: the prefix itself may be anyone's home."""
    for prefix in {sys.prefix, sys.base_prefix, sys.exec_prefix, sys.base_exec_prefix}:
        yield from (f"{prefix}/{part}" for part in _PREFIX_PARTS)
    yield from (path for path in sys.path if path and Path(path).is_absolute() and path != "/")


def _folders(listed: str) -> Iterator[str]:
    yield from (path for path in listed.split(":") if path.startswith("/") and path.strip("/"))


def _machine(gpus: bool) -> Iterator[str]:
    yield from (f"/etc/{name}" for name in _ETC)
    yield from (f"/proc/{name}" for name in _PROC)
    yield from (f"/sys/{name}" for name in _SYS)
    yield from glob.glob("/sys/devices/pci*")  # noqa: PTH207
    if gpus:
        yield from (f"/sys/{name}" for name in _SYS_GPU)
