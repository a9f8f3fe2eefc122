"""What is known of the files on disk beyond their models: where they come from, and whether they are whole."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, delete, select, update

from serai.errors import LoadFailed
from serai.storage.database import Database
from serai.storage.rows import put
from serai.storage.tables import files, sources

Kind = Literal["hub", "huggingface", "ollama", "lmstudio", "llama.cpp", "folder"]
State = Literal["verified", "unverified", "damaged", "missing"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a model comes from; the columns of the table `sources`."""

    model: str
    kind: Kind
    repo: str | None = None
    revision: str | None = None
    commit: str | None = None
    newest: str | None = None
    checked_at: float | None = None
    hidden: bool = False

    @property
    def outdated(self) -> bool:
        """Whether the hub had a newer commit when it was last asked."""
        return bool(self.newest and self.commit and self.newest != self.commit)


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of a model; `name` is its name in the repository."""

    model: str
    name: str
    path: str
    size: int
    etag: str | None = None
    mtime_ns: int | None = None
    state: State = "unverified"
    verified_at: float | None = None


class Records:
    """The tables `sources` and `files`."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def put(self, source: Source, its_files: Sequence[File] = ()) -> None:
        """Replaces what was known of a model."""

        def work(connection: Connection) -> None:
            values = asdict(source)
            put(connection, sources, {"model": values.pop("model")}, values)
            connection.execute(delete(files).where(files.c.model == source.model))
            if its_files:
                connection.execute(files.insert(), [asdict(file) for file in its_files])

        await self._db.write(work)

    async def sources(self) -> dict[str, Source]:
        """All, by model; also the hidden ones."""
        rows = await self._db.read(lambda connection: connection.execute(select(sources)).mappings().all())
        return {row["model"]: Source(**row) for row in rows}

    async def files(self, model: str | None = None) -> list[File]:
        """The files of a model, or of all."""
        query = select(files) if model is None else select(files).where(files.c.model == model)
        rows = await self._db.read(lambda connection: connection.execute(query.order_by(files.c.name)).mappings().all())
        return [File(**row) for row in rows]

    async def found(self, model: str, name: str, state: State, mtime_ns: int | None) -> None:
        """What verifying a file brought to light."""
        at = time.time() if state == "verified" else None
        one = update(files).where(files.c.model == model, files.c.name == name)
        await self._db.write(lambda c: c.execute(one.values(state=state, mtime_ns=mtime_ns, verified_at=at)))

    async def vouch(self, model: str) -> None:
        """Raises LoadFailed for a model of which a file was found damaged and has not been changed since."""
        for file in await self.files(model):
            if file.state == "damaged" and await asyncio.to_thread(changed_at, file.path) == file.mtime_ns:
                raise LoadFailed(
                    f"{model} cannot be loaded: {file.name} is damaged, as verifying it showed.",
                    cause="truncated",
                    hint=f"`serai repair {model}` fetches that file again.",
                )

    async def asked(self, model: str, newest: str) -> None:
        """Notes what the hub has now."""
        one = update(sources).where(sources.c.model == model)
        await self._db.write(lambda c: c.execute(one.values(newest=newest, checked_at=time.time())))

    async def forget(self, model: str, *, for_good: bool = True) -> None:
        """Drops what is known; a model that Serai found by itself is remembered where it is to be gone for good, so
        that it is not found again."""

        def work(connection: Connection) -> None:
            connection.execute(delete(files).where(files.c.model == model))
            one = sources.c.model == model
            if for_good:
                connection.execute(delete(sources).where(one, sources.c.kind == "hub"))
                connection.execute(update(sources).where(one).values(hidden=True))
            else:
                connection.execute(delete(sources).where(one))

        await self._db.write(work)

    async def known(self) -> Callable[[Path], bool]:
        """A test whether a blob was verified and has not changed since."""
        seen: set[Any] = {
            (file.etag, file.size, file.mtime_ns) for file in await self.files() if file.state == "verified"
        }

        def is_known(path: Path) -> bool:
            facts = path.stat()
            return (path.name, facts.st_size, facts.st_mtime_ns) in seen

        return is_known


def changed_at(path: str) -> int | None:
    """When a file was changed last, in nanoseconds; None where there is none."""
    try:
        return Path(path).stat().st_mtime_ns
    except OSError:
        return None
