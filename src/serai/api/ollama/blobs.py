"""HEAD and POST /api/blobs/{digest}: files that models are to be made of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from serai.api.deps import services_of
from serai.api.routes import Direct, router
from serai.api.scopes import Scope
from serai.errors import NotFound

routes = router(Scope.MODELS, prefix="/api/blobs", tag="ollama", kind=Direct)

_DIGEST = {"type": "string", "description": "sha256: and 64 hexadecimal digits."}
_NAMED: dict[str, Any] = {"parameters": [{"name": "digest", "in": "path", "required": True, "schema": _DIGEST}]}
_SENT = {"requestBody": {"content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}}}


@routes.head("/{digest}", response_class=Response, openapi_extra=_NAMED)
async def has_ollama_blob(request: Request) -> Response:
    """Whether the file with this digest is here."""
    digest = request.path_params["digest"]
    if not services_of(request).created.blob(digest).is_file():
        raise NotFound(f"There is no blob {digest}.")
    return Response(status_code=200)


@routes.post(
    "/{digest}",
    response_class=Response,
    status_code=201,
    responses={200: {"description": "It was here already."}},
    openapi_extra=_NAMED | _SENT,
)
async def send_ollama_blob(request: Request) -> Response:
    """Takes a file of any size, and keeps it if it has this digest."""
    new = await services_of(request).created.take(request.path_params["digest"], _chunks(request))
    return Response(status_code=201 if new else 200)


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    async for chunk in request.stream():
        if chunk:
            yield chunk
