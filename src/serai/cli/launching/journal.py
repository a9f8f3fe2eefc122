"""What launches have changed, written down before it is changed, so that the next launch can put it back after any end.

`SERAI_HOME/launches.json` has every launch that is not over, and for every file of an agent what it was before the
first of them. A lock is held while either is changed."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock

from serai.cli.launching.merging import Json, merged, without
from serai.errors import Conflict
from serai.types import new_id

SAME_START_S = 1.0


class Journal:
    """The journal of one home."""

    def __init__(self, home: Path) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self._path = home / "launches.json"
        self._lock = FileLock(home / "launches.lock")

    def begin(self, addition: tuple[Path, Json] | None, key: str | None = None) -> str:
        """Notes a launch by this process and the key that was made for it, and merges what is added into its file.
        Raises Conflict, with nothing changed, when that file cannot be merged into."""
        launch = new_id("launch")
        with self._open() as noted:
            noted["launches"][launch] = {"processes": [_process(os.getpid())], "key": key}
            if addition:
                path = str(addition[0].resolve())
                before = noted["files"].setdefault(path, _before(Path(path)) | {"ours": {}})
                now = _read(Path(path))
                before["ours"][launch] = addition[1]
                self._write(noted)
                _replace(Path(path), _dump(merged(now, addition[1])), before["mode"])
        return launch

    def joined(self, launch: str, pid: int) -> None:
        """Notes the agent's own process: while it lives, what it reads stays."""
        with self._open() as noted:
            noted["launches"][launch]["processes"].append(_process(pid))

    def end(self, launch: str) -> None:
        """Puts everything back that this launch changed, and forgets it."""
        with self._open() as noted:
            self._undo(noted, launch)
            noted["launches"].pop(launch, None)

    def recover(self) -> dict[str, str]:
        """Puts back what launches left that were killed. Returns their keys, which are to be revoked, by launch; a
        launch without one is forgotten, one with a key when `end` is told."""
        with self._open() as noted:
            dead = [name for name, launch in noted["launches"].items() if not any(map(_lives, launch["processes"]))]
            for name in dead:
                self._undo(noted, name)
            keys = {name: noted["launches"][name]["key"] for name in dead if noted["launches"][name]["key"]}
            for name in set(dead) - set(keys):
                del noted["launches"][name]
        return keys

    @contextmanager
    def _open(self) -> Iterator[Any]:
        with self._lock:
            try:
                noted = json.loads(self._path.read_text("utf-8"))
            except (OSError, ValueError):
                noted = {"launches": {}, "files": {}}
            yield noted
            self._write(noted)

    def _write(self, noted: Json) -> None:
        if noted["launches"] or noted["files"]:
            _replace(self._path, _dump(noted), 0o600)
        else:
            self._path.unlink(missing_ok=True)

    def _undo(self, noted: Json, launch: str) -> None:
        for name, before in list(noted["files"].items()):
            ours = before["ours"].pop(launch, None)
            if ours is not None:
                _take_out(Path(name), ours, before)
            if not before["ours"]:
                del noted["files"][name]


def _take_out(path: Path, ours: Json, before: Json) -> None:
    """The file without ours. Where nothing else was changed, it is again what it was, to the byte."""
    if not path.exists():
        return
    original = base64.b64decode(before["content"]) if before["content"] is not None else None
    former = json.loads(original) if original else {}
    try:
        now = without(_read(path), ours, former)
    except Conflict:
        return  # it was made something else meanwhile, and is whoever made it's
    for others in before["ours"].values():
        now = merged(now, others)
    if before["ours"] or now != former:
        _replace(path, _dump(now), before["mode"])
    elif original is not None:
        _replace(path, original, before["mode"])
    else:
        path.unlink(missing_ok=True)
        _remove_folders(before["made"])


def _before(path: Path) -> Json:
    """What a file is, and which folders will be made for it."""
    made = [str(folder) for folder in path.parents if not folder.exists()]
    if not path.exists():
        return {"content": None, "mode": 0o600, "made": made}
    return {"content": base64.b64encode(path.read_bytes()).decode(), "mode": path.stat().st_mode & 0o777, "made": made}


def _read(path: Path) -> Json:
    try:
        found = json.loads(path.read_text("utf-8") or "{}") if path.exists() else {}
    except ValueError as error:
        found = error
    if not isinstance(found, dict):
        raise Conflict(
            f"{path} is not a JSON object, so nothing can be added to it.",
            hint="It may have comments: take them out, or add Serai there by hand (`--print` shows what is needed).",
        )
    return found


def _dump(document: Mapping[str, Any]) -> bytes:
    return json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"


def _replace(path: Path, content: bytes, mode: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.serai")
    partial.unlink(missing_ok=True)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    partial.chmod(mode)
    partial.replace(path)


def _remove_folders(made: list[str]) -> None:
    for folder in made:
        try:
            Path(folder).rmdir()
        except OSError:
            return


def _process(pid: int) -> Json:
    try:
        return {"pid": pid, "started_at": psutil.Process(pid).create_time()}
    except psutil.Error:
        return {"pid": pid, "started_at": 0.0}


def _lives(process: Json) -> bool:
    try:
        found = psutil.Process(process["pid"])
        return (
            found.status() != psutil.STATUS_ZOMBIE and abs(found.create_time() - process["started_at"]) < SAME_START_S
        )
    except psutil.Error:
        return False
