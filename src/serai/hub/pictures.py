"""Pictures of cards, fetched by Serai, so that no reader's browser tells anybody elsewhere what is read."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from serai.errors import BadRequest, NotFound, SeraiError, TooLarge
from serai.hub import card_pictures
from serai.hub.catalogue import Catalogue
from serai.hub.picture_shelf import Shelf
from serai.hub.remote import Hub, HubUnreachable, RemoteFile, Repository
from serai.outside import Outside
from serai.types import ModelRef

MOST = 10_000_000
"""Bytes of one picture."""

_FRESH_S = 86_400.0
_AT_ONCE = 4


class Pictures:
    """A file of a repository is kept as its content is named; what other addresses give, for a day, and for as long as
    they cannot be reached."""

    def __init__(
        self, folder: Path, catalogue: Catalogue, hub: Hub, outside: Outside, endpoint: Callable[[], str]
    ) -> None:
        self._shelf = Shelf(folder)
        self._catalogue = catalogue
        self._hub = hub
        self._outside = outside
        self._endpoint = endpoint
        self._places = asyncio.Semaphore(_AT_ONCE)

    async def get(self, ref: ModelRef, address: str) -> tuple[bytes, str]:
        """A picture that the model's card names, and its kind as a media type. Raises NotFound where it names none
        such, NotAPicture, TooLarge, and what `Outside.fetch`, `Hub.read` and `Catalogue.card` raise."""
        repository, card = await self._catalogue.card(ref)
        wanted = card_pictures.plain(address)
        if wanted not in await asyncio.to_thread(card_pictures.named, card):
            raise NotFound("The card names no such picture.", hint="Load the page again: the card may have changed.")
        files = {file.path: file for file in repository.files}
        path = card_pictures.path_of(wanted, f"{self._endpoint().rstrip('/')}/{ref.name}", files)
        async with self._places:
            if path is not None:
                content = await self._of_repository(repository, files[path])
            elif wanted.startswith(("http://", "https://", "//")):
                content = await self._of_elsewhere(f"https:{address}" if wanted.startswith("//") else address.strip())
            else:
                raise NotFound("The repository has no such picture.", hint="Tell its makers.")
        kind = card_pictures.kind_of(content)
        if kind is None:
            raise NotAPicture
        return content, kind

    async def _of_repository(self, repository: Repository, file: RemoteFile) -> bytes:
        key = f"file {file.etag or f'{repository.id} {repository.commit} {file.path}'}"
        kept, _ = await asyncio.to_thread(self._shelf.read, key)
        if kept is not None:
            return kept
        if file.size > MOST:
            raise TooLarge(f"{file.path} is larger than {MOST / 1e6:.0f} MB.", limit=MOST)
        return await self._keep(key, await self._hub.read(repository, file, 0, file.size))

    async def _of_elsewhere(self, url: str) -> bytes:
        kept, since = await asyncio.to_thread(self._shelf.read, f"at {url}")
        if kept is not None and time.time() - since < _FRESH_S:
            return kept
        try:
            if self._hub.offline:
                raise HubUnreachable("Serai is set to stay offline.", hint="Change hub.offline in Settings.", who="you")
            fetched = await self._outside.fetch(url, most=MOST, kinds=("image/",))
        except SeraiError:
            if kept is None:
                raise
            return kept
        return await self._keep(f"at {url}", fetched.content)

    async def _keep(self, key: str, content: bytes) -> bytes:
        if card_pictures.kind_of(content) is not None:
            await asyncio.to_thread(self._shelf.write, key, content)
        return content


class NotAPicture(BadRequest):
    """What lies there is no picture, whatever it is called."""

    who = "hub"

    def __init__(self) -> None:
        super().__init__(
            "This is no PNG, JPEG, GIF or WebP.", hint="Other kinds are not shown: they may hold programs."
        )
