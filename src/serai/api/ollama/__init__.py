"""Ollama's dialect."""

from __future__ import annotations

from fastapi import APIRouter


def routers() -> list[APIRouter]:
    from serai.api.ollama import asking, blobs, changing, listing, pulling

    return [asking.routes, listing.routes, listing.public, changing.routes, pulling.routes, blobs.routes]
