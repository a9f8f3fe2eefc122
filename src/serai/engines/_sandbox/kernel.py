"""Calls to Linux that Python has no words for."""

from __future__ import annotations

import ctypes
import os

_SET_NO_NEW_PRIVS, _CAPBSET_DROP = 38, 24
_CAPABILITY_VERSION_3 = 0x20080522
_CAP_DAC_READ_SEARCH, _CAP_SETPCAP, _MOST_CAPABILITIES = 2, 8, 64


def call(number: int, *arguments: object) -> int:
    """A system call by its number. Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    result: int = libc.syscall(ctypes.c_long(number), *arguments)
    if result < 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
    return result


def no_new_privileges() -> None:
    """From here on no program that this process becomes gets rights it does not have. Raises OSError."""
    _prctl(_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def drop_capabilities() -> None:
    """Gives up for good what makes root more than the owner of its files; for anyone else there is nothing to give
    up. What stays is reading as root does, within the files that Landlock leaves: a model may belong to another user.
    Raises OSError."""
    libc = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    held = (ctypes.c_uint32 * 6)()
    if libc.capget(header, held):
        raise OSError(ctypes.get_errno(), "capget")
    effective, permitted = held[0], held[1]
    if effective >> _CAP_SETPCAP & 1:
        for capability in range(_MOST_CAPABILITIES):
            if capability != _CAP_DAC_READ_SEARCH and libc.prctl(_CAPBSET_DROP, capability, 0, 0, 0):
                break  # the kernel knows no more of them
    keep = 1 << _CAP_DAC_READ_SEARCH
    if libc.capset(header, (ctypes.c_uint32 * 6)(effective & keep, permitted & keep, 0, 0, 0, 0)):
        raise OSError(ctypes.get_errno(), "capset")


def _prctl(option: int, *arguments: int) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(option, *(ctypes.c_ulong(argument) for argument in arguments)):
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code))
