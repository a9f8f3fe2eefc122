"""Serai's own API, under /api/v1: one file a noun."""

from __future__ import annotations

from fastapi import APIRouter


def routers() -> list[APIRouter]:
    from serai.api.native import (
        batches,
        budgets,
        cache,
        calls,
        destinations,
        endpoints,
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
        own_keys,
        pictures,
        prices,
        providers,
        routes,
        running,
        secrets,
        sessions,
        settings,
        stats,
        status,
        store,
        suggestions,
        usage,
    )

    watched = (sessions, messages, destinations, events, status, fit, hub, pictures, running, models, store)
    counted = (suggestions, jobs, calls, stats, prices, budgets, usage, cache, batches, own_keys)
    changed = (settings, secrets, keys, providers, endpoints, routes, machine, engines, hooks)
    others = (cache.clearing, batches.sending, providers.public)
    return [*(noun.routes for noun in (*watched, *counted, *changed)), *others]
