"""The one error envelope in each dialect."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import orjson
from starlette.responses import Response
from starlette.types import Scope

from serai.errors import (
    BadRequest,
    Busy,
    Forbidden,
    LoadFailed,
    ModelFailed,
    ModelNotFound,
    SeraiError,
    TooLarge,
    Unauthenticated,
)

REQUEST_ID = "serai.request_id"
"""Where the guard leaves the request's id in the ASGI scope."""


DIALECT = "serai.dialect"
"""Where a route leaves the name of its dialect that does not follow from the address alone."""


def answer(scope: Scope, error: SeraiError) -> Response:
    """The error as a response in the dialect of the request."""
    dialect = _DIALECTS[dialect_of(scope)]
    body = dialect.body(error, scope.get(REQUEST_ID, ""))
    headers = {"content-type": "application/json", **dialect.headers(error)}
    if isinstance(error, Busy):
        headers["retry-after"] = str(error.retry_after)
    if "allow" in error.facts:
        headers["allow"] = str(error.facts["allow"])
    if isinstance(error, Unauthenticated):
        headers["www-authenticate"] = "Bearer"
    if dialect is _DIALECTS["anthropic"]:
        headers["request-id"] = scope.get(REQUEST_ID, "")
    return Response(orjson.dumps(body, default=str), dialect.status(error), headers)


def dialect_of(scope: Scope) -> str:
    """The dialect that a request is answered in."""
    path = scope["path"]
    name = scope.get(DIALECT) or next((name for start, name in _PATHS if path.startswith(start)), "native")
    return "anthropic" if name == "openai" and path.startswith("/v1/models") and speaks_anthropic(scope) else name


def speaks_anthropic(scope: Scope) -> bool:
    """Whether Anthropic's clients ask: they name the version of their API."""
    return any(name == b"anthropic-version" for name, _ in scope["headers"])


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


_ANTHROPIC_TYPES = {
    401: "authentication_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


def anthropic(error: SeraiError, request_id: str) -> dict[str, Any]:
    status = _anthropic_status(error)
    kind = _ANTHROPIC_TYPES.get(status) or ("invalid_request_error" if status < 500 else "api_error")
    told = {"type": kind, "message": f"{error.message} {error.hint}".strip(), "serai": error.as_dict()}
    return {"type": "error", "error": told, "request_id": request_id}


def _plain_status(error: SeraiError) -> int:
    """A field that does not fit is plainly 400 to most."""
    return 400 if error.status == 422 else error.status


def _anthropic_status(error: SeraiError) -> int:
    """A server that can take no more calls is 529 there."""
    return 529 if isinstance(error, Busy) and error.status == Busy.status else _plain_status(error)


def ollama(error: SeraiError, request_id: str) -> dict[str, Any]:
    return {"error": f"{error.message} {error.hint}".strip(), "serai": {**error.as_dict(), "request_id": request_id}}


_FAILED = (ModelFailed, "generation", 424)
_HUGGINGFACE = ((BadRequest, "validation", 422), (TooLarge, "validation", 413), (Busy, "overloaded", 429), _FAILED)
"""What TGI calls some errors, and the status it gives them; the first that fits."""


def huggingface(error: SeraiError, request_id: str) -> dict[str, Any]:
    told = hub(error, request_id)
    if "estimated_time" in error.facts:
        return {**told, "estimated_time": error.facts["estimated_time"]}
    if isinstance(error, LoadFailed):
        return told
    kind = next((name for family, name, _ in _HUGGINGFACE if isinstance(error, family)), "")
    return {**told, "error_type": kind} if kind else told


def _huggingface_status(error: SeraiError) -> int:
    if "estimated_time" in error.facts or isinstance(error, LoadFailed):
        return error.status
    return next((status for family, _, status in _HUGGINGFACE if isinstance(error, family)), error.status)


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


class _Dialect(NamedTuple):
    """How a dialect tells of errors."""

    body: Callable[[SeraiError, str], dict[str, Any]]
    status: Callable[[SeraiError], int] = lambda error: error.status
    headers: Callable[[SeraiError], dict[str, str]] = lambda _error: {}


_DIALECTS: Mapping[str, _Dialect] = {
    "native": _Dialect(native),
    "openai": _Dialect(openai, _plain_status),
    "anthropic": _Dialect(anthropic, _anthropic_status),
    "ollama": _Dialect(ollama, _plain_status),
    "huggingface": _Dialect(huggingface, _huggingface_status),
    # Its clients wait at 429 only.
    "hub": _Dialect(hub, lambda error: 429 if isinstance(error, Busy) else error.status, _hub_headers),
}

_PATHS = (
    ("/v1/messages", "anthropic"),
    ("/v1/", "openai"),
    ("/v2/", "openai"),
    ("/hub/", "hub"),
    ("/hf/models/", "huggingface"),
    ("/api/v1/", "native"),
    ("/api/", "ollama"),
)
"""The first that a path begins with says the dialect."""
