"""/api/v1/store: the one weight store: what lies there, where from, whether it is whole, and what may go."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import Field

from serai.api.deps import PrincipalDep, ServicesDep
from serai.api.errors import ErrorBody
from serai.api.native.jobs import Job
from serai.api.native.shapes import In, Name, Out
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.hub.data_sets import PREFIX
from serai.types import ModelRef

routes = router(Scope.MODELS, prefix="/api/v1/store", tag="store")

_DAY_S = 86_400.0
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


class DataSet(Out):
    """A data set in the cache; `stays` says why it is not deleted to make room."""

    name: str
    size: int
    used_at: float = Field(description="When it was read or asked for last, as far as that is known.")
    stays: Literal["", "pinned", "arriving"]


class Overview(Out):
    """Sizes in bytes; `used` is all of the Hugging Face cache's models, whoever put them there."""

    cache: str
    used: int
    free: int
    total: int
    quota: int = Field(description="0 is no limit.")
    models: list[Stored]
    data_sets: list[DataSet]


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


class DataSetChange(In):
    pinned: bool


class Verify(In):
    model: Name | None = Field(None, description="Left out: all models.")
    repair: bool = Field(False, description="Fetch what is damaged or missing again, and nothing else.")


@routes.get("")
async def get_store(services: ServicesDep) -> Overview:
    """What lies in the store and how much room it takes."""
    data_sets = [asdict(one) for one in await services.data_sets.all()]
    return Overview.model_validate({**await services.weights.overview(), "data_sets": data_sets})


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
    services: ServicesDep,
    dry_run: Annotated[bool, Query(description="Only tell what would go.")] = False,
    data_sets_days: Annotated[
        float | None, Query(ge=0, description="Delete data sets, too, that were not used for so many days.")
    ] = None,
) -> Collected:
    """Removes what dead downloads left in the cache, and content that no model names. Data sets only where that is
    asked for, and none that is pinned or being fetched."""
    said = await services.weights.gc(await _wanted(services), dry_run=dry_run)
    if data_sets_days is not None:
        gone, freed = await services.data_sets.gc(data_sets_days * _DAY_S, dry_run=dry_run)
        why = "data set that nobody has used for long"
        said["found"] += [{"path": f"{PREFIX}{one.name}", "size": one.size, "why": why} for one in gone]
        said["size"] += sum(one.size for one in gone)
        said["freed"] += freed
    return Collected.model_validate(said)


@routes.patch("/data-sets/{name:path}", status_code=204)
async def change_data_set(services: ServicesDep, name: str, change: DataSetChange) -> None:
    """Pins a data set, so that it is never deleted to make room, or lets it go again."""
    await services.data_sets.pin(name, change.pinned)


@routes.delete("/data-sets/{name:path}", status_code=204)
async def delete_data_set(services: ServicesDep, name: str) -> None:
    """Deletes a data set's files from the cache, whoever put them there."""
    await services.data_sets.remove(name)


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
