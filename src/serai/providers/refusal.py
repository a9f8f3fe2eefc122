"""What a service's HTTP status and body mean to whoever asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from serai.errors import BadRequest, Busy, ModelFailed, ModelNotFound, SeraiError

_RETRY_S = 10


def refused(service: str, model: str, status: int, body: bytes, headers: Mapping[str, str]) -> SeraiError:
    """The error for an answer that is not 200, in the service's own words where it has some. A refused key is the
    service's and its owner's affair, not the asker's, so it is no 401."""
    words = _words(body) or f"It answered with status {status}."
    if status == 404:
        return ModelNotFound(model, hint=f"{service} says: {words}", who=service)
    if status in {400, 413, 422}:
        return BadRequest(f"{service} refused the request: {words}")
    if status in {429, 503}:
        busy = Busy(f"{service} takes no more calls now: {words}", retry_after=_seconds(headers.get("retry-after", "")))
        busy.who = service
        return busy
    if status in {401, 403}:
        return ModelFailed(f"{service} refused the key: {words}", hint=f"Check the key of {service}.", who=service)
    return ModelFailed(f"{service} failed: {words}", hint="Try again.", who=service)


def _words(body: bytes) -> str:
    """The message of an OpenAI-style or a plain error body."""
    try:
        problem: Any = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body[:200].decode("utf-8", "replace").strip()
    problem = problem.get("error", problem) if isinstance(problem, dict) else problem
    message = problem.get("message", problem) if isinstance(problem, dict) else problem
    return str(message)[:500]


def _seconds(retry_after: str) -> int:
    return int(retry_after) if retry_after.isdecimal() else _RETRY_S
