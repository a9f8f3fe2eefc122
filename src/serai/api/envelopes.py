"""The one error envelope in each dialect."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import Scope

from serai.errors import Busy, Forbidden, ModelNotFound, SeraiError, Unauthenticated

REQUEST_ID = "serai.request_id"
"""Where the guard leaves the request's id in the ASGI scope."""


def answer(scope: Scope, error: SeraiError) -> Response:
    """The error as a response in the dialect of the request's path."""
    path = scope["path"]
    dialect = openai if path.startswith("/v1/") else hub if path.startswith("/hub/") else native
    body = dialect(error, scope.get(REQUEST_ID, ""))
    headers = {"content-type": "application/json", **(_hub_headers(error) if dialect is hub else {})}
    if isinstance(error, Busy):
        headers["retry-after"] = str(error.retry_after)
    if isinstance(error, Unauthenticated):
        headers["www-authenticate"] = "Bearer"
    status = 429 if dialect is hub and isinstance(error, Busy) else error.status  # which its clients wait for
    status = 400 if dialect is openai and status == 422 else status  # as OpenAI says it
    return Response(orjson.dumps(body, default=str), status, headers)


def native(error: SeraiError, request_id: str) -> dict[str, Any]:
    return {"error": {**error.as_dict(), "request_id": request_id}}


_OPENAI_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


def openai(error: SeraiError, request_id: str) -> dict[str, Any]:
    kind = _OPENAI_TYPES.get(error.status) or ("invalid_request_error" if error.status < 500 else "server_error")
    message = f"{error.message} {error.hint}".strip()
    body = {
        "message": message,
        "type": kind,
        "param": error.facts.get("param") or error.facts.get("field"),
        "code": error.code,
    }
    return {"error": {**body, "serai": {**error.as_dict(), "request_id": request_id}}}


_HUB_CODES = {"repository": "RepoNotFound", "revision": "RevisionNotFound", "entry": "EntryNotFound"}


def hub(error: SeraiError, request_id: str) -> dict[str, Any]:
    return {"error": f"{error.message} {error.hint}".strip(), "serai": {**error.as_dict(), "request_id": request_id}}


def _hub_headers(error: SeraiError) -> dict[str, str]:
    """Its clients tell errors apart by a header, and show another one."""
    words = f"{error.message} {error.hint}".strip().encode("ascii", "replace").decode()
    headers = {"x-error-message": " ".join(words.split())}
    kind = "repository" if isinstance(error, ModelNotFound) else error.facts.get("missing")
    code = "GatedRepo" if isinstance(error, Forbidden) and "page" in error.facts else _HUB_CODES.get(str(kind))
    if code:
        headers["x-error-code"] = code
    if commit := error.facts.get("commit"):
        headers["x-repo-commit"] = str(commit)
    return headers
