"""The llama-servers of this machine: the wheel's, those that were built here, and one that was named."""

from __future__ import annotations

import json
import os
import re
import shutil
import stat
import sys
from dataclasses import asdict, dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any, Literal

from serai.errors import BadRequest, Conflict, NotFound
from serai.registry import Launch

AUTO = "auto"
WHEEL = "wheel"
PROGRAM = "llama-server.exe" if sys.platform == "win32" else "llama-server"
_FACTS = "build.json"
_NAME = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,95}")

Kind = Literal["wheel", "native", "given"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One of them; `features` are what its build can use of this machine, as far as that is known."""

    name: str
    kind: Kind
    version: str = ""
    features: tuple[str, ...] = ()
    path: str = ""
    size: int | None = None
    built_at: float | None = None
    in_use: bool = False


def folder(home: Path) -> Path:
    """Where native servers lie."""
    return home / "engines" / "llama.cpp"


def servers(home: Path, setting: str) -> list[Server]:
    """All of them, the one in use marked; native ones newest first."""
    wheel = Server(name=WHEEL, kind="wheel", version=metadata.version("xllamacpp"))
    found = [wheel, *_native(home)]
    if is_path(setting):
        found.append(Server(name=setting, kind="given", path=setting))
    used = _used(found, setting)
    return [replace(server, in_use=server.name == used) for server in found]


def program(home: Path, setting: str) -> str:
    """The program that models are to be run with; empty for the wheel's."""
    return next((server.path for server in servers(home, setting) if server.in_use), "")


def server_of(program: str) -> str:
    """The name by which `servers` lists the one that this program is."""
    path = Path(program)
    return (path.parent.name if path.with_name(_FACTS).exists() else program) if program else WHEEL


def find(home: Path, name: str) -> Server:
    """One by its name. Raises NotFound."""
    for server in servers(home, name if is_path(name) else AUTO):
        if server.name == name:
            return server
    raise NotFound(f"There is no llama-server called {name!r}.", hint="`serai engine list` shows those that are here.")


def is_path(setting: str) -> bool:
    """Whether the setting names a program and not one of ours."""
    return Path(setting).is_absolute()


def check_program(path: str) -> None:
    """Raises BadRequest unless it is a program that nobody else can change."""
    try:
        facts = Path(path).stat()
    except OSError as error:
        raise BadRequest(f"{path} cannot be used: {error.strerror}.", hint="Give a llama-server's full path.") from None
    if not stat.S_ISREG(facts.st_mode) or not os.access(path, os.X_OK):
        raise BadRequest(f"{path} is not a program.", hint="Give the path of a llama-server.")
    if os.name == "posix" and (facts.st_mode & stat.S_IWOTH or facts.st_uid not in (0, os.getuid())):
        raise BadRequest(f"{path} belongs to someone else or can be changed by anybody.", hint="Copy it to your files.")


def keep(home: Path, binary: Path, name: str, facts: dict[str, Any]) -> Server:
    """Takes a program that was built into the folder, whole or not at all."""
    target, partial = folder(home) / name, folder(home) / f".{name}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True, mode=0o700)
    shutil.copy2(binary, partial / PROGRAM)
    with (partial / PROGRAM).open("rb+") as file:
        os.fsync(file.fileno())
    (partial / _FACTS).write_text(json.dumps(facts))
    shutil.rmtree(target, ignore_errors=True)
    partial.rename(target)
    return find(home, name)


def remove(home: Path, name: str) -> None:
    """Deletes a server that was built here. Raises NotFound, or Conflict for any other."""
    if find(home, name).kind != "native":
        raise Conflict(f"{name} was not built by Serai, so it stays.", hint="Choose another: `serai engine use NAME`.")
    shutil.rmtree(folder(home) / name)


def equip(launch: Launch, home: Path, setting: str) -> Launch:
    """The launch with the server that is in use; it may read what lies beside it, such as its libraries."""
    chosen = program(home, setting)
    if not chosen:
        return launch
    return replace(launch, program=chosen)


def _used(found: list[Server], setting: str) -> str:
    if setting == AUTO:
        return next((server.name for server in found if server.kind == "native"), WHEEL)
    return setting if any(server.name == setting for server in found) else WHEEL


def _native(home: Path) -> list[Server]:
    read = [_read(place) for place in folder(home).glob("*/" + _FACTS) if _NAME.fullmatch(place.parent.name)]
    return sorted((server for server in read if server), key=lambda server: -(server.built_at or 0))


def _read(place: Path) -> Server | None:
    """None for one that is damaged: it is then as if it were not there."""
    path = place.with_name(PROGRAM)
    try:
        facts = json.loads(place.read_text("utf-8"))
        return Server(
            name=place.parent.name,
            kind="native",
            version=str(facts["version"]),
            features=tuple(str(feature) for feature in facts["features"]),
            path=str(path),
            size=path.stat().st_size,
            built_at=float(facts["built_at"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def as_dict(server: Server) -> dict[str, Any]:
    return {**asdict(server), "features": list(server.features)}
