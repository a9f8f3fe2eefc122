"""GET /api/tags, /api/ps, /api/version; POST /api/show."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from serai import __version__
from serai.api import body
from serai.api.deps import PrincipalDep, Services, ServicesDep, model_for, models_for
from serai.api.ollama import asking, facts, names
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.errors import SeraiError
from serai.hosting import companions
from serai.hub.gguf import GgufHeader, read_header
from serai.hub.records import File
from serai.types import OWNER, Model, Principal

routes = router(Scope.INFER, prefix="/api", tag="ollama")
public = router(Scope.PUBLIC)

SPEAKS = "0.13.0"
"""The version of Ollama whose API this is: some clients ask for a minimum."""


@routes.get("/version")
async def ollama_version() -> dict[str, str]:
    """The version of Ollama's API that is spoken, and Serai's own."""
    return {"version": SPEAKS, "serai": __version__}


@routes.get("/tags")
async def list_ollama_models(services: ServicesDep, who: PrincipalDep) -> dict[str, Any]:
    """The models that are here, in Ollama's shape."""
    files = await _files(services)
    return {"models": [facts.listed(model, files.get(model.name, [])) for model in await models_for(services, who)]}


@routes.get("/ps")
async def list_ollama_running(services: ServicesDep, who: PrincipalDep) -> dict[str, Any]:
    """The models that are loaded, in Ollama's shape."""
    files = await _files(services)
    known = {model.name: model for model in await models_for(services, who)}
    idle_s = services.settings.models.idle_minutes * 60
    return {
        "models": [
            facts.running(known[now.name], now, services.pool.kept(now.name), idle_s, files.get(now.name, []))
            for now in services.pool.running()
            if now.name in known
        ]
    }


@routes.post("/show", openapi_extra=asking.described("model", model="A model's name."))
async def show_ollama_model(services: ServicesDep, who: PrincipalDep, request: Request) -> dict[str, Any]:
    """What is known of a model, in Ollama's shape."""
    model = await find(services, names.asked(body.parse(await request.body())), who)
    header, sees = await asyncio.to_thread(_look, model)
    return facts.shown(model, header, sees=sees)


@public.head("/", include_in_schema=False, response_class=Response)
async def is_anybody_here() -> None:
    """Ollama's clients look here first."""


@routes.head("/tags", include_in_schema=False, response_class=Response)
async def are_there_models() -> None:
    """For clients that look whether anybody is here."""


async def find(services: Services, name: str, who: Principal = OWNER) -> Model:
    """The model of this name, as Ollama's clients may write it. Raises ModelNotFound, or
    Forbidden."""
    known = await models_for(services, who)
    return await model_for(services, who, names.meant(name, [model.name for model in known]))


async def header_of(model: Model) -> GgufHeader | None:
    """What its file says of itself; None for other formats, and where it cannot be read."""
    return (await asyncio.to_thread(_look, model))[0]


def _look(model: Model) -> tuple[GgufHeader | None, bool]:
    try:
        header = read_header(Path(model.path)) if model.format == "gguf" and model.path else None
        return header, companions.sees(model)
    except SeraiError:
        return None, False


async def _files(services: Services) -> dict[str, list[File]]:
    found: dict[str, list[File]] = {}
    for file in await services.records.files():
        found.setdefault(file.model, []).append(file)
    return found
