"""Serai's own API, under /api/v1: one file a noun."""

from __future__ import annotations

from fastapi import APIRouter


def routers() -> list[APIRouter]:
    from serai.api.native import (
        batches,
        cache,
        calls,
        engines,
        events,
        fit,
        hub,
        jobs,
        keys,
        machine,
        messages,
        models,
        pictures,
        providers,
        running,
        secrets,
        sessions,
        settings,
        status,
        store,
        suggestions,
    )

    watched = (sessions, messages, events, status, fit, hub, pictures, running, models, store, suggestions, jobs, calls)
    changed = (settings, secrets, keys, providers, machine, engines, cache, batches)
    return [*(noun.routes for noun in (*watched, *changed)), cache.clearing, batches.sending]
