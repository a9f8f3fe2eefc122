"""/api/v1/models and /api/v1/running: the models on this machine, and those that are loaded."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import Query, Request
from pydantic import Field
from starlette.responses import Response

from serai import loading, types
from serai.api.background import spawn
from serai.api.deps import ServicesDep
from serai.api.errors import ErrorBody
from serai.api.native.shapes import In, Loading, Name, Out, Settings
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.hosting.status import describe
from serai.tasks import text_generation

routes = router(Scope.MODELS, prefix="/api/v1", tag="models")


class Running(Out):
    """A loaded model's process."""

    pid: int
    device: str
    device_reason: str
    memory: int = Field(description="Bytes.")
    context: int = Field(description="Tokens that are reserved.")
    parallel: int = Field(description="Calls that it answers at once.")
    streams: int = Field(description="Calls that it is answering.")
    tokens_per_second: float | None
    since: float
    last_used_at: float | None
    load_s: float
    needed: int = Field(0, description="Bytes that it was expected to take.")
    shortened: str = Field("", description="What was made smaller than asked, so that it fits.")


class Model(Out):
    """A model, its facts (what is unknown is null) and its state on this machine."""

    name: str
    title: str
    description: str
    task: str
    place: str
    source: Literal["embedded", "file", "hub", "service"]
    format: str
    engine: str
    path: str | None
    size: int | None
    quantisation: str | None
    parameters: int | None
    context_length: int | None
    architecture: str | None
    license: str | None
    languages: list[str]
    settings: Settings
    loading: Loading
    pinned: bool
    added_at: float | None
    last_used_at: float | None
    state: Literal["on_disk", "loading", "ready", "failed"]
    error: ErrorBody | None
    running: Running | None


class ModelList(Out):
    models: list[Model]


class Share(Out):
    name: str
    memory: int


class Device(Out):
    """Memory that models use, in bytes, and who holds how much of it."""

    name: str
    kind: Literal["cpu", "gpu"]
    total: int
    free: int
    models: list[Share]


class Budget(Out):
    devices: list[Device]


class RunningList(Out):
    running: list[Model]
    budget: Budget


class NewModel(In):
    path: Annotated[
        str, Field(min_length=1, max_length=4096, description="GGUF file or folder on the server's machine.")
    ]
    name: Name | None = Field(None, description="Left out: the file's name.")


class ModelChange(In):
    """Only the fields that are sent are changed."""

    pinned: bool = Field(False, description="Never unloaded, and never deleted, to make room for another.")
    settings: Settings = Field(default_factory=dict)
    loading: Loading = Field(default_factory=dict)


class Load(In):
    model: Name


@routes.get("/models")
async def list_models(services: ServicesDep) -> ModelList:
    """All models on this machine, the embedded one first."""
    return ModelList(models=await models_of(services))


@routes.get("/models/{name:path}")
async def get_model(services: ServicesDep, name: str) -> Model:
    """One model."""
    return _shape(services, await services.store.find(name))


@routes.post("/models", status_code=201)
async def add_model(services: ServicesDep, new: NewModel) -> Model:
    """Makes a file a model. The file stays where it is."""
    return _shape(services, await services.store.add(Path(new.path), new.name))


@routes.patch("/models/{name:path}")
async def change_model(services: ServicesDep, name: str, change: ModelChange) -> Model:
    """Pins a model, or sets its default generation settings or how it is loaded from the next time on."""
    settings, loads = text_generation.check(change.settings), loading.check(change.loading)
    if "settings" in change.model_fields_set:
        await services.store.set_settings(name, settings)
    if "loading" in change.model_fields_set:
        await services.store.set_loading(name, loads)
    if "pinned" in change.model_fields_set:
        await services.store.set_pinned(name, change.pinned)
        services.pool.pin(name, change.pinned)
    return _shape(services, await services.store.find(name))


@routes.delete("/models/{name:path}", status_code=204, response_class=Response)
async def forget_model(
    services: ServicesDep,
    name: str,
    files: Annotated[bool, Query(description="Also deletes its files, if they lie in the Hugging Face cache.")] = False,
) -> None:
    """Unloads a model and takes it from the list."""
    await services.store.find(name)
    await services.pool.unload(name)
    await services.store.forget(name, files=files)


@routes.get("/running")
async def list_running(services: ServicesDep) -> RunningList:
    """The models that are loaded or loading, the last used first."""
    running = [model for model in await models_of(services) if model.state in ("ready", "loading")]
    budget = Budget.model_validate({"devices": await services.pool.budget()})
    return RunningList(running=sorted(running, key=lambda model: -(model.last_used_at or 0)), budget=budget)


@routes.post("/running", status_code=202)
async def load_model(request: Request, services: ServicesDep, load: Load) -> Model:
    """Loads a model in the background; events of topic `model` tell how it goes."""
    model = await services.router.resolve(load.model, types.CHAT)
    spawn(request, services.pool.load(model))
    await asyncio.sleep(0)  # lets the load begin, so that the answer says so
    return _shape(services, model)


@routes.delete("/running/{name:path}", status_code=204, response_class=Response)
async def unload_model(services: ServicesDep, name: str) -> None:
    """Ends a model's process, or its loading; all its memory returns."""
    await services.store.find(name)
    await services.pool.unload(name)


async def models_of(services: Any) -> list[Model]:
    return [_shape(services, model) for model in await services.store.models()]


def _shape(services: Any, model: types.Model) -> Model:
    return Model.model_validate(describe(model, services.pool.status(model.name)))
