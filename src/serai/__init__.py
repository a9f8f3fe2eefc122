"""Serai: finds, runs, serves and chats with Hugging Face models. `import serai` alone loads nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from serai.client import AsyncClient, Client
    from serai.local import LocalModel, load

__version__ = "0.1.0"

__all__ = ["AsyncClient", "Client", "LocalModel", "__version__", "load"]


def __getattr__(name: str) -> Any:
    if name in ("AsyncClient", "Client"):
        from serai import client

        return getattr(client, name)
    if name in ("LocalModel", "load"):
        from serai import local

        return getattr(local, name)
    raise AttributeError(f"module 'serai' has no attribute {name!r}")
