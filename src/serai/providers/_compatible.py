"""Services that speak OpenAI's language, by their entries in `compatible.toml`."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncGenerator, Mapping
from functools import cache, partial

import aiohttp

from serai import stream
from serai.providers import _answer, _models, _quotes, _request
from serai.providers._base import Request, Service
from serai.providers._entry import Entry, entries
from serai.providers.declaration import Provider, ProviderConfig
from serai.types import CHAT, TEXT_GENERATION, Answerer, Call, Delta, Model

_VERSION = re.compile(r"/(v\d+\w*|openai|openai/v\d+)$")


class Compatible(Service):
    """One such service."""

    def __init__(self, config: ProviderConfig, entry: Entry) -> None:
        super().__init__(config)
        self.entry = entry
        if entry.version and not _VERSION.search(self.url):
            self.url = f"{self.url}/{entry.version}"

    def credentials(self, key: str) -> Mapping[str, str]:
        header = self.entry.key_header
        return super().credentials(key) if header == "authorization" or not key else {header: key}

    @property
    def tells_key(self) -> bool:
        return bool(self.entry.probe)

    async def probe(self) -> None:
        if self.entry.probe not in ("", self.entry.models):
            await self.get(self.entry.probe)

    async def listed(self) -> list[Model]:
        answer = await self.get(self.entry.models)
        self.quotes = _quotes.by_name(_models.rows(answer))
        return list(_models.read(answer, self.name, place_told=self.entry.place_told))

    def request(self, call: Call, model: str) -> Request:
        path = _request.path(self.entry, self.name, call.task)
        return Request(path, _request.body(self.entry, self.name, call, model))

    def read(self, call: Call, response: aiohttp.ClientResponse, who: Answerer) -> AsyncGenerator[Delta, None]:
        if call.task not in (CHAT, TEXT_GENERATION) or response.content_type == "application/json":
            return self._whole(call, response, who)
        deltas = stream.deltas(self.lines(response), who, whole=call.whole)
        return deltas if call.task == CHAT else _modern(deltas)

    async def _whole(self, call: Call, response: aiohttp.ClientResponse, who: Answerer) -> AsyncGenerator[Delta, None]:
        answer = await self.body(response)
        if call.task in (CHAT, TEXT_GENERATION):
            yield _answer.written(answer, who)
        else:
            yield _answer.whole(call.task, answer, who)


async def _modern(deltas: AsyncGenerator[Delta, None]) -> AsyncGenerator[Delta, None]:
    """The Deltas of a text, with log probabilities in a chat's shape."""
    async with contextlib.aclosing(deltas):
        async for delta in deltas:
            if delta.logprobs:
                delta.logprobs = _answer.modern(delta.logprobs)
            yield delta


@cache
def kinds() -> Mapping[str, Provider]:
    """Each entry as a kind of provider."""
    return {name: _provider(name, entry) for name, entry in entries().items()}


def _provider(name: str, entry: Entry) -> Provider:
    return Provider(
        name=name,
        title=entry.title,
        open=partial(Compatible, entry=entry),
        url=entry.url,
        key_env=entry.key_env,
        key_needed=entry.key_needed,
    )
