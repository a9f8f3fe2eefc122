"""What a provider declares: its name, and how a Backend is opened from a small config."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from serai import registry
from serai.backend import Backend
from serai.errors import NotFound


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """One service as its owner set it up. Its models are called `<name>/<the service's own name for it>`."""

    name: str
    url: str
    key: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Provider:
    """A kind of remote service. `open` is called in the event loop and returns at once: it waits for no network, so
    a service that is away never keeps Serai from starting."""

    name: str
    title: str
    open: Callable[[ProviderConfig], Backend]


def open_backend(kind: str, config: ProviderConfig) -> Backend:
    """The service as a Backend, called `config.name`. Raises NotFound when there is no such kind of provider."""
    providers = registry.scan("providers").by_name
    if kind not in providers:
        there = ", ".join(sorted(providers)) or "none yet"
        raise NotFound(f"There is no kind of provider called {kind!r}.", hint=f"There are: {there}.")
    provider: Provider = providers[kind]
    return provider.open(config)
