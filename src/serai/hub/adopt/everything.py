"""Makes models of what the finders find, and drops those whose files are gone."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from serai import loading
from serai.errors import SeraiError
from serai.hub.adopt import folders, huggingface, llama_cache, lmstudio, ollama
from serai.hub.adopt.found import Found, Seen, plain
from serai.hub.records import File, Records, Source
from serai.hub.store import Store
from serai.storage.memory import Memory
from serai.tasks import text_generation
from serai.types import Model

_SEEN = "adopt.seen"


class Adopt:
    """`cache` is the Hugging Face cache, `links` a folder of our own: files without a usable name get one there."""

    def __init__(
        self,
        store: Store,
        records: Records,
        memory: Memory,
        *,
        cache: Path,
        links: Path,
        environ: Mapping[str, str],
        folders: Callable[[], tuple[str, ...]] = lambda: (),
    ) -> None:
        self._store = store
        self._records = records
        self._memory = memory
        self._cache = cache
        self._links = links
        self._environ = environ
        self._folders = folders
        self._one = asyncio.Lock()

    async def run(self, *, closely: bool = True) -> dict[str, Any]:
        """The names of the models that were found anew, and of those that are gone. What cannot be read is left. If not
        `closely`, nothing is read again that has not changed on disk since the last time: a start is in a hurry."""
        async with self._one:
            gone = await self._drop()
            seen = Seen({} if closely else await self._memory.get(_SEEN, {}))
            models = await self._store.models()
            taken = {name for name, source in (await self._records.sources()).items() if source.hidden}
            added = []
            for found in await asyncio.to_thread(self._new, models, taken, seen):
                try:
                    added.append((await self._add(found)).name)
                except (SeraiError, OSError):
                    continue
            await self._memory.set(_SEEN, seen.now)
            return {"added": added, "gone": gone}

    def _new(self, models: Sequence[Model], taken: Collection[str], seen: Seen) -> list[Found]:
        known = {Path(model.path).resolve() for model in models if model.path}
        names = {*taken, *(model.name for model in models)}
        return [found for found in self._find(seen) if found.name not in names and found.path.resolve() not in known]

    def _find(self, seen: Seen) -> Iterator[Found]:
        home = Path(self._environ.get("HOME") or self._environ.get("USERPROFILE") or Path.home())
        yield from huggingface.find(self._cache, seen)
        yield from ollama.find(self._environ, home, seen)
        yield from lmstudio.find(self._environ, home)
        yield from llama_cache.find(self._environ, home)
        yield from folders.find(self._folders())

    async def _drop(self) -> list[str]:
        """Forgets what its program has deleted; found again, it is a model again."""
        sources = await self._records.sources()
        gone = []
        for model in await self._store.models():
            source = sources.get(model.name)
            if source and source.kind != "hub" and model.path and not await asyncio.to_thread(Path(model.path).exists):
                await self._store.forget(model.name)
                await self._records.forget(model.name, for_good=False)
                gone.append(model.name)
        return gone

    async def _add(self, found: Found) -> Model:
        path, projector = found.path, found.projector
        if found.kind == "ollama":
            path = await asyncio.to_thread(self._link, found.name, "model.gguf", found.path)
            if projector is not None:
                projector = await asyncio.to_thread(self._link, found.name, "mmproj.gguf", projector)
        source = "hub" if found.kind == "huggingface" else "file"
        said = {"description": found.note} if found.note else {}
        model = await self._store.add(path, found.name, source=source, link=True, **said)  # type: ignore[arg-type]
        loads = {**found.loading, **({"projector": str(projector)} if projector is not None else {})}
        if loads := _usable(loads, loading.check):
            await self._store.set_loading(model.name, loads)
        if settings := _usable(found.settings, text_generation.check):
            await self._store.set_settings(model.name, {**model.settings, **settings})
        from_ = Source(model=model.name, kind=found.kind, repo=found.repo, revision=found.revision, commit=found.commit)
        await self._records.put(from_, list(_files(model.name, found)))
        return await self._store.find(model.name)

    def _link(self, name: str, file: str, target: Path) -> Path:
        """A name that ends as engines expect it."""
        folder = self._links / plain(name.replace("/", "-").replace(":", "-"))
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        link = folder / file
        link.unlink(missing_ok=True)
        try:
            link.symlink_to(target)
        except (OSError, NotImplementedError):
            link.hardlink_to(target)
        return link


def _usable(given: Mapping[str, Any], check: Callable[[Mapping[str, Any]], dict[str, Any]]) -> dict[str, Any]:
    """Those that Serai knows and that fit; one odd value does not lose the others."""
    found: dict[str, Any] = {}
    for name, value in given.items():
        try:
            found |= check({name: value})
        except SeraiError:
            continue
    return found


def _files(model: str, found: Found) -> Iterator[File]:
    base = found.path if found.path.is_dir() else found.path.parent
    for path in found.files:
        name = path.relative_to(base).as_posix() if path.is_relative_to(base) else path.name
        yield File(model=model, name=name, path=str(path), size=path.stat().st_size, etag=found.etags.get(path))
