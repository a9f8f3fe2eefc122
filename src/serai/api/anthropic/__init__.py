"""Anthropic's dialect."""

from __future__ import annotations

from fastapi import APIRouter


def routers() -> list[APIRouter]:
    from serai.api.anthropic import messages, models

    return [messages.routes, models.routes]
