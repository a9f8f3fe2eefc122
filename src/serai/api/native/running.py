"""/api/v1/running: the models that are loaded, the memory that they share, and what their processes log."""

from __future__ import annotations

import asyncio
from typing import Annotated, Literal

from fastapi import Query, Request
from pydantic import Field
from starlette.responses import Response

from serai import types
from serai.api.background import spawn
from serai.api.deps import ServicesDep
from serai.api.native.models import Model, models_of, shape
from serai.api.native.shapes import In, Name, Out
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.telemetry import logs

routes = router(Scope.MODELS, prefix="/api/v1", tag="models")


class Share(Out):
    name: str
    memory: int


class Device(Out):
    """Memory that models use, in bytes, and who holds how much of it."""

    name: str
    kind: Literal["cpu", "gpu"]
    total: int
    free: int
    limit: int = Field(0, description="The most that all models may take together.")
    serai: int = Field(0, description="Taken by the server itself.")
    others: int = Field(0, description="Taken by other programs.")
    models: list[Share]


class Budget(Out):
    devices: list[Device]


class RunningList(Out):
    running: list[Model]
    budget: Budget


class LogLine(Out):
    number: int
    time: float
    text: str


class ModelLog(Out):
    lines: list[LogLine]


class Load(In):
    model: Name


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
    return shape(services, model)


@routes.get("/running/{name:path}/log")
async def read_model_log(
    services: ServicesDep,
    name: str,
    after: Annotated[int, Query(ge=0, description="The number of the last line that is known.")] = 0,
) -> ModelLog:
    """The last lines that the model's process logged, also one that has ended since this server started."""
    await services.store.find(name)
    lines = services.pool.journal.after(name, after)
    return ModelLog(lines=[LogLine(number=line.number, time=line.time, text=logs.clean(line.text)) for line in lines])


@routes.delete("/running/{name:path}", status_code=204, response_class=Response)
async def unload_model(services: ServicesDep, name: str) -> None:
    """Ends a model's process, or its loading; all its memory returns."""
    await services.store.find(name)
    await services.pool.unload(name)
