"""Serai's own API, under /api/v1: one file a noun."""

from __future__ import annotations

from fastapi import APIRouter


def routers() -> list[APIRouter]:
    from serai.api.native import (
        budgets,
        calls,
        endpoints,
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
        prices,
        providers,
        running,
        secrets,
        sessions,
        settings,
        status,
        store,
        suggestions,
        usage,
    )

    watched = (sessions, messages, events, status, fit, hub, pictures, running, models, store, suggestions, jobs, calls)
    changed = (settings, secrets, keys, providers, endpoints, prices, budgets, usage, machine, engines)
    return [noun.routes for noun in (*watched, *changed)]
