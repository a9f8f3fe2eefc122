"""/api/v1/store: the one weight store: what lies there, where from, whether it is whole, and what may go."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import Field

from serai.api.deps import PrincipalDep, ServicesDep
from serai.api.errors import ErrorBody
from serai.api.native.jobs import Job
from serai.api.native.shapes import In, Name, Out
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.types import ModelRef

routes = router(Scope.MODELS, prefix="/api/v1/store", tag="store")

_UNFINISHED = ("queued", "running", "paused", "failed")


class Stored(Out):
    """A model on disk. `kind` is where it comes from: `hub` was downloaded by Serai, `huggingface` by another tool into
    the same cache."""

    name: str
    format: str
    size: int | None
    path: str | None
    kind: Literal["embedded", "file", "hub", "huggingface", "ollama", "lmstudio", "llama.cpp", "folder"]
    pinned: bool
    last_used_at: float | None
    added_at: float | None
    repo: str | None
    revision: str | None = Field(description="The branch, tag or commit that was asked for.")
    commit: str | None
    newest: str | None = Field(description="The commit that the hub had when it was last asked.")
    checked_at: float | None
    update: bool = Field(description="Whether the hub had newer files.")


class File(Out):
    name: str
    path: str
    size: int
    etag: str | None = Field(description="SHA-256, or Git's SHA-1 for small files.")
    state: Literal["verified", "unverified", "damaged", "missing"]
    verified_at: float | None


class StoredWithFiles(Stored):
    files: list[File]


class Overview(Out):
    """Sizes in bytes; `used` is all of the Hugging Face cache's models, whoever put them there."""

    cache: str
    used: int
    free: int
    total: int
    quota: int = Field(description="0 is no limit.")
    models: list[Stored]


class Orphan(Out):
    path: str
    size: int
    why: str


class Collected(Out):
    found: list[Orphan]
    size: int
    freed: int


class Adopted(Out):
    added: list[str]
    gone: list[str]


class Update(Out):
    model: str
    commit: str | None
    newest: str | None
    update: bool
    error: ErrorBody | None


class Updates(Out):
    updates: list[Update]


class Verify(In):
    model: Name | None = Field(None, description="Left out: all models.")
    repair: bool = Field(False, description="Fetch what is damaged or missing again, and nothing else.")


@routes.get("")
async def get_store(services: ServicesDep) -> Overview:
    """What lies in the store and how much room it takes."""
    return Overview.model_validate(await services.weights.overview())


@routes.get("/models/{name:path}")
async def get_stored(services: ServicesDep, name: str) -> StoredWithFiles:
    """A model's source and files."""
    return StoredWithFiles.model_validate(await services.weights.entry(name))


@routes.post("/verify", status_code=202)
async def verify(services: ServicesDep, who: PrincipalDep, wish: Verify) -> Job:
    """Reads files again and compares them with their digests, as a job; its result names what is damaged."""
    if wish.model is not None:
        await services.store.find(wish.model)
    title = wish.model or "all models"
    return Job.model_validate(await services.jobs.submit("verify", wish.model_dump(), title, who))


@routes.post("/gc")
async def collect_garbage(
    services: ServicesDep, dry_run: Annotated[bool, Query(description="Only tell what would go.")] = False
) -> Collected:
    """Removes what dead downloads left in the cache, and content that no model names."""
    return Collected.model_validate(await services.weights.gc(await _wanted(services), dry_run=dry_run))


@routes.post("/adopt")
async def adopt(services: ServicesDep) -> Adopted:
    """Looks for models that other programs have put on this machine. Their files stay where they are."""
    return Adopted.model_validate(await services.adopt.run())


@routes.post("/updates")
async def check_updates(services: ServicesDep) -> Updates:
    """Asks the hub which models it has newer."""
    return Updates.model_validate({"updates": await services.weights.updates()})


async def _wanted(services: Any) -> set[str]:
    """The repositories with downloads that may go on."""
    jobs = [job for job in await services.jobs.list(1000) if job["kind"] == "download" and job["state"] in _UNFINISHED]
    return {ModelRef.parse(job["args"]["model"]).name for job in jobs}
