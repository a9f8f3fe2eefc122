"""Landlock: what of the file system this process, and all it becomes or starts, may still reach."""

from __future__ import annotations

import contextlib
import ctypes
import os
import stat
import struct
from collections.abc import Iterable

from serai.engines._sandbox.kernel import call

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_ASK_VERSION = 1
_RULE_PATH, _RULE_PORT = 1, 2

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1, 1 << 1, 1 << 2, 1 << 3
_REMOVE = 1 << 4 | 1 << 5
_MAKE_DEVICE = 1 << 6 | 1 << 11
_MAKE = 1 << 7 | 1 << 8 | 1 << 9 | 1 << 10 | 1 << 12
_REFER, _TRUNCATE, IOCTL_DEVICE = 1 << 13, 1 << 14, 1 << 15
_FIRST_ABI = WRITE_FILE | EXECUTE | READ_FILE | READ_DIR | _REMOVE | _MAKE | _MAKE_DEVICE
_FOR_FILES = EXECUTE | WRITE_FILE | READ_FILE | _TRUNCATE | IOCTL_DEVICE

READ = READ_FILE | READ_DIR
LIBRARY = READ | EXECUTE
DEVICE = READ | WRITE_FILE | IOCTL_DEVICE
SCRATCH = READ | WRITE_FILE | _REMOVE | _MAKE | _REFER | _TRUNCATE
"""Everything but running what lies there and making devices."""

_BIND_TCP, _CONNECT_TCP = 1, 1 << 1
_ABSTRACT_SOCKETS, _SIGNALS = 1, 1 << 1
TRUNCATE_ABI, NETWORK_ABI, SCOPE_ABI = 3, 4, 6


def version() -> int:
    """Which of its versions this kernel speaks. Raises OSError where there is none, or it is switched off."""
    return call(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_ASK_VERSION))


def handled(abi: int) -> int:
    """The file accesses that this version can deny."""
    known = _FIRST_ABI
    for since, access in ((2, _REFER), (TRUNCATE_ABI, _TRUNCATE), (5, IOCTL_DEVICE)):
        known |= access if abi >= since else 0
    return known


def confine(abi: int, paths: Iterable[tuple[str, int]], port: int) -> None:
    """Leaves this thread, and all that it starts, with these accesses to these paths only (what is not there is
    skipped), with listening on `port` only, and with nobody outside to signal. Raises OSError, and nothing is changed
    then. Needs `no_new_privileges`. Rights cannot be regained."""
    attributes = struct.pack("<QQQ", handled(abi), _BIND_TCP | _CONNECT_TCP, _ABSTRACT_SOCKETS | _SIGNALS)
    size = 24 if abi >= SCOPE_ABI else 16 if abi >= NETWORK_ABI else 8
    ruleset = call(_CREATE_RULESET, attributes, ctypes.c_size_t(size), ctypes.c_uint32(0))
    try:
        for path, access in paths:
            _allow_path(ruleset, path, access & handled(abi))
        if port and abi >= NETWORK_ABI:
            rule = struct.pack("<QQ", _BIND_TCP, port)
            call(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_RULE_PORT), rule, ctypes.c_uint32(0))
        call(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)


def _allow_path(ruleset: int, path: str, access: int) -> None:
    try:
        place = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return
    keep = path.startswith("/proc")
    try:
        if not stat.S_ISDIR(os.fstat(place).st_mode):
            access &= _FOR_FILES
        rule = struct.pack("<Qi", access, place)
        with contextlib.suppress(OSError):  # a pipe or a socket: there is nothing that could be allowed
            call(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(_RULE_PATH), rule, ctypes.c_uint32(0))
    finally:
        if keep:
            # procfs forgets what nobody holds, and makes it anew on the next look: no rule would know that one.
            os.set_inheritable(place, True)
        else:
            os.close(place)
