"""Hugging Face's dialect: one address for each model, as Inference Endpoints, TGI and TEI serve it."""

from __future__ import annotations

from fastapi import APIRouter


def routers() -> list[APIRouter]:
    from serai.api.huggingface import routes

    return [routes.routes]
