"""/hub/*: Serai as a hub for `huggingface_hub` and all that uses it, with HF_ENDPOINT set to this address."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import parse_qs

import orjson
from fastapi import Depends, Request
from starlette.responses import JSONResponse, Response, StreamingResponse

from serai.api.deps import PrincipalDep, ServicesDep
from serai.api.routes import router
from serai.api.scopes import Scope, may
from serai.errors import BadRequest, NotFound
from serai.hub.mirror.asked import Asked, parse, span
from serai.hub.mirror.content import Content
from serai.hub.mirror.listing import Listing
from serai.hub.mirror.mirror import Mirror
from serai.routing import permission

routes = router(Scope.MIRROR, tag="mirror")

_PREFIX = "/hub/"
_TRUE = {"1", "true"}


async def _asked(request: Request) -> Asked:
    """Read from the address as it came, where a branch such as `refs%2Fpr%2F1` is one part."""
    raw: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    return parse(raw.decode("latin-1").partition("?")[0].removeprefix(_PREFIX).rstrip("/"))


@routes.api_route("/hub/{path:path}", methods=["GET", "HEAD", "POST"], include_in_schema=False)
async def mirror(
    request: Request, asked: Annotated[Asked, Depends(_asked)], services: ServicesDep, who: PrincipalDep
) -> Response:
    """What the hub would answer. Private and gated repositories are only for those who may let Serai itself download
    them."""
    if (request.method == "POST") != (asked.verb == "paths-info"):
        raise NotFound("The mirror has nothing at this address.", hint="It is for reading.", missing="entry")
    permission.check_name(who.limits, asked.place.name)
    found: Mirror = services.mirror
    found.check_via(request.headers.get("via", ""))
    trusted = may(who, Scope.MODELS)
    listing = await found.listings.get(asked.place, asked.revision, may=trusted)
    if asked.verb == "resolve":
        listing.check(may=trusted)
        return await _file(request, found, listing, asked)
    body = await _facts(request, found, listing, asked)
    return JSONResponse(body, headers={"x-serai-saved": "true"} if listing.saved else None)


async def _facts(request: Request, found: Mirror, listing: Listing, asked: Asked) -> Any:
    query = request.query_params
    if asked.verb == "info":
        return listing.info(blobs=query.get("blobs", "").lower() in _TRUE)
    if asked.verb == "tree":
        return listing.tree(asked.path, recursive=query.get("recursive", "").lower() in _TRUE)
    if asked.verb == "paths-info":
        return listing.paths(_paths(await request.body()))
    return await found.listings.refs(listing)


def _paths(body: bytes) -> list[str]:
    """Clients send a form, or JSON. Raises BadRequest."""
    try:
        paths = orjson.loads(body)["paths"] if body.startswith(b"{") else parse_qs(body.decode()).get("paths", [])
    except (ValueError, KeyError) as error:
        raise BadRequest("The body names no paths.", hint="Send `paths`, as a form or as JSON.") from error
    return [str(path) for path in paths] if isinstance(paths, list) else [str(paths)]


async def _file(request: Request, found: Mirror, listing: Listing, asked: Asked) -> Response:
    file = listing.file(asked.path)
    headers = {
        "etag": f'"{file.etag}"',
        "x-linked-etag": f'"{file.etag}"',
        "x-linked-size": str(file.size),
        "x-repo-commit": listing.repository.commit,
        "accept-ranges": "bytes",
        "content-type": "application/octet-stream",
    }
    if request.method == "HEAD":
        return Response(headers={**headers, "content-length": str(file.size)})
    content = await found.content(listing, asked.path, asked.revision)
    wanted = _span(request, content)
    if wanted is None:
        return _stream(content, 0, file.size, 200, headers)
    begin, end = wanted
    if begin >= end:
        return Response(status_code=416, headers={**headers, "content-range": f"bytes */{file.size}"})
    return _stream(content, begin, end, 206, {**headers, "content-range": f"bytes {begin}-{end - 1}/{file.size}"})


def _span(request: Request, content: Content) -> tuple[int, int] | None:
    """A range of another version of the file is the whole file."""
    if not content.ranges or request.headers.get("if-range", f'"{content.file.etag}"') != f'"{content.file.etag}"':
        return None
    return span(request.headers.get("range"), content.file.size)


def _stream(content: Content, begin: int, end: int, status: int, headers: dict[str, str]) -> Response:
    return StreamingResponse(content.read(begin, end), status, {**headers, "content-length": str(end - begin)})
