"""Serai's own API, under /api/v1: one file a noun."""

from __future__ import annotations

from fastapi import APIRouter


def routers() -> list[APIRouter]:
    from serai.api.native import (
        calls,
        engines,
        events,
        fit,
        hooks,
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
        stats,
        status,
        store,
        suggestions,
    )

    watched = (sessions, messages, events, status, fit, hub, pictures, running, models, store, suggestions, jobs)
    changed = (calls, stats, settings, secrets, keys, providers, machine, engines, hooks)
    return [noun.routes for noun in (*watched, *changed)]
