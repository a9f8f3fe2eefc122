"""OpenAI's dialect."""

from __future__ import annotations

from fastapi import APIRouter


def routers() -> list[APIRouter]:
    from serai.api.openai import chat, completions, embeddings, models

    return [chat.routes, completions.routes, embeddings.routes, models.routes]
