"""/api/v1/suggestions: the models to begin with on this machine."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

import psutil
from fastapi import Query
from pydantic import Field

from serai.api.deps import ServicesDep
from serai.api.native.shapes import Out
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.hub.starter import Fit, Starter, suggest

routes = router(Scope.MODELS, prefix="/api/v1", tag="models")


class FitOut(Out):
    verdict: Literal["fits", "tight", "no"]
    text: str


class SuggestionOut(Out):
    name: str = Field(description="What to download.")
    repo: str
    file: str | None = Field(description="The quantisation or file that is meant.")
    title: str
    size: int
    context_length: int
    parameters: int
    languages: list[str]
    why: str
    fit: FitOut
    state: Literal["absent", "downloading", "on_disk"]
    job: str | None = None


class SuggestionList(Out):
    suggestions: list[SuggestionOut]


@routes.get("/suggestions")
async def list_suggestions(
    services: ServicesDep, language: Annotated[Literal["en", "de", "fa"], Query(description="It should speak.")] = "en"
) -> SuggestionList:
    """A small, a middle and a large model that fit this machine's memory and disk."""
    disk = await asyncio.to_thread(psutil.disk_usage, str(services.home))
    chosen = suggest(memory=psutil.virtual_memory().total, disk=disk.free, language=language)
    here = {model.name.casefold() for model in await services.store.models()}
    jobs = {str(job["args"].get("model")): job["id"] for job in await services.jobs.list() if _runs(job)}
    return SuggestionList(suggestions=[_shape(starter, fit, here, jobs) for starter, fit in chosen])


def _runs(job: Any) -> bool:
    return job["kind"] == "download" and job["state"] in ("queued", "running", "paused")


def _shape(starter: Starter, fit: Fit, here: set[str], jobs: dict[str, str]) -> SuggestionOut:
    repo, _, file = starter.name.partition(":")
    state: Literal["absent", "downloading", "on_disk"] = "downloading" if starter.name in jobs else "absent"
    return SuggestionOut(
        name=starter.name,
        repo=repo,
        file=file or None,
        title=starter.title,
        size=starter.size,
        context_length=starter.context_length,
        parameters=starter.parameters,
        languages=list(starter.languages),
        why=starter.why,
        fit=FitOut(verdict=fit.verdict, text=_words(fit)),
        state="on_disk" if starter.name.casefold() in here else state,
        job=jobs.get(starter.name),
    )


def _words(fit: Fit) -> str:
    said = {"fits": "Fits", "tight": "Tight", "no": "Does not fit"}[fit.verdict]
    return f"{said}: needs about {fit.needed:.1f} GB of memory, this machine has {fit.memory:.1f} GB."
