"""Which process works on a job, and whether it is still there."""

from __future__ import annotations

import os
import secrets
import socket
import sys
from dataclasses import dataclass
from pathlib import Path

import psutil

LEASE_S = 30.0
"""A process in a place we cannot look into is gone after this long without a sign of life."""


@dataclass(frozen=True, slots=True)
class Owner:
    """`place` is where the process's number means something: one start of one machine or container."""

    place: str
    pid: int
    started: str
    nonce: str

    @classmethod
    def mine(cls) -> Owner:
        """This process; every call names another worker in it."""
        return cls(_place(), os.getpid(), _started(os.getpid()) or "", secrets.token_hex(4))

    @classmethod
    def parse(cls, text: str) -> Owner:
        place, pid, started, nonce = text.split("|")
        return cls(place, int(pid), started, nonce)

    def __str__(self) -> str:
        return f"{self.place}|{self.pid}|{self.started}|{self.nonce}"


def is_gone(owner: str, beat_at: float | None, now: float) -> bool:
    """True when nobody works under this name any more. Here the process table knows, elsewhere the lease decides."""
    other = Owner.parse(owner)
    if other.place == _place():
        return _started(other.pid) != other.started
    return now - (beat_at or 0.0) > LEASE_S


def _started(pid: int) -> str | None:
    """When the process began, which tells it from a later one with the same number; None when it is not there."""
    if sys.platform == "linux":
        return _ticks(pid)
    try:
        return str(psutil.Process(pid).create_time())
    except psutil.Error:
        return None


def _ticks(pid: int) -> str | None:
    """Linux counts from its boot, so that setting the clock does not make a process look like another."""
    try:
        state, *fields = Path(f"/proc/{pid}/stat").read_text("ascii", "replace").rpartition(")")[2].split()
    except OSError:
        return None
    return None if state in "ZX" else fields[18]


def _place() -> str:
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot}/{Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return f"{socket.gethostname()}/{psutil.boot_time():.0f}"
