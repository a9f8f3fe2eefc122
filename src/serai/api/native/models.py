"""/api/v1/models: the models on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from serai import loading, types
from serai.api.deps import ServicesDep
from serai.api.errors import ErrorBody
from serai.api.native.shapes import In, Loading, Name, Out, Settings
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.hosting.status import describe
from serai.tasks import text_generation

routes = router(Scope.MODELS, prefix="/api/v1", tag="models")


class Sandbox(Out):
    """What protects this machine from a model's process."""

    network: bool = Field(False, description="It can call nobody.")
    files: bool = Field(False, description="It sees its own files only.")
    memory: bool = Field(False, description="It is held to a limit.")
    how: str = Field("", description="By what, and what is missing and why.")


class Starting(Out):
    """A load under way, in bytes."""

    since: float
    memory: int = Field(description="That its process has by now.")
    needed: int = Field(description="That it will need; 0 while it waits for its place.")


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
    engine: str = Field("", description="What runs it.")
    server: str = Field("", description="Which of llama.cpp's servers, by its name in `/engines`.")
    kv_type: str = Field("", description="Type of the numbers in its KV cache.")
    threads: int = Field(0, description="Of the processor.")
    tokens: int = Field(0, description="Written since it was loaded; grows while it writes.")
    sandbox: Sandbox = Sandbox()


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
    starting: Starting | None = None


class ModelList(Out):
    models: list[Model]


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


@routes.get("/models")
async def list_models(services: ServicesDep) -> ModelList:
    """All models on this machine, the embedded one first."""
    return ModelList(models=await models_of(services))


@routes.get("/models/{name:path}")
async def get_model(services: ServicesDep, name: str) -> Model:
    """One model."""
    return shape(services, await services.store.find(name))


@routes.post("/models", status_code=201)
async def add_model(services: ServicesDep, new: NewModel) -> Model:
    """Makes a file a model. The file stays where it is."""
    return shape(services, await services.store.add(Path(new.path), new.name))


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
    return shape(services, await services.store.find(name))


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
    services.pool.journal.forget(name)


async def models_of(services: Any) -> list[Model]:
    return [shape(services, model) for model in await services.store.models()]


def shape(services: Any, model: types.Model) -> Model:
    """A model with its state at this moment."""
    return Model.model_validate(describe(model, services.pool.status(model.name)))
