"""/api/v1/hub/picture: the pictures of a model's card, so that the page loads nothing from elsewhere."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from serai.api.deps import ServicesDep
from serai.api.native.shapes import Name
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.errors import BadRequest
from serai.types import ModelRef

routes = router(Scope.MODELS, prefix="/api/v1/hub", tag="hub")

_HEADERS = {
    "content-security-policy": "default-src 'none'; sandbox",
    "content-disposition": "inline",
    "cache-control": "private, max-age=86400",
}


@routes.get("/picture", response_class=Response, responses={200: {"content": {"image/*": {}}}})
async def get_picture(
    services: ServicesDep,
    model: Annotated[Name, Query()],
    src: Annotated[str, Query(min_length=1, max_length=2000, description="As the card writes it.")],
    revision: Annotated[str, Query(max_length=96)] = "",
) -> Response:
    """A picture that the model's card names, and no other: PNG, JPEG, GIF or WebP by its content."""
    try:
        ref = ModelRef.parse(f"{model}@{revision}" if revision and revision != "main" else model)
    except ValueError as error:
        raise BadRequest(f"{error}.", param="model") from error
    content, kind = await services.pictures.get(ModelRef(ref.name, None, ref.revision), src)
    return Response(content, media_type=kind, headers=_HEADERS)
