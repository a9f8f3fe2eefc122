"""The models that are on this machine: the embedded one, and files that were added or downloaded."""

from __future__ import annotations

import asyncio
import difflib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from serai.errors import BadRequest, Conflict, ModelNotFound
from serai.hub import removal
from serai.hub.folder import Folder, read_folder
from serai.hub.gguf import GgufHeader, read_header
from serai.hub.records import Records
from serai.registry import engine_for
from serai.storage.database import Database
from serai.storage.tables import models
from serai.types import FEATURE_EXTRACTION, TEXT_GENERATION, TEXT_RANKING, Model, ModelRef

GUIDE = "serai-guide"
"""The embedded model's name."""

GUIDE_FILE = Path(__file__).parents[1] / "guide" / "serai-guide.gguf"
_RANK = 4
"""The pooling type of a GGUF file whose model ranks texts."""

_GUIDE_SAYS = "A tiny model inside Serai that answers questions about Serai in English, German and Persian, only those."
_FACTS: tuple[str, ...] = (
    "title",
    "description",
    "task",
    "format",
    "engine",
    "size",
    "quantisation",
    "parameters",
    "context_length",
)
_FACTS += ("architecture", "license", "languages")
_SAMPLING = {"temp": "temperature", "top_k": "top_k", "top_p": "top_p", "min_p": "min_p"}


class Store:
    """Rows over files. Files that Serai did not download are never moved, changed or deleted."""

    def __init__(self, db: Database, changed: Callable[[str], None] = lambda name: None) -> None:
        self._db = db
        self._records = Records(db)
        self._changed = changed
        self._guide: Model | None = None
        self._known: tuple[int | None, Sequence[Model]] = (None, ())

    async def models(self) -> Sequence[Model]:
        """All models, the embedded one first, then by name: the same sequence until anybody has changed something."""
        version = self._db.version()  # before the rows are read: a write in between makes them look old, never new
        known, models = self._known
        if version is None or version != known:
            rows = await self._db.read(_all)
            models = (self._embedded(rows.get(GUIDE)), *(_from_row(row) for name, row in rows.items() if name != GUIDE))
            self._known = (version, models)
        return models

    async def find(self, name: str) -> Model:
        """The model with exactly this name; raises ModelNotFound with the nearest names."""
        known = {model.name: model for model in await self.models()}
        if name not in known:
            raise ModelNotFound(name, difflib.get_close_matches(name, known, n=3, cutoff=0.4))
        return known[name]

    async def add(
        self,
        path: Path,
        name: str | None = None,
        *,
        source: Literal["file", "hub"] = "file",
        link: bool = False,
        **facts: Any,
    ) -> Model:
        """Makes a GGUF file, or a folder with safetensors or ONNX, a model; a `link` stays the way to it. What the hub
        has anew takes the place of the same model's older files. Raises LoadFailed when it is none, Conflict when the
        name is taken by another, BadRequest when the name does not fit the grammar, or the path can be none."""
        path = _placed(path, follow=source == "file" and not link)
        header = read_folder(path) if path.is_dir() else read_header(path)
        name = _checked(name or path.name.removesuffix(".gguf"))
        described = _describe(header, name) | facts
        now = time.time()

        def work(connection: Connection) -> RowMapping:
            taken = connection.execute(select(models.c.path, models.c.source).where(models.c.name == name)).first()
            newer = taken is not None and taken.source == source == "hub"
            if name == GUIDE or (taken is not None and taken.path != str(path) and not newer):
                raise Conflict(f"The name {name!r} is taken.", hint="Choose another with --name NAME.")
            if taken is None:
                values = {"path": str(path), "source": source, "facts": described, "settings": _settings(header)}
                connection.execute(insert(models).values(name=name, added_at=now, pinned=False, **values))
            else:
                values = {"facts": described, "path": str(path)}
                connection.execute(update(models).where(models.c.name == name).values(**values))
            return connection.execute(select(models).where(models.c.name == name)).mappings().one()

        model = _from_row(await self._db.write(work))
        self._changed(name)
        return model

    async def forget(self, name: str, *, files: bool = False) -> None:
        """Removes a model from the list. With `files`, what Serai downloaded for it, and no other uses, goes too."""
        model = await self.find(name)
        if model.source == "embedded":
            raise BadRequest(f"{name} is part of Serai and cannot be removed.")
        if files and model.source != "hub":
            raise BadRequest(f"Serai did not download {name}, so it does not delete its file.", hint="Forget it only.")
        await self._db.write(lambda connection: connection.execute(delete(models).where(models.c.name == name)))
        its_files = [Path(file.path) for file in await self._records.files(name)] or [Path(model.path or "")]
        await self._records.forget(name)
        if files:
            keep = {Path(file.path) for file in await self._records.files()}
            await asyncio.to_thread(removal.remove, its_files, keep)
        self._changed(name)

    async def touch(self, name: str) -> None:
        """Notes that the model was used now."""
        await self._set(name, last_used_at=time.time())

    async def set_pinned(self, name: str, pinned: bool) -> None:
        """A pinned model is never unloaded to make room."""
        await self._set(name, pinned=pinned)
        self._changed(name)

    async def set_settings(self, name: str, settings: Mapping[str, Any]) -> None:
        """The model's own default generation settings."""
        await self._set(name, settings=dict(settings))
        self._changed(name)

    async def set_loading(self, name: str, loading: Mapping[str, Any]) -> None:
        """How the model is loaded, from the next time on."""
        await self._set(name, loading=dict(loading))
        self._changed(name)

    async def _set(self, name: str, **values: Any) -> None:
        model = await self.find(name)

        def work(connection: Connection) -> None:
            changed = connection.execute(update(models).where(models.c.name == name).values(**values))
            if not changed.rowcount and model.source == "embedded":
                row = {"path": "", "source": "embedded", "facts": {}, "settings": dict(model.settings), "pinned": False}
                connection.execute(insert(models).values(row | {"name": name, "added_at": time.time()} | values))

        await self._db.write(work)

    def _embedded(self, row: RowMapping | None) -> Model:
        if self._guide is None:
            facts = _describe(read_header(GUIDE_FILE), GUIDE) | {"description": _GUIDE_SAYS}
            self._guide = Model(name=GUIDE, source="embedded", path=str(GUIDE_FILE), **_facts(facts))
        model = self._guide
        own = {"settings": {"temperature": 0.0}} if row is None else {k: row[k] for k in _OWN}
        return Model(**{**_shallow(model), **own})


_OWN = ("settings", "loading", "pinned", "last_used_at", "added_at")


def _all(connection: Connection) -> dict[str, RowMapping]:
    rows = connection.execute(select(models).order_by(models.c.name)).mappings()
    return {row["name"]: row for row in rows}


def _from_row(row: RowMapping) -> Model:
    own = {key: row[key] for key in _OWN}
    return Model(name=row["name"], source=row["source"], path=row["path"], **_facts(row["facts"]), **own)


def _facts(stored: Mapping[str, Any]) -> dict[str, Any]:
    """Only what this version knows, so that a row written by another version still reads."""
    facts = {key: stored[key] for key in _FACTS if key in stored}
    return facts | {"languages": tuple(facts.get("languages", ()))}


def _describe(header: GgufHeader | Folder, name: str) -> dict[str, Any]:
    if isinstance(header, Folder):
        return {
            "title": name,
            "task": header.task,
            "format": header.format,
            "engine": engine.name if (engine := engine_for(header.format)) else "",
            "size": header.size,
            "quantisation": header.quantisation,
            "context_length": header.context_length,
            "architecture": header.architecture,
        }
    return {
        "title": header.name or name,
        "task": TEXT_RANKING if header.pooling == _RANK else FEATURE_EXTRACTION if header.pooling else TEXT_GENERATION,
        "format": "gguf",
        "engine": engine.name if (engine := engine_for("gguf")) else "",
        "size": header.size,
        "quantisation": header.quantisation,
        "parameters": header.parameters,
        "context_length": header.context_length,
        "architecture": header.architecture,
        "license": header.license,
        "languages": list(header.languages),
    }


def _settings(header: GgufHeader | Folder) -> dict[str, Any]:
    if isinstance(header, Folder):
        return dict(header.sampling)
    return {ours: header.sampling[theirs] for theirs, ours in _SAMPLING.items() if theirs in header.sampling}


def _placed(path: Path, *, follow: bool) -> Path:
    """The whole path; raises BadRequest where no file can have that name."""
    try:
        path = path.expanduser()
        placed = path.resolve() if follow else path.absolute()
        placed.exists()
    except (OSError, RuntimeError, ValueError) as error:
        raise BadRequest(f"{str(path)[:80]!r} cannot be a file's path: {error.__class__.__name__}.") from error
    return placed


def _checked(name: str) -> str:
    try:
        return str(ModelRef.parse(name))
    except ValueError as error:
        raise BadRequest(f"{error}.", hint="Choose a name with --name NAME.") from error


def _shallow(model: Model) -> dict[str, Any]:
    return {field.name: getattr(model, field.name) for field in fields(model)}
