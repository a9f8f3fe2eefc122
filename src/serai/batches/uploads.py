"""Files that clients keep here. Rows say whose they are; the content lies in one folder, by id."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import os
import time
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from sqlalchemy import Connection, Row, or_, select

from serai.errors import NotFound, SeraiError, StorageFailed
from serai.storage.database import Database
from serai.storage.tables import uploads
from serai.types import new_id

_PARTIAL = ".partial"
_LONGEST_NAME = 255


@dataclass(frozen=True, slots=True)
class Upload:
    """A file: whose it is, what it is for, and how large."""

    id: str
    principal: str
    filename: str
    purpose: str
    size: int
    created_at: float
    expires_at: float | None = None


class Uploads:
    """A file of another principal is NotFound, and so is one that has expired."""

    def __init__(self, db: Database, folder: Path) -> None:
        self._db = db
        self._folder = folder

    def path(self, upload: str) -> Path:
        """Where its content lies; ids from outside are looked up as rows before."""
        return self._folder / upload

    async def receive(self, content: AsyncIterator[bytes]) -> str:
        """Writes a file as it comes and returns its id; it is nobody's until `add`. One that does not come whole, for
        whatever reason, leaves nothing behind. Raises StorageFailed where the disk takes no more, and what `content`
        raises."""
        upload = new_id("file")
        partial = self.path(upload + _PARTIAL)
        try:
            await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True, mode=0o700)
            file = await asyncio.to_thread(_open, partial)
            with contextlib.closing(file):
                async for chunk in content:
                    await asyncio.to_thread(file.write, chunk)
                await asyncio.to_thread(_sync, file)
            await asyncio.to_thread(partial.replace, self.path(upload))
        except OSError as error:
            raise unwritten(error) from error
        finally:
            partial.unlink(missing_ok=True)
        return upload

    def drop(self, upload: str) -> None:
        """Removes what was received and is nobody's."""
        self.path(upload).unlink(missing_ok=True)

    async def add(
        self, principal: str, upload: str, filename: str, purpose: str, *, lives_s: float | None = None
    ) -> Upload:
        """Says whose content that was received is, and what for."""
        now = time.time()
        size = (await asyncio.to_thread(self.path(upload).stat)).st_size
        expires = None if lives_s is None else now + lives_s
        made = Upload(upload, principal, _name(filename), purpose, size, now, expires)
        row = {name: getattr(made, name) for name in made.__slots__}
        await self._db.write(lambda connection: connection.execute(uploads.insert().values(**row)))
        return made

    async def get(self, principal: str, upload: str) -> Upload:
        """Raises NotFound."""
        return await self._db.read(lambda connection: _find(connection, principal, upload))

    async def list(self, principal: str, purpose: str | None = None) -> list[Upload]:
        """Newest first."""
        query = select(uploads).where(uploads.c.principal == principal, _alive())
        if purpose is not None:
            query = query.where(uploads.c.purpose == purpose)
        query = query.order_by(uploads.c.created_at.desc(), uploads.c.id.desc())
        return await self._db.read(lambda connection: [_upload(row) for row in connection.execute(query)])

    async def delete(self, principal: str, upload: str) -> None:
        """Row and content. Raises NotFound."""

        def work(connection: Connection) -> None:
            _find(connection, principal, upload)
            connection.execute(uploads.delete().where(uploads.c.id == upload))

        await self._db.write(work)
        await asyncio.to_thread(self.path(upload).unlink, missing_ok=True)

    async def tidy(self, growing: Collection[str]) -> None:
        """Removes what has expired, and content that belongs to no row and is not growing: a kill may leave both."""

        def work(connection: Connection) -> set[str]:
            connection.execute(uploads.delete().where(~_alive()))
            return set(connection.execute(select(uploads.c.id)).scalars())

        kept = await self._db.write(work) | set(growing)
        await asyncio.to_thread(_sweep, self._folder, kept)


def unwritten(error: OSError) -> SeraiError:
    """What a file that cannot be written means to its sender."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageFailed("The disk is full; the file was not kept.", cause="full", hint="Make room, and try again.")
    return StorageFailed(f"The file cannot be kept: {error.strerror or error}.", cause="unreachable")


def _open(path: Path) -> BinaryIO:
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _sweep(folder: Path, kept: Collection[str]) -> None:
    for path in folder.iterdir() if folder.is_dir() else ():
        if path.name not in kept:
            path.unlink(missing_ok=True)


def _name(filename: str) -> str:
    """What is shown of a name: it is never a path here."""
    last = filename.replace("\\", "/").rsplit("/", 1)[-1]
    return "".join(letter for letter in last if letter.isprintable())[:_LONGEST_NAME] or "file"


def _alive() -> Any:
    return or_(uploads.c.expires_at.is_(None), uploads.c.expires_at > time.time())


def _find(connection: Connection, principal: str, upload: str) -> Upload:
    query = select(uploads).where(uploads.c.id == upload, uploads.c.principal == principal, _alive())
    row = connection.execute(query).first()
    if row is None:
        raise NotFound(f"There is no file {upload[:80]!r}.", hint="It may have been deleted or have expired.")
    return _upload(row)


def _upload(row: Row[Any]) -> Upload:
    return Upload(row.id, row.principal, row.filename, row.purpose, row.size, row.created_at, row.expires_at)
