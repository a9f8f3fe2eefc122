"""/api/v1/suggestions: the models to begin with on this machine."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any, Literal

import psutil
from fastapi import Query
from pydantic import Field

from serai import advice
from serai.api.deps import ServicesDep
from serai.api.native.shapes import Out
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.hub import starter
from serai.wording import Language, Saying, say, translated

routes = router(Scope.MODELS, prefix="/api/v1", tag="models")


Machine = Literal["this", "small-cpu", "mid-gpu", "large-gpu"]
_ROOMY_DISK = 10**12


class SuggestionFit(Out):
    verdict: Literal["fits", "tight", "no"]
    text: str


class Suggestion(Out):
    name: str = Field(description="What to download.")
    repo: str
    file: str | None = Field(description="The quantisation or file that is meant.")
    title: str
    command: str = Field(description="Fetches it, on the command line.")
    size: int
    context_length: int
    parameters: int
    languages: list[str]
    why: str
    fit: SuggestionFit
    state: Literal["absent", "downloading", "on_disk"]
    job: str | None = None


class SuggestionList(Out):
    suggestions: list[Suggestion]


@routes.get("/suggestions")
async def list_suggestions(
    services: ServicesDep,
    language: Annotated[Language, Query(description="It should speak, and its words are in.")] = "en",
    machine: Annotated[Machine, Query(description="This one, or what is typical for such a one.")] = "this",
) -> SuggestionList:
    """A small, a middle and a large model that fit this machine's memory and disk; or three for another machine."""
    if machine == "this":
        disk = await asyncio.to_thread(psutil.disk_usage, str(services.home))
        usable = await services.pool.usable()
        gpu = any(device["kind"] != "cpu" for device in await services.pool.budget())
        chosen = starter.suggest(memory=usable, disk=disk.free, language=language, gpu=gpu)
    else:
        memory, gpu = int(advice.TYPICAL[machine]), machine != "small-cpu"
        chosen = starter.suggest(memory=memory, disk=_ROOMY_DISK, language=language, largest=gpu)
    here = {model.name.casefold() for model in await services.store.models()}
    jobs = {str(job["args"].get("model")): job["id"] for job in await services.jobs.list() if _runs(job)}
    return SuggestionList(suggestions=[_shape(entry, fit, here, jobs, language, machine) for entry, fit in chosen])


def _runs(job: Any) -> bool:
    return job["kind"] == "download" and job["state"] in ("queued", "running", "paused")


def _shape(
    entry: starter.Starter, fit: starter.Fit, here: set[str], jobs: dict[str, str], language: Language, machine: Machine
) -> Suggestion:
    repo, _, file = entry.name.partition(":")
    state: Literal["absent", "downloading", "on_disk"] = "downloading" if entry.name in jobs else "absent"
    return Suggestion(
        name=entry.name,
        repo=repo,
        file=file or None,
        title=entry.title,
        command=f"serai pull {entry.name}",
        size=entry.size,
        context_length=entry.context_length,
        parameters=entry.parameters,
        languages=list(entry.languages),
        why=entry.why.get(language, entry.why["en"]),
        fit=SuggestionFit(verdict=fit.verdict, text=translated(_words(fit, machine), language)),
        state="on_disk" if entry.name.casefold() in here else state,
        job=jobs.get(entry.name),
    )


def _words(fit: starter.Fit, machine: Machine) -> Saying:
    said = {"fits": say("Fits"), "tight": say("Tight"), "no": say("Does not fit")}[fit.verdict]
    if machine != "this":
        return say(
            "{verdict}: needs about {needed:.1f} GB of memory, models may use about {memory:.1f} GB of such a machine.",
            verdict=said,
            needed=fit.needed,
            memory=fit.memory,
        )
    return say(
        "{verdict}: needs about {needed:.1f} GB of memory, models may use {memory:.1f} GB of this machine.",
        verdict=said,
        needed=fit.needed,
        memory=fit.memory,
    )
