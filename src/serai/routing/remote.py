"""When a call leaves this machine: only by a name that begins with a service's. Pure but for what services say."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from serai.backend import Backend
from serai.types import Model


@runtime_checkable
class Unsure(Protocol):
    """A service whose list may not be all it has."""

    async def find(self, name: str) -> Model | None:
        """The model of this name, where the service itself will have to say whether there is one. Raises
        SeraiError."""
        ...


def named(name: str, services: Sequence[Backend]) -> list[Backend]:
    """The services that a model's name begins with."""
    return [service for service in services if _begins(name, service)]


def means(name: str, model: Model, services: Sequence[Backend]) -> bool:
    """Whether a name that begins with a service's may be this model: one there, or one of this machine called exactly
    so."""
    return model.name == name or any(model.place == service.name for service in services)


async def models(backend: Backend, wanted: str) -> Sequence[Model]:
    """What it has, and what is wanted of it where it cannot tell."""
    known = await backend.models()
    if not wanted or any(model.name == wanted for model in known) or not isinstance(backend, Unsure):
        return known
    found = await backend.find(wanted)
    return known if found is None else [*known, found]


async def all_models(services: Sequence[Backend]) -> list[Model]:
    """The models of all of them; those that are slow to say it for the first time are waited for together."""
    found = await asyncio.gather(*(service.models() for service in services))
    return [model for models in found for model in models]


def _begins(name: str, service: Backend) -> bool:
    return name.casefold().startswith(f"{service.name}/")
