"""Hugging Face: the providers behind its router, and dedicated Endpoints by their URL."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from typing import Any

import aiohttp

from serai.errors import BadRequest, ModelNotFound, SeraiError
from serai.providers import _container, _hub, _models, _plain, _quotes
from serai.providers._base import Request
from serai.providers._compatible import Compatible
from serai.providers._entry import Entry, group
from serai.providers._mapping import CHATTING, Mapped, beside
from serai.providers.declaration import Provider, ProviderConfig
from serai.types import CHAT, FEATURE_EXTRACTION, TEXT_GENERATION, TEXT_RANKING, Answerer, Call, Delta, Model

ROUTER = "https://router.huggingface.co/v1"
_POLICIES = ("fastest", "cheapest", "preferred")
"""What may stand in the place of a provider's name."""

_OPENAI = (CHAT, TEXT_GENERATION, FEATURE_EXTRACTION, TEXT_RANKING)


class HuggingFace(Compatible):
    """The router lists the models that chat, each with the providers that have it, and runs others for their own task:
    `NAME/org/model` leaves the choice to it, and `NAME/org/model:provider` makes it. An Endpoint speaks OpenAI's
    language, or only its container's own, and does the task of its model."""

    def __init__(self, config: ProviderConfig) -> None:
        entry = Entry(
            title=PROVIDER.title,
            settings=group("standard", "open"),
            completions="completions",
            embeddings="embeddings",
            rerank="rerank",
        )
        super().__init__(config, entry)
        self.routes = "router." in self.url
        """Whether this is the router: by its address, or because its list names providers."""
        self._at: dict[str, tuple[str, ...]] = {}
        self._plain = False
        self._mapped = Mapped(self.look, beside(self.url))

    async def listed(self) -> list[Model]:
        try:
            answer = await self.get(self.entry.models)
        except ModelNotFound:
            if self.routes:
                raise
            self._plain = True
            return [] if self.config.models else [await _container.model(self)]
        self._plain = False
        rows = [row for row in _models.rows(answer) if _models.named(row["id"])]
        self.routes = self.routes or any("providers" in row for row in rows)
        self._at = {row["id"]: tuple(one["provider"] for one in _live(row)) for row in rows}
        self.quotes = {name: quote for row in rows for name, quote in _prices(row).items()}
        return [_models.model(self.name, row["id"], {**row, "context_length": _context(row)}) for row in rows]

    def unlisted(self, name: str) -> Model | None:
        model, _, provider = name.partition("/")[2].rpartition(":")
        if provider in (*self._at.get(model, ()), *(_POLICIES if model in self._at else ())):
            return _models.model(self.name, f"{model}:{provider}", {})
        return super().unlisted(name)

    async def find(self, name: str) -> Model | None:
        """Asks the hub, without a key, which providers run the model, and for which task."""
        whole = name.partition("/")[2]
        model, _, provider = whole.partition(":")
        known = self.unlisted(name)
        listed = known is not None and self.listing.seen_at is not None
        if listed or not self.routes or not _models.named(model) or "/" not in model:
            return known
        offers = [offer for offer in await self._mapped.of(model) if provider in ("", *_POLICIES, offer.provider)]
        if not offers:
            return known
        task = offers[0].task
        return _models.model(self.name, whole, {"task": TEXT_GENERATION if task == CHATTING else task})

    @property
    def tells_key(self) -> bool:
        return not self.routes  # its list is for everybody

    async def prepare(self, call: Call, model: str) -> None:
        """Where it is not told what has to be known, the usual ways are taken, and whoever is asked says what is
        wrong."""
        name = model.partition(":")[0]
        with contextlib.suppress(SeraiError):
            if not self.routes and self.listing.seen_at is None:
                await self.listing.refresh()
            if self.routes and call.task != CHAT and _models.named(name):
                await self._mapped.of(name)

    def request(self, call: Call, model: str) -> Request:
        if self.routes:
            return self._routed(call, model) or super().request(call, model)
        if self._plain or call.task not in _OPENAI:
            return _container.request(self, call)
        return super().request(call, model)

    async def read(self, call: Call, response: aiohttp.ClientResponse, who: Answerer) -> AsyncGenerator[Delta, None]:
        if self._plain:
            asked = _plain.body(self.name, call)["inputs"]
            yield _plain.answered(call, asked, await self.body(response), who)
        else:
            async with contextlib.aclosing(super().read(call, response, who)) as deltas:
                async for delta in deltas:
                    yield delta

    def _routed(self, call: Call, model: str) -> Request | None:
        """The request to a provider behind the router; None for what the router itself takes."""
        if call.task == CHAT:
            return None
        name, _, provider = model.partition(":")
        if provider in _POLICIES:
            if call.task not in _OPENAI:
                text = f"{self.name} chooses by speed or price for chats only."
                raise BadRequest(text, hint=f"Name a provider, or leave :{provider} out.", field="model")
            provider = ""
        return _hub.request(self, call, name, provider, self._mapped.known(name))


def _live(row: dict[str, Any]) -> list[dict[str, Any]]:
    return [one for one in row.get("providers") or () if one.get("status", "live") == "live"]


def _prices(row: dict[str, Any]) -> dict[str, Any]:
    return _quotes.behind(row["id"], {one["provider"]: _quotes.of_provider(one) for one in _live(row)})


def _context(row: dict[str, Any]) -> int | None:
    """The longest that any of its providers reads."""
    known = [one.get("context_length") for one in row.get("providers") or ()]
    return max((number for number in known if isinstance(number, int)), default=None)


PROVIDER = Provider(
    name="huggingface",
    title="Hugging Face: Inference Providers, or an Endpoint by its URL",
    open=HuggingFace,
    url=ROUTER,
    key_env="HF_TOKEN",
    key_needed=True,
)
