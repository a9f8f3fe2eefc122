"""/api/v1/cache: the answers that are known already."""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from starlette.responses import Response

from serai.api.deps import ServicesDep
from serai.api.native.shapes import Out
from serai.api.routes import router
from serai.api.scopes import Scope

routes = router(Scope.MONITOR, prefix="/api/v1/cache", tag="cache")
clearing = router(Scope.ADMIN, prefix="/api/v1/cache", tag="cache")


class CacheStatus(Out):
    enabled: Literal["off", "tasks", "all"] = Field(description="What is kept; see the setting `cache.enabled`.")
    limit: int = Field(description="Most bytes on disk.")
    bytes: int
    entries: int = Field(description="Answers on disk.")
    memory_bytes: int
    memory_entries: int = Field(description="Answers in memory; most of them are on disk, too.")
    hits: int = Field(description="Calls that were answered from it, since the server's start.")
    misses: int = Field(description="Calls that could have been, had their answer been known.")
    joined: int = Field(description="Hits that waited for the same call to be answered.")
    since: float


@routes.get("")
async def cache_status(services: ServicesDep) -> CacheStatus:
    """What the cache of results holds, and how it has served."""
    return CacheStatus.model_validate(await services.cache.status())


@clearing.delete("", status_code=204, response_class=Response)
async def clear_cache(services: ServicesDep) -> None:
    """Forgets all answers that are kept."""
    await services.cache.clear()
