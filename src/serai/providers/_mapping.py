"""Which providers run a model for which task, as the hub tells it: asked for now and then, kept while it is away."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from yarl import URL

from serai.errors import NotFound, SeraiError, Unreachable
from serai.providers import _models
from serai.tasks.families import family_of

FRESH_S = 600.0
MOST = 500
CHATTING = "conversational"
"""The hub's word for what a provider does with a model that chats."""


@dataclass(frozen=True, slots=True)
class Offer:
    """One provider that runs the model now. `model` is its own name for it, `task` the hub's word."""

    provider: str
    model: str
    task: str

    def does(self, task: str) -> bool:
        """Whether it takes calls of this task."""
        family = family_of(task)
        return self.task == task or (family is not None and self.task in family.models)


class Mapped:
    """`ask` gives the JSON at an address; it raises SeraiError, NotFound where there is no such model."""

    def __init__(self, ask: Callable[[str], Awaitable[Any]], hub: str) -> None:
        self._ask = ask
        self._hub = hub
        self._kept: dict[str, tuple[float, Sequence[Offer]]] = {}

    async def of(self, model: str) -> Sequence[Offer]:
        """The offers in the order in which the hub prefers them, none for a model that it does not have. Raises
        Unreachable where nothing is known and the hub does not say it."""
        at, offers = self._kept.get(model, (0.0, ()))
        if at and time.monotonic() - at < FRESH_S:
            return offers
        try:
            told = await self._ask(f"{self._hub}/api/models/{quote(model)}?expand=inferenceProviderMapping")
            offers = read(told)
        except NotFound:
            offers = ()
        except SeraiError as error:
            if not at:
                text = f"The hub does not say who runs {model}: {error.message}"
                raise Unreachable(text, hint="Try again.", who=error.who) from error
        self._kept.pop(model, None)  # the newest is last
        self._kept[model] = (time.monotonic(), offers)
        if len(self._kept) > MOST:
            del self._kept[next(iter(self._kept))]
        return offers

    def known(self, model: str) -> Sequence[Offer]:
        """What was told last."""
        return self._kept.get(model, (0.0, ()))[1]


def read(told: Any) -> Sequence[Offer]:
    """The offers in what the hub tells of a model: an object by provider, or a list. Those under test, or that fail
    the hub's own checks, are left out. On nonsense it raises Python's own errors."""
    mapping = told.get("inferenceProviderMapping") or {}
    rows = mapping.items() if isinstance(mapping, Mapping) else [(row["provider"], row) for row in mapping]
    return tuple(
        Offer(str(provider), str(row["providerId"]), str(row["task"]))
        for provider, row in rows
        if row.get("status") == "live" and _models.named(str(row["providerId"]))
    )


def beside(router: str) -> str:
    """The hub that a router belongs to: `router.X` to `X`; any other is its own."""
    url = URL(router)
    host = (url.host or "").removeprefix("router.")
    return str(url.origin().with_host(host))
