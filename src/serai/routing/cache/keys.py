"""What makes two calls the same: the digest of all that an answer depends on."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import orjson

from serai import __version__
from serai.errors import ModelNotFound
from serai.routing.cache import wanted
from serai.types import LOCAL, Call, Model

Find = Callable[[str], Awaitable[Model]]

_MOST_FILES = 4096


async def digest(call: Call, model: Model, find: Find, *, owner: str) -> bytes | None:
    """The key of a call to a model, `owner` apart from everybody else's. None where what answers cannot be told from
    something else. `find` knows the models that work with this one, such as adapters."""
    parts = [stamp(model)]
    for name in _companions(call, model):
        try:
            parts.append(stamp(await find(name)))
        except ModelNotFound:
            return None
    if None in parts:
        return None
    asked = {
        "serai": __version__,
        "owner": owner,
        "model": parts,
        "task": call.task,
        "inputs": call.inputs,
        "settings": wanted.effective(call, model),
        "loading": {**model.loading, **call.loading},
    }
    try:
        return hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)).digest()
    except (TypeError, ValueError):  # something that is no JSON, whose like cannot be told
        return None


def stamp(model: Model) -> list[Any] | None:
    """What says that it is the same model: its name, and of one on this machine its files. None where they cannot be
    looked at."""
    known: list[Any] = [model.name, model.place, model.task, model.engine]
    if model.place != LOCAL or model.path is None:
        return known
    try:
        return [*known, model.path, *_files(Path(model.path))]
    except OSError:
        return None


def _files(path: Path) -> Sequence[Any]:
    """Sizes and times. A name in the hub's cache leads to a file that is called by its content."""
    if not path.is_dir():
        return _facts(path)
    found: list[Any] = []
    for folder, folders, files in os.walk(path):
        folders.sort()
        for name in sorted(files):
            place = Path(folder, name)
            found.append([str(place.relative_to(path)), *_facts(place)])
            if len(found) > _MOST_FILES:
                raise OSError("too many files")
    return found


def _facts(path: Path) -> list[Any]:
    facts = path.stat()
    return [str(path.resolve()), facts.st_size, facts.st_mtime_ns]


def _companions(call: Call, model: Model) -> list[str]:
    """The models that have a say in the answer of this one."""
    loading = {**model.loading, **call.loading}
    names = [*(loading.get("adapters") or ()), *(call.settings.get("lora") or ())]
    names += [loading["projector"]] if loading.get("projector") else []
    return sorted({str(name) for name in names})
