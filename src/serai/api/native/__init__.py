"""Serai's own API, under /api/v1: one file a noun."""

from __future__ import annotations

from fastapi import APIRouter


def routers() -> list[APIRouter]:
    from serai.api.native import calls, events, jobs, keys, messages, secrets, sessions, settings

    return [m.routes for m in (sessions, messages, events, settings, secrets, keys, jobs, calls)]
