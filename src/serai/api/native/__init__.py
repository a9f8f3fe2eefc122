"""Serai's own API, under /api/v1: one file a noun."""

from __future__ import annotations

from fastapi import APIRouter


def routers() -> list[APIRouter]:
    from serai.api.native import (
        calls,
        events,
        fit,
        jobs,
        keys,
        machine,
        messages,
        models,
        secrets,
        sessions,
        settings,
        status,
        suggestions,
    )

    nouns = (
        sessions,
        messages,
        events,
        status,
        fit,
        models,
        suggestions,
        jobs,
        calls,
        settings,
        secrets,
        keys,
        machine,
    )
    return [noun.routes for noun in nouns]
