"""The page: files that the web build left in the package. They hold nothing of anybody's, so they need no key."""

from __future__ import annotations

import mimetypes
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from serai.api import methods
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.errors import NotFound

routes = router(Scope.PUBLIC)

FOLDER = Path(__file__).parents[1] / "page"

POLICY = "; ".join(
    (
        "default-src 'self'",
        "img-src 'self' data: blob:",
        "style-src 'self' 'unsafe-inline'",
        "font-src 'self'",
        "object-src 'none'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
"""Inline styles are what the page's components set on elements; scripts come from files alone."""

_TYPES: Mapping[str, str] = {
    ".js": "text/javascript",
    ".mjs": "text/javascript",
    ".css": "text/css",
    ".html": "text/html",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".webmanifest": "application/manifest+json",
    ".wasm": "application/wasm",
}
"""Not left to the machine's own table, which some systems get wrong."""

_NOT_BUILT = """Serai is running; its page was not built.

Build it once with `make install` (or `npm ci && npm run build` in web/), then load this address again.
The API is at /api/v1 (described by /api/v1/openapi.json), OpenAI's at /v1, and `serai run` works in a terminal.
"""


@routes.api_route(methods.REST, methods=["GET", "HEAD"], include_in_schema=False)
async def page(request: Request, path: str) -> Response:
    """A file of the page, or its index for every address that the page itself understands."""
    if f"{path}/".startswith(methods.API):
        raise methods.refused(request.scope)
    index = FOLDER / "index.html"
    if not index.is_file():
        return PlainTextResponse(_NOT_BUILT, 503 if path == "" else 404)
    files = _files(FOLDER, index.stat().st_mtime_ns)
    name = path if path in files else "index.html"
    if name != path and "." in path and (path.startswith("assets/") or "/" not in path):
        raise NotFound("The page has no such file.")  # deeper down a view may name a model, such as qwen-1.5b
    return _serve(request, name)


def _serve(request: Request, name: str) -> Response:
    file = FOLDER / name
    hashed = name.startswith("assets/")
    headers = {
        "content-security-policy": POLICY,
        "cross-origin-opener-policy": "same-origin",
        "cache-control": "public, max-age=31536000, immutable" if hashed else "no-cache",
    }
    kind = _TYPES.get(file.suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    response = FileResponse(file, headers=headers, media_type=kind, stat_result=file.stat())
    if not hashed and request.headers.get("if-none-match") == response.headers["etag"]:
        return Response(status_code=304, headers={**headers, "etag": response.headers["etag"]})
    return response


@lru_cache(maxsize=1)
def _files(folder: Path, built: int) -> frozenset[str]:
    """The names that may be asked for, of this build: a client's path is looked up here, never opened."""
    del built
    return frozenset(str(f.relative_to(folder).as_posix()) for f in folder.rglob("*") if f.is_file())
