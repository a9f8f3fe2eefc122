"""/api/v1/status: what a page needs to know first."""

from __future__ import annotations

from typing import Any, Literal

import psutil
from pydantic import Field

from serai import __version__
from serai.api.deps import PrincipalDep, ServicesDep
from serai.api.native.models import Model, models_of
from serai.api.native.shapes import Out
from serai.api.routes import router
from serai.api.scopes import Scope

routes = router(Scope.MONITOR, prefix="/api/v1", tag="status")


class Principal(Out):
    id: str
    name: str


class Memory(Out):
    """In bytes; `models` is what the loaded models use."""

    used: int
    total: int
    models: int


class Notice(Out):
    """Something a person should know, and what to do."""

    code: str
    level: Literal["info", "warning"]
    text: str
    action: str | None = None


class Status(Out):
    version: str
    started_at: float
    home: str
    offline: bool = Field(description="Serai was told never to contact the hub.")
    place: str = "local"
    principal: Principal
    running: list[Model]
    loading: list[str]
    memory: Memory
    models_count: int
    notices: list[Notice]


@routes.get("/status")
async def get_status(services: ServicesDep, who: PrincipalDep) -> Status:
    """Version, who asks, what runs, memory, and what should be known."""
    models = await models_of(services)
    running = [model for model in models if model.running is not None]
    memory = psutil.virtual_memory()
    used = sum(model.running.memory for model in running if model.running)
    return Status(
        version=__version__,
        started_at=services.started_at,
        home=str(services.home),
        offline=services.settings.hub.offline,
        principal=Principal(id=who.id, name=who.name),
        running=running,
        loading=[model.name for model in models if model.state == "loading"],
        memory=Memory(used=memory.total - memory.available, total=memory.total, models=used),
        models_count=len(models),
        notices=_notices(services, models),
    )


def _notices(services: Any, models: list[Model]) -> list[Notice]:
    notices: list[Notice] = []
    if all(model.source == "embedded" for model in models):
        text = (
            "Only the tiny built-in guide is here. It knows Serai and nothing else; a first real model is a click away."
        )
        notices.append(Notice(code="no_model", level="info", text=text, action="suggestions"))
    for model in models:
        if model.error is not None:
            notices.append(Notice(code=model.error.code, level="warning", text=model.error.message, action="models"))
    if services.settings.hub.offline:
        text = "Serai is set to offline: it does not contact the hub."
        notices.append(Notice(code="offline", level="info", text=text, action="settings"))
    return notices
