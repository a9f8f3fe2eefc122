"""Hugging Face: the providers behind its router, and dedicated Endpoints by their URL."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator
from typing import Any
from urllib.parse import quote

import aiohttp

from serai.errors import ModelNotFound
from serai.providers import _answer, _models, _plain
from serai.providers._base import Request
from serai.providers._compatible import Compatible
from serai.providers._entry import Entry, group
from serai.providers.declaration import Provider, ProviderConfig
from serai.types import FEATURE_EXTRACTION, Answerer, Call, Delta, Model

ROUTER = "https://router.huggingface.co/v1"
_POLICIES = ("fastest", "cheapest", "preferred")
"""What may stand in the place of a provider's name."""

_ONLY = "endpoint"
"""What the model of an Endpoint is called that does not say it."""


class HuggingFace(Compatible):
    """The router lists models, each with the providers that have it: `NAME/org/model` leaves the choice to it, and
    `NAME/org/model:provider` makes it. An Endpoint speaks OpenAI's language, or only its container's own."""

    def __init__(self, config: ProviderConfig) -> None:
        super().__init__(
            config, Entry(title=PROVIDER.title, settings=group("standard", "open"), completions="completions")
        )
        self._at: dict[str, tuple[str, ...]] = {}
        self._plain = False

    async def listed(self) -> list[Model]:
        try:
            answer = await self.get(self.entry.models)
        except ModelNotFound:
            if "router." in self.url:
                raise
            self._plain = True
            return [] if self.config.models else [_models.model(self.name, _ONLY, {})]
        self._plain = False
        rows = [row for row in _models.rows(answer) if _models.named(row["id"])]
        self._at = {row["id"]: _live(row) for row in rows}
        return [_models.model(self.name, row["id"], {**row, "context_length": _context(row)}) for row in rows]

    def unlisted(self, name: str) -> Model | None:
        model, _, provider = name.partition("/")[2].rpartition(":")
        if provider in (*self._at.get(model, ()), *(_POLICIES if model in self._at else ())):
            return _models.model(self.name, f"{model}:{provider}", {})
        return super().unlisted(name)

    @property
    def tells_key(self) -> bool:
        return "router." not in self.url  # its list is for everybody

    def request(self, call: Call, model: str) -> Request:
        if self._plain:
            return Request("/", _plain.body(self.name, call))
        if call.task == FEATURE_EXTRACTION:
            path = f"/hf-inference/models/{quote(model)}/pipeline/feature-extraction"
            return Request(path, _plain.body(self.name, call))
        return super().request(call, model)

    async def read(self, call: Call, response: aiohttp.ClientResponse, who: Answerer) -> AsyncGenerator[Delta, None]:
        if call.task == FEATURE_EXTRACTION:
            yield _answer.vectors(await self.body(response), who)
        elif self._plain:
            asked = _plain.body(self.name, call)["inputs"]
            yield _plain.answered(call, asked, await self.body(response), who)
        else:
            async with contextlib.aclosing(super().read(call, response, who)) as deltas:
                async for delta in deltas:
                    yield delta


def _live(row: dict[str, Any]) -> tuple[str, ...]:
    providers = row.get("providers") or ()
    return tuple(one["provider"] for one in providers if one.get("status", "live") == "live")


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
