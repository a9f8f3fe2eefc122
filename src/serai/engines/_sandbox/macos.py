"""The sandbox on macOS: Seatbelt, by a profile in its own language. Written from what is documented; not yet tried on a
Mac, so nothing here is promised. Where the system refuses the profile, that is said."""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable
from pathlib import Path

from serai.engines._sandbox.facts import Protection
from serai.registry import Launch

_LIBRARY = "/usr/lib/libsandbox.1.dylib"
_CLOSED = ("/Users", "/Volumes", "/private/tmp", "/private/var/folders", "/private/var/root")


def apply(launch: Launch, processes: bool) -> Protection:
    """Confines this process and all it starts, for good."""
    from serai.engines._sandbox import limits

    memory = limits.apply(launch) and not launch.memory_limit  # macOS takes the limit for data, and does not keep it
    problem = _confine(profile(launch, readable(launch), processes))
    if problem:
        return Protection(memory=memory, how=f"limits only: no Seatbelt ({problem})")
    return Protection(network=True, files=True, memory=memory, how="Seatbelt")


def _confine(text: str) -> str:
    """Asks the system; returns its refusal, or nothing."""
    try:
        library = ctypes.CDLL(_LIBRARY)
        error = ctypes.c_char_p()
        if library.sandbox_init(text.encode(), ctypes.c_uint64(0), ctypes.byref(error)):
            return (error.value or b"no reason given").decode("utf-8", "replace")
    except (OSError, AttributeError) as missing:
        return str(missing)
    return ""


def readable(launch: Launch) -> list[str]:
    """What lies in folders that are closed otherwise: Python, Serai, their libraries, and the model."""
    from serai.engines._sandbox.paths import model_files

    wanted = (launch.path, launch.projector, *(path for path, _ in launch.adapters), *launch.readable)
    models = [file for path in filter(None, wanted) for file in model_files(path)]
    program = [launch.program, str(Path(launch.program).resolve().parent)] if launch.program else []
    return [*_python(), *models, *program]


def profile(launch: Launch, readable: Iterable[str], processes: bool) -> str:
    """What may be done, in Seatbelt's language, where the last rule that fits counts. Pure."""
    scratch = _quoted(launch.scratch)
    lines = [
        "(version 1)",
        "(allow default)",
        "(deny network*)",
        *_listening(launch),
        "(deny file-write*)",
        f"(deny file-read-data {' '.join(f'(subpath {_quoted(place)})' for place in _CLOSED)})",
        *(f"(allow file-read-data (subpath {_quoted(path)}))" for path in readable),
        '(allow file-write-data (literal "/dev/null") (literal "/dev/zero") (literal "/dev/dtracehelper"))',
        "(deny process-info* (target others))",
    ]
    if launch.scratch:
        lines.append(f"(allow file-read* file-write* (subpath {scratch}))")
    if not processes:
        lines += ["(deny signal (target others))", "(deny process-fork)"]
    return "\n".join(lines)


def _listening(launch: Launch) -> list[str]:
    if launch.socket:
        return [f"(allow network-bind network-inbound (literal {_quoted(launch.socket)}))"]
    return [f'(allow network-bind network-inbound (local tcp "localhost:{launch.port}"))']


def _python() -> list[str]:
    parts = [f"{prefix}/{part}" for prefix in {sys.prefix, sys.base_prefix} for part in ("bin", "lib", "Frameworks")]
    return [*parts, *filter(None, sys.path)]


def _quoted(path: str) -> str:
    """Seatbelt compares real paths: /tmp is /private/tmp there."""
    text = os.path.realpath(path).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'
