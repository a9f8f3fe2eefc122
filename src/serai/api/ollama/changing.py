"""POST /api/create, /api/copy, /api/push; DELETE /api/delete."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from serai.api import body, envelopes
from serai.api.deps import services_of
from serai.api.ollama import answer, asking, creating, listing, names
from serai.api.ollama.lines import Lines
from serai.api.routes import Direct, router
from serai.api.scopes import Scope
from serai.errors import BadRequest

routes = router(Scope.MODELS, prefix="/api", tag="ollama", kind=Direct)

_CREATE = asking.described(
    "model", **{"from": "The model to begin with."}, files="Blobs by name.", system="", parameters=""
)
_COPY = asking.described("source", source="A model's name.", destination="The new name.")


@routes.post("/create", response_class=Response, openapi_extra=_CREATE)
async def create_ollama_model(request: Request) -> Response:
    """A model of another one, or of files that were sent, with settings of its own."""
    wanted = creating.read(body.parse(await request.body()))
    services = services_of(request)
    headers = body.ignored(wanted.ignored)
    if not wanted.stream:
        await creating.make(services, wanted)
        return _done({"status": "success"}, headers)

    async def told() -> AsyncGenerator[bytes, None]:
        yield answer.line({"status": "reading the model"})
        await creating.make(services, wanted)
        yield answer.line({"status": "writing manifest"})
        yield answer.line({"status": "success"})

    await creating.check(services, wanted)
    return Lines(told(), request.scope.get(envelopes.REQUEST_ID, ""), headers)


@routes.post("/copy", response_class=Response, openapi_extra=_COPY)
async def copy_ollama_model(request: Request) -> Response:
    """The same model under one more name."""
    asked = body.parse(await request.body())
    services = services_of(request)
    base = await listing.find(services, names.asked(asked, "source"))
    name = names.asked({"destination": asked.get("destination")}, "destination")
    await creating.alias(services, base, name.removesuffix(names.LATEST), {}, {})
    return Response(status_code=200)


@routes.delete("/delete", response_class=Response, openapi_extra=asking.described("model", model="A model's name."))
async def delete_ollama_model(request: Request) -> Response:
    """Takes a model from the list, with what Serai itself fetched or keeps for it."""
    services = services_of(request)
    model = await listing.find(services, names.asked(body.parse(await request.body())))
    source = (await services.records.sources()).get(model.name)
    await services.pool.unload(model.name)
    await services.store.forget(model.name, files=source is not None and source.kind == "hub")
    services.pool.journal.forget(model.name)
    if not any(other.path == model.path for other in await services.store.models()):
        services.created.drop(model.path)
    return Response(status_code=200)


@routes.post("/push", response_class=Response, openapi_extra=asking.described("model", model="A model's name."))
async def push_ollama_model(request: Request) -> Response:
    """Is refused: there is no registry of Serai's."""
    name = names.asked(body.parse(await request.body()))
    raise BadRequest(f"{name} cannot be pushed: Serai has no registry.", hint="Its file can be shared as it is.")


def _done(data: Mapping[str, Any], headers: Mapping[str, str]) -> Response:
    return Response(orjson.dumps(data), media_type="application/json", headers=dict(headers))
