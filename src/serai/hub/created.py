"""Files that clients bring, and the models that are made of them: all of it Serai's own, under its home."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import shutil
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

from serai.errors import BadRequest, NotFound
from serai.hub import faults
from serai.hub.adopt.found import plain

_DIGEST = re.compile(r"sha256[:-]([0-9a-f]{64})")
_FORGOTTEN_S = 86_400.0
_SPARE = 256 << 20


class Created:
    """`blobs` holds content by its digest, `models` a folder of named files for each model that was made of it. A file
    there and its blob are one, by a hard link; a blob that no model names any more goes."""

    def __init__(self, home: Path) -> None:
        self._blobs = home / "blobs"
        self._models = home / "created"

    def blob(self, digest: str) -> Path:
        """Where the content with this digest lies, or will. Raises BadRequest for what is no digest."""
        match = _DIGEST.fullmatch(digest)
        if match is None:
            raise BadRequest(f"{digest[:80]!r} is no digest.", hint="Write sha256: and 64 hexadecimal digits.")
        return self._blobs / f"sha256-{match[1]}"

    async def take(self, digest: str, chunks: AsyncIterator[bytes]) -> bool:
        """Keeps what comes, if its digest is this one; whether it is new. Nothing stays of what breaks off or is
        another. Raises BadRequest, or DiskFull."""
        place = self.blob(digest)
        if place.is_file():
            return False
        self._blobs.mkdir(parents=True, exist_ok=True, mode=0o700)
        await asyncio.to_thread(self._tidy)
        partial = self._blobs / f"{uuid.uuid4().hex}.partial"
        try:
            found = await self._write(partial, chunks)
            if found != place.name.removeprefix("sha256-"):
                hint = f"What came has sha256:{found}."
                raise BadRequest("The file is not the one that its digest names.", hint=hint)
            partial.replace(place)
        except OSError as error:
            raise faults.of_disk(error, self._blobs, _SPARE, shutil.disk_usage(self._blobs).free) or error from error
        finally:
            partial.unlink(missing_ok=True)
        return True

    def name(self, model: str, file: str, digest: str) -> Path:
        """A file of a model, made of a blob. Raises NotFound where there is none."""
        blob = self.blob(digest)
        if not blob.is_file():
            raise NotFound(f"There is no blob {digest}.", hint="Send it first: POST /api/blobs/<digest>.")
        folder = self._folder(model)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        stem = plain(Path(file).name.removesuffix(".gguf"))
        place = folder / f"{stem}.gguf"
        place.unlink(missing_ok=True)
        try:
            place.hardlink_to(blob)
        except (OSError, NotImplementedError):
            shutil.copyfile(blob, place)
        return place

    def drop(self, path: str | None) -> None:
        """Takes a model's folder away, if its file lies in one of ours."""
        folder = Path(path).parent if path else None
        if folder is not None and folder.parent == self._models:
            shutil.rmtree(folder, ignore_errors=True)
            self._tidy(0)

    def _folder(self, model: str) -> Path:
        """Different names never share one."""
        return self._models / f"{plain(model)[:60]}-{hashlib.sha256(model.encode()).hexdigest()[:12]}"

    def _tidy(self, after_s: float = _FORGOTTEN_S) -> None:
        """Removes blobs that no model names; those that just came may be named yet."""
        for place in self._blobs.glob("*"):
            with contextlib.suppress(OSError):
                facts = place.stat()
                if facts.st_nlink < 2 and time.time() - facts.st_mtime > max(after_s, 600.0):
                    place.unlink()

    @staticmethod
    async def _write(partial: Path, chunks: AsyncIterator[bytes]) -> str:
        digest = hashlib.sha256()

        def put(chunk: bytes) -> None:
            digest.update(chunk)
            file.write(chunk)

        with partial.open("xb") as file:
            async for chunk in chunks:
                await asyncio.to_thread(put, chunk)
            file.flush()
            await asyncio.to_thread(os.fsync, file.fileno())
        return digest.hexdigest()
