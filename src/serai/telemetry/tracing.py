"""W3C's Trace Context: who calls, as the caller's headers say, and a place of our own in the same trace. Pure but for
chance and the context of the running task."""

from __future__ import annotations

import os
import re
from contextvars import ContextVar

from serai.types import Trace

HEADER = b"traceparent"

_FORM = re.compile(rb"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_LONGEST = 256

_caller: ContextVar[Trace | None] = ContextVar("serai_trace", default=None)
"""Who made the request in whose context this runs; tasks that it begins inherit it."""


def hear(header: bytes) -> None:
    """Notes whose request this is; a header that is none is as if it were not there."""
    _caller.set(read(header))


def read(header: bytes) -> Trace | None:
    """The caller's own span; None for what the specification calls invalid."""
    found = _FORM.fullmatch(header) if len(header) <= _LONGEST else None
    if found is None or found[1] == b"ff" or (found[1] == b"00" and found[5]):
        return None
    if not found[2].strip(b"0") or not found[3].strip(b"0"):
        return None
    return Trace(found[2].decode(), found[3].decode(), sampled=bool(int(found[4], 16) & 1))


def begin() -> Trace:
    """A new span: below the caller's, or the first of a new trace."""
    caller = _caller.get()
    span = os.urandom(8).hex()
    if caller is None:
        return Trace(os.urandom(16).hex(), span)
    return Trace(caller.trace_id, span, caller.span_id, sampled=caller.sampled)
