"""What a provider declares: its name, and how a Backend is opened from a small config."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from serai import registry
from serai.backend import Backend
from serai.errors import NotFound
from serai.outside import Outside

PATIENCE_S = 300.0
"""So long a service may be silent in the middle of an answer, where its owner says nothing else."""


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """One service as its owner set it up. Its models are called `<name>/<the service's own name for it>`. Of several
    keys the next is taken where one is refused or has had enough. `models` are names that the service does not list
    itself. `at_once` is how many calls it takes at a time, None for any number. `outside` fetches what it made and
    keeps elsewhere. `told_at` is the address at which it can say that it is done, empty where it cannot. `whose` is the
    id of the principal whose own keys these are, empty where they are everybody's."""

    name: str
    url: str
    keys: tuple[str, ...] = field(default=(), repr=False)
    models: tuple[str, ...] = ()
    patience_s: float = PATIENCE_S
    at_once: int | None = None
    outside: Outside = field(default_factory=lambda: Outside(lambda: True, lambda: False), repr=False, compare=False)
    told_at: Callable[[], str] = field(default=lambda: "", repr=False, compare=False)
    whose: str = ""


@dataclass(frozen=True, slots=True)
class Provider:
    """A kind of remote service. `open` is called in the event loop and returns at once: it waits for no network, so
    a service that is away never keeps Serai from starting. `url` is where it is, for those that are in one place, and
    `key_env` the environment variable in which its key usually is."""

    name: str
    title: str
    open: Callable[[ProviderConfig], Backend]
    url: str = ""
    key_env: str = ""
    key_needed: bool = False


@runtime_checkable
class Telling(Protocol):
    """A service that says something of its own accord."""

    async def told(self, headers: Mapping[str, str], body: bytes) -> None:
        """What somebody says who claims to be the service. Raises BadRequest for all others."""
        ...


def kinds() -> Mapping[str, Provider]:
    """All kinds of provider by name: those that are a file, and those that are an entry in `compatible.toml`."""
    from serai.providers import _compatible  # which knows this file

    return {**_compatible.kinds(), **registry.scan("providers").by_name}


def find_kind(name: str) -> Provider:
    """Raises NotFound when there is no such kind of provider."""
    known = kinds()
    if name not in known:
        there = ", ".join(sorted(known))
        raise NotFound(f"There is no kind of provider called {name!r}.", hint=f"There are: {there}.")
    return known[name]


def open_backend(kind: str, config: ProviderConfig) -> Backend:
    """The service as a Backend, called `config.name`. Raises NotFound when there is no such kind of provider."""
    return find_kind(kind).open(config)
