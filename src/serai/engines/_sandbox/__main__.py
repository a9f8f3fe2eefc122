"""Confines a process as a model's would be, tries to break out, and says in one JSON line what held.

`python -m serai.engines._sandbox SCRATCH FILE…`: SCRATCH is to stay open, and each FILE has to be closed."""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

from serai.engines import _sandbox
from serai.registry import Launch


def main(scratch: str, *closed: str) -> None:
    """Believes nothing that it did not try."""
    launch = Launch("", "", "", socket=f"{scratch}/m.sock", scratch=scratch)
    found = _sandbox.apply(launch)
    network = found.network and not _reaches_network()
    files = found.files and _writes(Path(scratch)) and not any(_reads(Path(path)) for path in closed)
    sys.stdout.write(json.dumps(found._replace(network=network, files=files).as_dict()) + "\n")


def _reaches_network() -> bool:
    try:
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM).close()
    except OSError:
        return False
    return True


def _writes(scratch: Path) -> bool:
    try:
        (scratch / "tried").write_bytes(b"")
    except OSError:
        return False
    return True


def _reads(path: Path) -> bool:
    try:
        with path.open("rb"):
            return True
    except OSError:
        return False


if __name__ == "__main__":
    main(*sys.argv[1:])
