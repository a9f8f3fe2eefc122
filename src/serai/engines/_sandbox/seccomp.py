"""Hands the filter to the kernel, for all threads of this process and all it becomes or starts."""

from __future__ import annotations

import ctypes
import os
import struct

from serai.engines._sandbox import bpf
from serai.engines._sandbox.kernel import call

_SECCOMP = {"x86_64": 317, "aarch64": 277}
_SET_MODE_FILTER, _ALL_THREADS = 1, 1


def install(wishes: bpf.Wishes) -> None:
    """Raises OSError where the kernel refuses, KeyError on an architecture without a table. Needs
    `no_new_privileges`."""
    architecture = os.uname().machine
    if ctypes.sizeof(ctypes.c_void_p) != 8:
        raise KeyError(f"{architecture} in 32 bits")
    lines = bpf.program(architecture, wishes)
    code = b"".join(struct.pack("<HBBI", *line) for line in lines)
    buffer = ctypes.create_string_buffer(code, len(code))
    descriptor = struct.pack("@HP", len(lines), ctypes.addressof(buffer))
    call(_SECCOMP[architecture], ctypes.c_uint(_SET_MODE_FILTER), ctypes.c_uint(_ALL_THREADS), descriptor)
