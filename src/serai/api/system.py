"""What watches Serai: /health, /ready, /metrics, and the OpenAPI document."""

from __future__ import annotations

from typing import Any

from pydantic import Field
from sqlalchemy import text
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from serai import __version__
from serai.api.deps import ServicesDep
from serai.api.native.shapes import Out
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.errors import SeraiError

public = router(Scope.PUBLIC, tag="system")
watching = router(Scope.MONITOR, tag="system")


class Health(Out):
    status: str = "ok"


class Readiness(Out):
    ready: bool
    problems: dict[str, str] = Field(description="What is not ready, and why.")


class Version(Out):
    version: str


@public.get("/health")
async def health() -> Health:
    """The server is alive."""
    return Health()


@public.get("/ready", response_model=Readiness, responses={503: {"model": Readiness}})
async def ready(services: ServicesDep) -> Response:
    """200 when calls can be answered, 503 with what is not ready."""
    problems: dict[str, str] = {}
    try:
        await services.db.read(lambda connection: connection.execute(text("SELECT 1")).scalar())
    except SeraiError as error:
        problems["database"] = error.message
    body = {"ready": not problems, "problems": problems}
    return JSONResponse(body, 503 if problems else 200)


@watching.get("/metrics", response_class=PlainTextResponse)
async def metrics(services: ServicesDep) -> Response:
    """Measurements in Prometheus' text form."""
    return Response(services.metrics.render(), media_type="text/plain; version=0.0.4; charset=utf-8")


@public.get("/api/v1/version")
async def get_version() -> Version:
    """Which Serai this is."""
    return Version(version=__version__)


@public.get("/api/v1/openapi.json", include_in_schema=False)
async def openapi(request: Request) -> JSONResponse:
    """The description of this API."""
    document: dict[str, Any] = request.app.openapi()
    return JSONResponse(document)
