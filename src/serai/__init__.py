"""Serai: finds, runs, serves and chats with Hugging Face models. `import serai` alone loads nothing heavy."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from serai.client import AsyncClient, Client
    from serai.local import LocalModel, load, stats

__version__ = "0.1.0"

__all__ = ["AsyncClient", "Client", "LocalModel", "__version__", "load", "stats"]


_HOMES = {"AsyncClient": "client", "Client": "client", "LocalModel": "local", "load": "local", "stats": "local"}


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"serai.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'serai' has no attribute {name!r}")
