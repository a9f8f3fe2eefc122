"""Limits that the system keeps for a process and all it becomes: files, memory, threads."""

from __future__ import annotations

import contextlib
import resource

from serai.registry import Launch

LARGEST_FILE = 16 << 30
"""No file in the scratch folder grows beyond this: a model's saved context fits, a disk is not filled by one file."""

_OPEN_FILES = 4096
_THREADS = 16384
_USUAL_STACK = 8 << 20
_SPARE_THREADS = 16


def apply(launch: Launch) -> bool:
    """Sets them for good; returns whether memory is held to the launch's limit, if it has one."""
    _set(resource.RLIMIT_CORE, 0)
    _set(resource.RLIMIT_NOFILE, _OPEN_FILES)
    _set(resource.RLIMIT_FSIZE, LARGEST_FILE)
    if hasattr(resource, "RLIMIT_NPROC"):
        _set(resource.RLIMIT_NPROC, _THREADS)
    return not launch.memory_limit or _set(resource.RLIMIT_DATA, data_limit(launch))


def data_limit(launch: Launch) -> int:
    """The limit for memory that only this process uses: weights that are mapped from their file, shared libraries and
    a GPU's huge reservations do not count against it, which they would against an address space. Stacks do, with all
    that they might take, so they come on top."""
    stack = resource.getrlimit(resource.RLIMIT_STACK)[0]
    each = _USUAL_STACK if stack == resource.RLIM_INFINITY else stack
    return launch.memory_limit + each * (2 * launch.threads + launch.parallel + _SPARE_THREADS)


def _set(kind: int, wanted: int) -> bool:
    """Sets soft and hard limit, or as near as the hard one allows."""
    hard = resource.getrlimit(kind)[1]
    value = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(kind, (value, value))
        return True
    return False
