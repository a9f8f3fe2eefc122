"""The one error envelope in each dialect."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import Response
from starlette.types import Scope

from serai.errors import Busy, SeraiError, Unauthenticated

REQUEST_ID = "serai.request_id"
"""Where the guard leaves the request's id in the ASGI scope."""


def answer(scope: Scope, error: SeraiError) -> Response:
    """The error as a response in the dialect of the request's path."""
    dialect = openai if scope["path"].startswith("/v1/") else native
    body = dialect(error, scope.get(REQUEST_ID, ""))
    headers = {"content-type": "application/json"}
    if isinstance(error, Busy):
        headers["retry-after"] = str(error.retry_after)
    if isinstance(error, Unauthenticated):
        headers["www-authenticate"] = "Bearer"
    return Response(orjson.dumps(body, default=str), error.status, headers)


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
