"""What a model's process gets from its surroundings: a clean environment and a private folder. No secrets."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import psutil

import serai

_KEEP = frozenset({"PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "SYSTEMROOT", "CUDA_VISIBLE_DEVICES"})
_KEEP |= {"HIP_VISIBLE_DEVICES", "ROCR_VISIBLE_DEVICES", "GGML_VK_VISIBLE_DEVICES", "ZE_AFFINITY_MASK"}
_PREFIX = "serai-"
_LONGEST_SOCKET = 100


def clean(environ: Mapping[str, str], scratch: Path) -> dict[str, str]:
    """What a model's process may know: where programs, libraries and devices are. Its home is its scratch folder."""
    kept = {name: value for name, value in environ.items() if name.upper() in _KEEP}
    source = str(Path(next(iter(serai.__path__))).parent)
    folder = str(scratch)
    return kept | {
        "PYTHONPATH": source,
        "PYTHONDONTWRITEBYTECODE": "1",
        "LC_ALL": "C.UTF-8",
        "HOME": folder,
        "TMPDIR": folder,
        "TEMP": folder,
        "HF_HUB_OFFLINE": "1",
        # Threads that wait for each other spin for a moment, then sleep: nearly the speed of spinning on a quiet
        # machine, and beside a busy neighbour a share of it is lost, not a factor of ten (docs/decisions/0008).
        "OMP_WAIT_POLICY": "passive",
        "GOMP_SPINCOUNT": "1000",
        # Libraries that ask who runs them, to name a folder, find it here: the list of users is closed to them.
        "USER": "serai",
        "LOGNAME": "serai",
    }


def make_scratch() -> Path:
    """A new folder that only this user can enter, with a path short enough for a socket inside."""
    prefix = f"{_PREFIX}{os.getpid()}-"
    folder = tempfile.mkdtemp(prefix=prefix)
    if len(folder) > _LONGEST_SOCKET - 10:
        Path(folder).rmdir()
        folder = tempfile.mkdtemp(prefix=prefix, dir="/tmp")
    return Path(folder)


def remove_scratch(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)


def sweep(root: Path | None = None) -> None:
    """Removes scratch folders whose server was killed before it could."""
    for folder in (root or Path(tempfile.gettempdir())).glob(f"{_PREFIX}*-*"):
        owner = folder.name.removeprefix(_PREFIX).split("-")[0]
        with contextlib.suppress(OSError):
            if owner.isdigit() and not psutil.pid_exists(int(owner)) and _is_ours(folder):
                shutil.rmtree(folder, ignore_errors=True)


def _is_ours(folder: Path) -> bool:
    return not hasattr(os, "getuid") or (folder.lstat().st_uid == os.getuid() and not folder.is_symlink())
