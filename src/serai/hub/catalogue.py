"""The hub's models for people: search and a model's page, from what is known where the hub cannot be asked."""

from __future__ import annotations

import asyncio
import difflib
import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import aiohttp
from yarl import URL

from serai.errors import Busy, ModelNotFound, SeraiError
from serai.hub import described
from serai.hub.described import Described
from serai.hub.known import Kept, Known, Query
from serai.hub.listing import Listed, listed, of_models
from serai.hub.remote import Hub, HubUnreachable, Repository, repository_of
from serai.types import Model, ModelRef

_FRESH_S = 600.0
_LARGEST = 16_000_000
_SORTS = {"downloads": "downloads", "likes": "likes", "modified": "lastModified", "trending": "trendingScore"}
_TOLD = ("downloads", "likes", "gated", "lastModified", "library_name", "pipeline_tag", "tags", "gguf", "safetensors")

Pairs = list[tuple[str, str]]
Asked = tuple[Kept, SeraiError | None]


@dataclass(frozen=True, slots=True)
class Page:
    """A page of search results. `away` is why the hub was not asked: then these are the models that are known here."""

    models: list[Listed]
    cursor: str
    away: SeraiError | None = None


class Catalogue:
    """Asks the hub at most once in `fresh_s` for the same, and then only whether it changed."""

    def __init__(
        self, hub: Hub, known: Known, *, runs: Callable[[str], bool] = lambda _format: True, fresh_s: float = _FRESH_S
    ) -> None:
        """`runs` is whether there is an engine for a format."""
        self._hub = hub
        self._known = known
        self._runs = runs
        self._fresh_s = fresh_s

    async def search(self, query: Query, here: Sequence[Model] = ()) -> Page:
        """Models that match; those that are known, and the ones `here`, where the hub is away. Raises what the hub
        finds wrong with the question."""
        if query.cursor.isdigit():  # a page of what is known goes on there
            return await self._remembered(query, here, None)
        try:
            kept, away = await self._ask("", query.text, _pairs(query))
        except (HubUnreachable, Busy) as error:
            return await self._remembered(query, here, error)
        rows = kept.body if isinstance(kept.body, list) else []
        models = [model for row in rows if (model := listed(row))]
        await asyncio.to_thread(self._known.put, models)
        # A mirror may not know this filter.
        return Page([model for model in models if query.holds(model.parameters)], kept.cursor, away)

    async def describe(self, ref: ModelRef, room: int) -> tuple[Described, SeraiError | None]:
        """A model's page at a revision, and why the hub was not asked where it is told from memory. Raises as
        `Hub.repository`; a miss comes with the nearest names, also those that are only known here."""
        try:
            kept, away = await self._ask(_revision(ref), ref.name, [("blobs", "true")], near=True)
        except HubUnreachable as error:
            raise type(error)(
                error.message, hint=error.hint, who=error.who, nearest=await self._near(ref.name)
            ) from error
        except ModelNotFound as error:
            if error.facts["nearest"]:
                raise
            raise ModelNotFound(ref.name, await self._near(ref.name), who="hub") from error
        model, repository = listed(kept.body), repository_of(ref.name, kept.body)
        if model is None:
            raise ModelNotFound(ref.name, who="hub")
        model = _complete(model, repository)
        await asyncio.to_thread(self._known.put, [model])
        forms, unusable = described.variants(ref, repository, room, self._runs)
        card, refs = await asyncio.gather(self._card(repository), self._refs(ref.name))
        found = Described(
            listed=model,
            revision=ref.revision or "main",
            commit=repository.commit,
            revisions=refs,
            card=card,
            files=repository.files,
            variants=forms,
            evaluations=described.evaluations(kept.body),
            unusable=unusable,
        )
        return found, away

    async def card(self, ref: ModelRef) -> tuple[Repository, str]:
        """A model's files and its card at a revision. Raises as `Hub.repository`."""
        kept, _ = await self._ask(_revision(ref), ref.name, [("blobs", "true")])
        repository = repository_of(ref.name, kept.body)
        return repository, await self._card(repository)

    async def _remembered(self, query: Query, here: Sequence[Model], away: SeraiError | None) -> Page:
        def work() -> Page:
            self._known.put(of_models(here), replace=False)
            return Page(*self._known.find(query), away)

        return await asyncio.to_thread(work)

    async def _near(self, name: str) -> list[str]:
        """Known names like one that is not."""
        names = await asyncio.to_thread(self._known.names)
        return difflib.get_close_matches(name, names, n=3, cutoff=0.6)

    async def _card(self, repository: Repository) -> str:
        """A card belongs to its commit for ever; one that may not be read is none."""
        file = next((file for file in repository.files if file.path == described.CARD), None)
        if file is None:
            return ""
        key = f"card {repository.id} {file.etag or repository.commit}"
        if (kept := await asyncio.to_thread(self._known.answer, key)) is not None:
            return str(kept.body)
        try:
            text = described.card(await self._hub.read(repository, file, 0, min(file.size, described.MAX_CARD)))
        except SeraiError:
            return ""
        await asyncio.to_thread(self._known.keep, key, Kept(text, at=time.time()))
        return text

    async def _refs(self, name: str) -> tuple[str, ...]:
        try:
            kept, _ = await self._ask(f"/{name}/refs", name)
        except SeraiError:
            return ()
        return described.revisions(kept.body)

    async def _ask(self, path: str, name: str, query: Pairs | None = None, *, near: bool = False) -> Asked:
        """The hub's answer, and the error for which an older one is told instead."""
        key = f"{path}?{json.dumps(query or [])}"
        kept = await asyncio.to_thread(self._known.answer, key)
        if self._hub.offline:
            away = HubUnreachable("Serai is set to stay offline.", hint="Change hub.offline in Settings.", who="you")
            if kept is None:
                raise away
            return kept, away
        if kept is not None and time.time() - kept.at < self._fresh_s:
            return kept, None
        try:
            async with self._hub.ask(path, name, query or [], kept.etag if kept else "", near=near) as response:
                if response.status == 304 and kept is not None:
                    answer = replace(kept, at=time.time())
                else:
                    answer = await _read(response)
        except (HubUnreachable, Busy) as error:
            if kept is None:
                raise
            return kept, error
        await asyncio.to_thread(self._known.keep, key, answer)
        return answer, None


def _revision(ref: ModelRef) -> str:
    return f"/{ref.name}/revision/{URL.build(path=ref.revision or 'main').raw_path.replace('/', '%2F')}"


async def _read(response: aiohttp.ClientResponse) -> Kept:
    body = b""
    try:
        while chunk := await response.content.read(1 << 18):
            body += chunk
            if len(body) > _LARGEST:
                raise HubUnreachable("The hub's answer is too long.", hint="Ask for less, or try another hub.")
        told = json.loads(body)
    except (ValueError, RecursionError, aiohttp.ClientError, TimeoutError) as error:
        hint = "Look at hub.endpoint in Settings: is it a Hugging Face hub?"
        raise HubUnreachable("The hub's answer could not be understood.", hint=hint) from error
    onward = response.links.get("next")
    cursor = URL(str(onward["url"])).query.get("cursor", "") if onward else ""
    return Kept(told, response.headers.get("ETag", ""), cursor, time.time())


def _pairs(query: Query) -> Pairs:
    """The question as the hub understands it."""
    license_ = f"license:{query.license.casefold()}" if query.license else ""
    filters = [value for value in (query.library, query.format, license_, query.language) if value]
    asked = {"search": query.text, "author": query.author, "pipeline_tag": query.task, "cursor": query.cursor}
    bounds = (("min", query.min_parameters), ("max", query.max_parameters))
    asked["num_parameters"] = ",".join(f"{word}:{_short(bound)}" for word, bound in bounds if bound is not None)
    return [
        *((name, value) for name, value in asked.items() if value),
        *(("filter", value) for value in filters),
        *(("expand", value) for value in _TOLD),
        ("sort", _SORTS[query.sort]),
        ("limit", str(query.limit)),
    ]


def _short(count: int) -> str:
    """A number of parameters as the hub writes it: 7B."""
    return f"{count / 1e9:g}B" if count >= 1e9 else f"{count / 1e6:g}M"


def _complete(model: Listed, repository: Repository) -> Listed:
    """Formats are seen in the files, where the tags do not tell them."""
    ends = {
        kind for kind in ("gguf", "safetensors", "onnx") for file in repository.files if file.path.endswith(f".{kind}")
    }
    return replace(
        model,
        formats=tuple(sorted(ends | set(model.formats))),
        license=model.license or repository.license or "",
    )
