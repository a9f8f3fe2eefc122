"""Serai: finds, runs, serves and chats with Hugging Face models. `import serai` alone loads nothing heavy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from serai.client import AsyncClient, Client

__version__ = "0.1.0"

__all__ = ["AsyncClient", "Client", "__version__"]


def __getattr__(name: str) -> Any:
    if name in ("AsyncClient", "Client"):
        from serai import client

        return getattr(client, name)
    raise AttributeError(f"module 'serai' has no attribute {name!r}")
