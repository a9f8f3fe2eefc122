"""POST /api/pull: a durable download, told in Ollama's lines."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncGenerator, Iterator, Mapping
from contextlib import aclosing
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from serai.answers import revive
from serai.api import body, envelopes
from serai.api.away import unless_gone
from serai.api.body import fault, kind
from serai.api.deps import Services, principal_of, services_of
from serai.api.ollama import answer, asking, names
from serai.api.ollama.lines import Lines
from serai.api.routes import Direct, router
from serai.api.scopes import Scope
from serai.errors import Conflict
from serai.types import ModelRef, Principal

routes = router(Scope.MODELS, prefix="/api", tag="ollama", kind=Direct)

_AT_WORK = ("queued", "running")
_OURS = "Serai pulls from the Hugging Face hub: write org/name:Q4_K_M, or hf.co/org/name:Q4_K_M."
_PULL = asking.described(
    "model", model="A model of the hub: org/name:Q4_K_M.", stream="Lines as it goes, unless false."
)


@routes.post("/pull", response_class=Response, openapi_extra=_PULL)
async def pull_ollama_model(request: Request) -> Response:
    """Fetches a model from the hub, and tells how far it is. The download goes on if nobody listens any more."""
    asked = body.parse(await request.body())
    name = names.asked(asked).removesuffix(names.LATEST)
    stream = kind("stream", asked.get("stream", True), bool, "true or false")
    told = _pull(services_of(request), principal_of(request), name)
    if stream:
        return Lines(_lines(told), request.scope.get(envelopes.REQUEST_ID, ""))
    last = await unless_gone(request.receive, _last(told))
    return Response(orjson.dumps(last), media_type="application/json")


async def _pull(services: Services, who: Principal, name: str) -> AsyncGenerator[dict[str, Any], None]:
    """The states of a download, up to success. Raises what ended it."""
    here = {model.name: model for model in await services.store.models()}
    known = here.get(names.meant(name, here))
    if known is None or known.source == "hub":
        async with aclosing(_download(services, who, _checked(name))) as told:
            async for state in told:
                yield state
    else:
        yield {"status": "pulling manifest"}
    yield {"status": "success"}


async def _download(services: Services, who: Principal, name: str) -> AsyncGenerator[dict[str, Any], None]:
    events = services.events.subscribe()
    async with aclosing(events):
        job = await _job(services, who, name)
        files = _Files(name)
        yield {"status": "pulling manifest"}
        async for event in events:
            if event.topic == "reset":
                job = await services.jobs.get(job["id"])
            elif event.topic == "job" and event.data["id"] == job["id"]:
                job = event.data
            else:
                continue
            for state in files.of(job["progress"]):
                yield state
            if job["state"] not in _AT_WORK:
                break
    _raise_unless_done(job, name)
    for state in files.whole(job["progress"]):
        yield state
    yield {"status": "verifying sha256 digest"}
    yield {"status": "writing manifest"}


async def _job(services: Services, who: Principal, name: str) -> Mapping[str, Any]:
    """The download of this model that is under way, or a new one."""
    for job in await services.jobs.list():
        if job["kind"] == "download" and job["args"].get("model") == name and job["state"] in _AT_WORK:
            found: Mapping[str, Any] = job
            return found
    made: Mapping[str, Any] = await services.jobs.submit("download", {"model": name}, name, who)
    return made


def _raise_unless_done(job: Mapping[str, Any], name: str) -> None:
    if job["state"] == "failed":
        raise revive(job["error"] or {})
    if job["state"] != "done":
        raise Conflict(f"The download of {name} was {job['state']}.", hint="It can be gone on with by pulling again.")


class _Files:
    """The files of a download as Ollama tells of layers: by a digest, which here only tells them apart."""

    def __init__(self, model: str) -> None:
        self._model = model
        self._told: dict[str, tuple[int, int]] = {}

    def of(self, progress: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Those that went on since the last time."""
        for part in progress.get("parts") or ():
            if part["state"] != "waiting" or part["done"]:
                yield from self._tell(part["name"], int(part["done"]), int(part["total"]))

    def whole(self, progress: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Those that were never told to be; where all came too fast to be told of one by one, all as one."""
        yield from self.of(progress)
        if not self._told and progress.get("total"):
            yield from self._tell("", int(progress["total"]), int(progress["total"]))
        for name, (_, total) in list(self._told.items()):
            yield from self._tell(name, total, total)

    def _tell(self, name: str, done: int, total: int) -> Iterator[dict[str, Any]]:
        if self._told.get(name) != (done, total):
            self._told[name] = (done, total)
            yield self._state(name, done, total)

    def _state(self, name: str, done: int, total: int) -> dict[str, Any]:
        digest = hashlib.sha256(f"{self._model}/{name}".encode()).hexdigest()
        state = {"status": f"pulling {digest[:12]}", "digest": f"sha256:{digest}", "total": total}
        return state | ({"completed": done} if done else {})


async def _lines(told: AsyncGenerator[dict[str, Any], None]) -> AsyncGenerator[bytes, None]:
    async with aclosing(told):
        async for state in told:
            yield answer.line(state)


async def _last(told: AsyncGenerator[dict[str, Any], None]) -> dict[str, Any]:
    last: dict[str, Any] = {}
    async with aclosing(told):
        async for state in told:
            last = state
    return last


def _checked(name: str) -> str:
    """Raises BadRequest for what cannot be a name on the hub."""
    try:
        ref = ModelRef.parse(name)
    except ValueError as error:
        raise fault("model", f"{error}.", _OURS) from error
    if "/" not in ref.name:
        raise fault("model", f"{name!r} is not a model of the hub: those have a maker.", _OURS)
    return str(ref)
