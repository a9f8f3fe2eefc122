"""What models have read is kept when they are unloaded, so that a chat goes on without reading it all again."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO, Protocol, cast

import aiohttp
import orjson

from serai.registry import Launch

FOLDER = "slots"
"""In the process's scratch folder, where it saves to and restores from."""

_PATIENCE_S = 10.0
_LEAST_TOKENS = 64
_FAULTS = (OSError, aiohttp.ClientError, TimeoutError, ValueError, KeyError, TypeError)


class Process(Protocol):
    """What is needed of `ModelProcess`."""

    launch: Launch
    scratch: Path

    async def get(self, path: str) -> Any: ...

    async def post(self, path: str, body: bytes) -> aiohttp.ClientResponse: ...


class Slots:
    """Keeps at most `limit` bytes under `folder`, the newest. Never raises: without it a chat is only slower."""

    def __init__(self, folder: Path, limit: int = 2 << 30) -> None:
        self._folder = folder
        self._limit = limit

    async def save(self, process: Process) -> int:
        """Keeps what the model's idle slots hold; returns how many it kept."""
        kept = 0
        try:
            async with asyncio.timeout(_PATIENCE_S):
                for slot in await process.get("/slots"):
                    if not slot["is_processing"] and slot.get("n_prompt_tokens", 0) >= _LEAST_TOKENS:
                        name = f"{slot['id']}.bin"
                        await _act(process, slot["id"], "save", name)
                        await asyncio.to_thread(self._take, process, name)
                        kept += 1
        except _FAULTS:
            pass
        await asyncio.to_thread(self._trim)
        return kept

    async def restore(self, process: Process) -> int:
        """Gives a model back what it held; what is damaged, or what it does not take, is deleted. Returns how many
        slots it has again."""
        restored = 0
        for path in self._files(self._place(process.launch)):
            slot = int(path.name.split(".")[0])
            try:
                async with asyncio.timeout(_PATIENCE_S):
                    if slot < process.launch.parallel:
                        await asyncio.to_thread(_give, path, process.scratch, f"{slot}.bin")
                        await _act(process, slot, "restore", f"{slot}.bin")
                        restored += 1
            except _FAULTS:
                path.unlink(missing_ok=True)
            finally:
                (process.scratch / FOLDER / f"{slot}.bin").unlink(missing_ok=True)
        return restored

    def _place(self, launch: Launch) -> Path:
        """A folder for all that must be the same for one's cache to be another's."""
        path = Path(launch.path)
        try:
            facts = path.stat()
            file: list[Any] = [str(path.resolve()), facts.st_size, facts.st_mtime_ns]
        except OSError:
            file = [str(path)]
        file += [launch.context, launch.kv_type, launch.flash_attention, launch.adapters, launch.program]
        return self._folder / hashlib.sha256(json.dumps(file).encode()).hexdigest()[:32]

    def _files(self, place: Path) -> list[Path]:
        return sorted(path for path in place.glob("*.*.bin") if path.name.split(".")[0].isdigit())

    def _take(self, process: Process, name: str) -> None:
        """Moves a saved slot here, whole or not at all; its name holds its digest, which tells damage."""
        source, place = process.scratch / FOLDER / name, self._place(process.launch)
        try:
            if source.lstat().st_size > min(self._limit, shutil.disk_usage(process.scratch).free // 4):
                return
            place.mkdir(parents=True, exist_ok=True, mode=0o700)
            slot, partial = name.split(".", maxsplit=1)[0], place / f".{name}.partial"
            with _opened(process.scratch, name, os.O_RDONLY) as saved, partial.open("wb") as kept:
                shutil.copyfileobj(saved, kept)
            partial.chmod(0o600)
            digest = _digest(partial)
            old = [path for path in self._files(place) if path.name.startswith(f"{slot}.")]
            partial.replace(place / f"{slot}.{digest}.bin")
            for path in old:
                if path.name != f"{slot}.{digest}.bin":
                    path.unlink(missing_ok=True)
        finally:
            source.unlink(missing_ok=True)

    def _trim(self) -> None:
        """The oldest go first; so does what a crash left half written."""
        left = self._limit
        for path, facts in sorted(self._all(), key=lambda found: -found[1].st_mtime):
            left -= facts.st_size
            if left < 0 or (path.suffix == ".partial" and facts.st_mtime < time.time() - _PATIENCE_S):
                path.unlink(missing_ok=True)

    def _all(self) -> Iterator[tuple[Path, os.stat_result]]:
        for path in self._folder.glob("*/*"):
            try:
                yield path, path.stat()
            except OSError:
                continue


async def _act(process: Process, slot: int, action: str, name: str) -> None:
    """Raises ValueError when the process cannot."""
    async with await process.post(f"/slots/{slot}?action={action}", orjson.dumps({"filename": name})) as response:
        if response.status != 200:
            raise ValueError(f"{action}: status {response.status}")


def _give(path: Path, scratch: Path, name: str) -> None:
    """Copies a kept slot. Raises ValueError when it is not what was kept: a damaged one could end the process."""
    if _digest(path) != path.name.split(".")[1]:
        raise ValueError("damaged")
    with path.open("rb") as kept, _opened(scratch, name, os.O_WRONLY | os.O_CREAT | os.O_EXCL) as given:
        shutil.copyfileobj(kept, given)
    os.utime(path)


def _opened(scratch: Path, name: str, flags: int) -> BinaryIO:
    """A file of the folder of slots, itself: the model's process may have put links there, to have others' files read
    or overwritten with our rights. Raises OSError for a link."""
    mode = "rb" if flags == os.O_RDONLY else "wb"
    if os.open not in os.supports_dir_fd:
        return cast(BinaryIO, (scratch / FOLDER / name).open(mode))
    folder = os.open(scratch / FOLDER, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        number = os.open(name, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600, dir_fd=folder)
        return cast(BinaryIO, os.fdopen(number, mode))
    finally:
        os.close(folder)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
