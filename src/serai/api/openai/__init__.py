"""OpenAI's dialect."""

from __future__ import annotations

from fastapi import APIRouter


def routers() -> list[APIRouter]:
    from serai.api.openai import (
        audio,
        batches,
        chat,
        completions,
        embeddings,
        files,
        images,
        models,
        moderations,
        speech,
    )
    from serai.api.openai.responses import routes as responses

    return [
        chat.routes,
        responses.asking,
        completions.routes,
        embeddings.routes,
        audio.routes,
        speech.routes,
        images.routes,
        moderations.routes,
        models.routes,
        responses.keeping,
        files.sending,
        files.keeping,
        batches.routes,
    ]
