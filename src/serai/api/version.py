"""Which Serai this is."""

from __future__ import annotations

from functools import cache
from importlib import metadata


@cache
def version() -> str:
    """The installed version; `0+unknown` when the package runs from a bare tree."""
    try:
        return metadata.version("serai")
    except metadata.PackageNotFoundError:
        return "0+unknown"
