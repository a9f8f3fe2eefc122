"""The limits of a model's process on Windows: a job object. It holds memory and processes, not files and network.
Written from its documentation; not yet tried on Windows."""

from __future__ import annotations

import ctypes
import sys

from serai.engines._sandbox.facts import Protection
from serai.registry import Launch

_ACTIVE_PROCESS, _PROCESS_MEMORY, _DIE_ON_EXCEPTION = 0x08, 0x100, 0x400
_EXTENDED_LIMITS = 9
_NOT_CONFINED = "Windows keeps neither files nor network from a process without a container"


class _Basic(ctypes.Structure):
    _fields_ = (
        ("process_time", ctypes.c_int64),
        ("job_time", ctypes.c_int64),
        ("flags", ctypes.c_uint32),
        ("least_working_set", ctypes.c_size_t),
        ("most_working_set", ctypes.c_size_t),
        ("processes", ctypes.c_uint32),
        ("affinity", ctypes.c_size_t),
        ("priority", ctypes.c_uint32),
        ("scheduling", ctypes.c_uint32),
    )


class Limits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

    _fields_ = (
        ("basic", _Basic),
        ("counters", ctypes.c_uint64 * 6),
        ("process_memory", ctypes.c_size_t),
        ("job_memory", ctypes.c_size_t),
        ("most_process_memory", ctypes.c_size_t),
        ("most_job_memory", ctypes.c_size_t),
    )


def limits(launch: Launch, processes: bool) -> Limits:
    """No process besides this one, unless it may start others, and the memory it was given. Pure."""
    flags = _DIE_ON_EXCEPTION
    flags |= _PROCESS_MEMORY if launch.memory_limit else 0
    flags |= 0 if processes else _ACTIVE_PROCESS
    basic = _Basic(flags=flags, processes=1)
    return Limits(basic=basic, process_memory=launch.memory_limit)


def apply(launch: Launch, processes: bool) -> Protection:
    """Puts this process, and all it starts, into a job object of its own."""
    if sys.platform == "win32":
        system = ctypes.WinDLL("kernel32", use_last_error=True)
        system.CreateJobObjectW.restype = system.GetCurrentProcess.restype = ctypes.c_void_p
        job = ctypes.c_void_p(system.CreateJobObjectW(None, None))
        wanted = limits(launch, processes)
        size = ctypes.sizeof(wanted)
        held = system.SetInformationJobObject(job, _EXTENDED_LIMITS, ctypes.byref(wanted), size)
        held = held and system.AssignProcessToJobObject(job, ctypes.c_void_p(system.GetCurrentProcess()))
        return Protection(memory=bool(held), how=f"job object; {_NOT_CONFINED}")
    return Protection(how=_NOT_CONFINED)
