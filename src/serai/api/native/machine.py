"""/api/v1/hardware, /doctor and /logs: the machine, the health of every part, and what was logged."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import Field

from serai.api.deps import ServicesDep
from serai.api.native.shapes import Out, Spoken
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.telemetry import logs
from serai.wording import translated

routes = router(Scope.MONITOR, prefix="/api/v1", tag="machine")


class Cpu(Out):
    name: str
    cores: int
    features: list[str]


class Ram(Out):
    total: int
    available: int


class Gpu(Out):
    name: str
    memory: int | None


class Disk(Out):
    path: str
    free: int
    total: int


class Hardware(Out):
    """What this machine has (sizes in bytes), and what that means for models."""

    cpu: Cpu
    memory: Ram
    gpus: list[Gpu]
    disk: Disk
    tier: str
    advice: list[str]


class Check(Out):
    part: str
    ok: bool
    level: Literal["ok", "warning", "failed"]
    text: str
    mend: str | None = Field(None, description="What to do about it.")


class Checks(Out):
    checks: list[Check]


class LogLines(Out):
    parts: list[str]
    lines: list[dict[str, Any]]


@routes.get("/hardware")
async def get_hardware(services: ServicesDep, language: Spoken = "en") -> Hardware:
    """This machine, and advice for it."""
    from serai import machine

    found = await asyncio.to_thread(machine.hardware, services.home)
    return Hardware.model_validate({**found, "advice": [translated(line, language) for line in found["advice"]]})


@routes.get("/doctor")
async def examine(
    services: ServicesDep,
    hub: Annotated[bool, Query(description="Also calls the hub.")] = False,
    language: Spoken = "en",
) -> Checks:
    """Every part, healthy or with the mend."""
    from serai import doctor

    return Checks.model_validate({"checks": await doctor.check(services, hub=hub, language=language)})


@routes.get("/logs")
async def read_logs(
    services: ServicesDep,
    part: Annotated[str, Query(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")] = "server",
    lines: Annotated[int, Query(ge=1, le=10_000)] = 200,
) -> LogLines:
    """The last lines that a part wrote."""
    home = services.home
    found = await asyncio.to_thread(logs.tail, home, part, lines)
    return LogLines(parts=await asyncio.to_thread(lambda: list(logs.parts(home))), lines=list(found))
