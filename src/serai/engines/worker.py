"""The entry of a model's process: `python -m serai.engines.worker`, told by one JSON line on stdin what to run.

It answers on stdout with JSON lines: facts before it loads, or `{"failed": cause, "message": …}`. Stdin stays open as
long as the server lives; all logs go to stderr."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from typing import Any

from serai import registry
from serai.engines import _sandbox
from serai.engines._guard import end_with_parent, first_to_go, show_as, watch_parent


def main() -> int:
    """Runs the engine until the process is ended; a status other than 0 when it could not."""
    told = _read_line()
    if not told:
        return 0  # the server went away before it had anything to run
    launch = registry.Launch(**json.loads(told))
    end_with_parent(launch.parent)
    first_to_go()
    show_as(f"serai {launch.model}")
    engine = registry.engine(launch.engine)
    if engine is None:
        return _fail("unsupported", f"There is no engine called {launch.engine!r}.")
    # Before the first thread, and before anything of the model's is read.
    protection = _sandbox.apply(launch, processes=engine.processes)
    watch_parent()
    _report({"sandbox": protection.as_dict()})
    if launch.sandbox == "required" and not protection.complete:
        return _fail("unprotected", protection.how)
    try:
        engine.serve(launch, lambda facts: _report(_as_decided(facts, launch)))
    except MemoryError:
        return _fail("out_of_memory", _out_of_memory(launch.memory_limit))
    except ImportError as error:
        return _fail("incomplete", _not_whole(engine.title, str(error)))
    return 0


def _as_decided(facts: Mapping[str, Any], launch: registry.Launch) -> Mapping[str, Any]:
    """An engine's facts with the server's reason for the device, where the server chose it by its memory."""
    return {**facts, "device_reason": launch.device_reason} if launch.device_reason else facts


def _not_whole(title: str, said: str) -> str:
    """What an engine could not import; a library of the system with the way to get it."""
    from serai import libraries

    if library := libraries.missing(said):
        return f"{title} needs the system's {library}, which is not here. {libraries.mend(library)}"
    return f"{title} could not be imported: {said}"


def _out_of_memory(limit: int) -> str:
    if limit:
        return f"The engine wanted more than the {limit / 1e9:.1f} GB that it may use."
    return "The engine could not get enough memory."


def _read_line() -> bytes:
    """Reads stdin up to the first newline and no further: what follows belongs to the watch over the server."""
    line = bytearray()
    while (byte := os.read(0, 1)) not in {b"", b"\n"}:
        line += byte
    return bytes(line)


def _report(facts: Mapping[str, Any]) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def _fail(cause: str, message: str) -> int:
    _report({"failed": cause, "message": message})
    return 1


if __name__ == "__main__":
    sys.exit(main())
