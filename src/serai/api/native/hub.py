"""/api/v1/hub: the hub's models, before they are here: search, and a model's page."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, Any

import psutil
from fastapi import Query

from serai import registry
from serai.api.deps import ServicesDep
from serai.api.errors import ErrorBody
from serai.api.native.hub_shapes import HubFit, HubGate, HubModel, HubModelList, HubModelPage, HubSearch, HubVariant
from serai.api.native.shapes import Spoken
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.errors import BadRequest, SeraiError
from serai.hub import rating
from serai.hub.described import Described, Variant
from serai.hub.listing import Listed
from serai.types import Model, ModelRef
from serai.wording import Language, say, translated

routes = router(Scope.MODELS, prefix="/api/v1/hub", tag="hub")

_BEGUN = ("queued", "running", "paused", "failed")


@routes.get("/models")
async def search_hub(services: ServicesDep, search: Annotated[HubSearch, Query()]) -> HubModelList:
    """Models of the hub that match. Where it is away: those that are known here, and marked so."""
    here = await services.store.models()
    page = await services.catalogue.search(search.asked(), here)
    machine = await _machine(services, here, search.language)
    models = [HubModel.model_validate(machine.facts(model)) for model in page.models]
    return HubModelList(models=models, next=page.cursor or None, **_away(page.away))


@routes.get("/models/{name:path}")
async def get_hub_model(
    services: ServicesDep,
    name: str,
    revision: Annotated[str, Query(max_length=96, description="A branch, tag or commit.")] = "",
    language: Spoken = "en",
) -> HubModelPage:
    """A model's page: card, files, and its quantisations side by side, with how they fit this machine."""
    ref = _ref(name, revision)
    memory = await services.pool.usable()
    found, away = await services.catalogue.describe(ref, int(memory * rating.WEIGHTS_SHARE))
    machine = await _machine(services, await services.store.models(), language)
    return HubModelPage.model_validate(
        {
            **machine.facts(found.listed),
            **_page(found),
            "variants": [machine.variant(form) for form in found.variants],
            "gate": _gate(found.listed, services.settings.hub.endpoint, language),
            "url": f"{services.settings.hub.endpoint.rstrip('/')}/{ref.name}",
            **_away(away),
        }
    )


@dataclass(frozen=True, slots=True)
class _Machine:
    """What a model is rated by: memory that models may use, free disk, what is here, what is on its way."""

    memory: int
    disk: int
    here: Mapping[str, list[str]]
    jobs: Mapping[str, str]
    language: Language

    def fit(self, size: int | None) -> HubFit | None:
        if not size:
            return None
        rated = rating.rate(size, memory=self.memory, disk=self.disk)
        return HubFit(verdict=rated.verdict, text=translated(rated.text, self.language))

    def facts(self, model: Listed) -> dict[str, Any]:
        here = self.here.get(model.name.casefold(), [])
        coming = (job for name, job in self.jobs.items() if _repo(name) == model.name.casefold())
        known = {"size": model.size, "fit": self.fit(model.size), "here": here, "job": next(coming, None)}
        return {**model.as_dict(), **known}

    def variant(self, form: Variant) -> HubVariant:
        ref = ModelRef.parse(form.name)
        here = {name.casefold() for name in self.here.get(ref.name.casefold(), [])}
        return HubVariant(
            **asdict(form),
            fit=self.fit(form.size),
            here=form.name.casefold() in here,
            job=self.jobs.get(form.name.casefold()),
            missing_extra=_missing(form.format),
        )


async def _machine(services: Any, models: Sequence[Model], language: Language) -> _Machine:
    disk = await asyncio.to_thread(psutil.disk_usage, str(services.home))
    here: dict[str, list[str]] = {}
    for model in models:
        here.setdefault(_repo(model.name), []).append(model.name)
    rows = [job for job in await services.jobs.list() if job["kind"] == "download" and job["state"] in _BEGUN]
    jobs = {str(job["args"].get("model")).casefold(): str(job["id"]) for job in rows}
    return _Machine(await services.pool.usable(), disk.free, here, jobs, language)


def _ref(name: str, revision: str) -> ModelRef:
    try:
        ref = ModelRef.parse(f"{name}@{revision}" if revision else name)
    except ValueError as error:
        raise BadRequest(f"{error}.", param="name") from error
    return ModelRef(ref.name, None, None if ref.revision == "main" else ref.revision)


def _repo(name: str) -> str:
    try:
        return ModelRef.parse(name).name.casefold()
    except ValueError:
        return name.casefold()


def _page(found: Described) -> dict[str, Any]:
    return {
        "revision": found.revision,
        "commit": found.commit,
        "revisions": list(found.revisions),
        "card": found.card,
        "files": [asdict(file) for file in found.files],
        "evaluations": [asdict(evaluation) for evaluation in found.evaluations],
        "unusable": _error(found.unusable),
    }


def _gate(model: Listed, endpoint: str, language: Language) -> HubGate | None:
    if not model.gated:
        return None
    accept = say(
        "Its makers let in those who accept their terms: do so on its page, then set the hub's token in Settings."
    )
    wait = say("Its makers answer each who asks: ask on its page, and set the hub's token in Settings.")
    text = translated(accept if model.gated == "auto" else wait, language)
    return HubGate(text=text, url=f"{endpoint.rstrip('/')}/{model.name}")


def _missing(kind: str) -> str:
    engine = registry.engine_for(kind)
    return engine.extra if engine is not None and registry.missing(engine) else ""


def _away(error: SeraiError | None) -> dict[str, Any]:
    return {"offline": error is not None, "reason": _error(error)}


def _error(error: SeraiError | None) -> ErrorBody | None:
    return ErrorBody(**error.as_dict()) if error is not None else None
