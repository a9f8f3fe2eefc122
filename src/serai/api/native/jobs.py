"""/api/v1/jobs and /api/v1/downloads: durable long work."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import Query
from pydantic import Field

from serai.api.deps import PrincipalDep, ServicesDep
from serai.api.errors import ErrorBody
from serai.api.native.shapes import In, Out
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.errors import BadRequest
from serai.types import ModelRef

routes = router(Scope.MODELS, prefix="/api/v1", tag="jobs")


class Part(Out):
    """One of several things that the job works on, such as a file."""

    name: str
    done: float
    total: float
    state: Literal["waiting", "working", "done"] = "waiting"


class Progress(Out):
    done: float | None = None
    total: float | None = None
    rate: float | None = Field(None, description="A second.")
    eta_s: float | None = None
    note: str = ""
    parts: list[Part] = Field(default_factory=list, description="Of very many some: those in work first.")


class Job(Out):
    id: str
    kind: str
    title: str
    principal: str
    state: Literal["queued", "running", "paused", "done", "failed", "cancelled"]
    args: dict[str, Any]
    progress: Progress
    result: dict[str, Any] | None
    error: ErrorBody | None
    created_at: float
    updated_at: float
    priority: int = 0


Priority = Annotated[
    int, Field(ge=-100, le=100, description="Higher comes first. The page's words: -10 low, 0 normal, 10 high.")
]


class JobList(Out):
    jobs: list[Job]


class NewDownload(In):
    model: Annotated[str, Field(min_length=1, max_length=300, examples=["org/name:Q4_K_M"])]
    priority: Priority = 0


class JobChange(In):
    priority: Priority


class Cleared(Out):
    removed: list[str]


@routes.post("/downloads", status_code=202)
async def download(services: ServicesDep, who: PrincipalDep, new: NewDownload) -> Job:
    """Fetches a model from the hub, as a job that survives a restart."""
    try:
        name = str(ModelRef.parse(new.model))
    except ValueError as error:
        raise BadRequest(f"{error}.", param="model") from error
    job = await services.jobs.submit("download", {"model": name}, name, who, priority=new.priority)
    return Job.model_validate(job)


@routes.get("/jobs")
async def list_jobs(services: ServicesDep) -> JobList:
    """All jobs, newest first."""
    return JobList.model_validate({"jobs": await services.jobs.list()})


@routes.get("/jobs/{job}")
async def get_job(services: ServicesDep, job: str) -> Job:
    """One job, and how far it is."""
    return Job.model_validate(await services.jobs.get(job))


@routes.patch("/jobs/{job}")
async def change_job(services: ServicesDep, job: str, change: JobChange) -> Job:
    """Changes what comes first. A job of a higher priority begins before others, takes the place of one of its kind
    that runs where none is free, and among running downloads gets connections first."""
    return Job.model_validate(await services.jobs.prioritise(job, change.priority))


@routes.delete("/jobs/{job}", status_code=204)
async def forget_job(services: ServicesDep, job: str) -> None:
    """Takes a job that has ended off the list; what it made stays."""
    await services.jobs.forget(job)


@routes.delete("/jobs")
async def clear_jobs(
    services: ServicesDep, kind: Annotated[str, Query(max_length=40, examples=["download"])] = ""
) -> Cleared:
    """Takes all off the list that are done or cancelled, or those of a kind."""
    return Cleared(removed=list(await services.jobs.clear(kind)))


@routes.post("/jobs/{job}/pause")
async def pause_job(services: ServicesDep, job: str) -> Job:
    """Stops it where it is; `resume` goes on from there."""
    return Job.model_validate(await services.jobs.pause(job))


@routes.post("/jobs/{job}/resume")
async def resume_job(services: ServicesDep, job: str) -> Job:
    """Goes on with a job that was paused, or tries one again that failed."""
    return Job.model_validate(await services.jobs.resume(job))


@routes.post("/jobs/{job}/cancel")
async def cancel_job(services: ServicesDep, job: str) -> Job:
    """Gives it up."""
    return Job.model_validate(await services.jobs.cancel(job))
