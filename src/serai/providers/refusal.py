"""What a service's HTTP status and body mean to whoever asked."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from serai.errors import BadRequest, Busy, ContextExceeded, ModelFailed, ModelNotFound, SeraiError, TimedOut

_RETRY_S = 1
_LONGEST_RETRY_S = 24 * 3600
_BUSY = (429, 503, 529)


def refused(service: str, model: str, status: int, body: bytes, headers: Mapping[str, str]) -> SeraiError:
    """The error for an answer that is not 200, in the service's own words where it has some. A refused key is the
    service's and its owner's affair, not the asker's, so it is no 401."""
    problem = _problem(body)
    words = _words(problem, body) or f"It answered with status {status}."
    if status == 404:
        return ModelNotFound(model, hint=f"{service} says: {words}", who=service)
    if status in {400, 413, 422}:
        return _too_long(problem, model) or BadRequest(f"{service} refused the request: {words}")
    if status in _BUSY:
        return _busy(service, words, problem, headers)
    if status in {408, 504}:
        return TimedOut(f"{service} took too long: {words}", hint="Try again.", who=service)
    return _failed(service, status, words)


def forged() -> BadRequest:
    """The same for whatever is wrong with a message that claims to be a service's, so that nobody learns from it what
    is set up here."""
    return BadRequest("This message is not from the service that it names, or came too late.")


def words_of(body: bytes) -> str:
    """What an error's body says, empty where it says nothing."""
    return _words(_problem(body), body)


def _failed(service: str, status: int, words: str) -> ModelFailed:
    if status == 401:
        return ModelFailed(f"{service} refused the key: {words}", hint=f"Check the key of {service}.", who=service)
    if status == 402:
        hint = f"Add credit to the account at {service}, or ask another model."
        return ModelFailed(f"{service} wants to be paid: {words}", hint=hint, who=service)
    if status == 403:
        hint = f"Check what the key of {service} may do, and whether the model's terms were accepted there."
        return ModelFailed(f"{service} does not allow this: {words}", hint=hint, who=service)
    if 300 <= status < 400:
        hint = f"Redirects are not followed, so that no key goes astray. Set the URL that {service} has now."
        return ModelFailed(f"{service} redirects to another address.", hint=hint, who=service)
    return ModelFailed(f"{service} failed: {words}", hint="Try again.", who=service, status=status)


def _busy(service: str, words: str, problem: Any, headers: Mapping[str, str]) -> Busy:
    estimated = problem.get("estimated_time") if isinstance(problem, dict) else None
    wait = _seconds(headers.get("retry-after", ""))
    text = f"{service} takes no more calls now: {words}"
    if isinstance(estimated, (int, float)) and 0 <= estimated < _LONGEST_RETRY_S:
        wait, text = max(1, math.ceil(estimated)), f"{service} is loading the model: {words}"
    busy = Busy(text, retry_after=wait, hint=f"Try again in {wait} seconds.")
    busy.who = service
    return busy


def _too_long(problem: Any, model: str) -> ContextExceeded | None:
    """What Serai and llama.cpp say with both numbers; others only have words for it."""
    error = problem.get("error") if isinstance(problem, dict) else None
    if not isinstance(error, dict):
        return None
    own = error.get("serai")
    if isinstance(own, dict) and own.get("code") == ContextExceeded.code:
        facts = own.get("facts") or {}
        numbers = (facts.get("prompt_tokens"), facts.get("context_length"))
    else:
        numbers = (error.get("n_prompt_tokens"), error.get("n_ctx"))
    prompt, context = numbers
    return ContextExceeded(prompt, context, model) if isinstance(prompt, int) and isinstance(context, int) else None


def _problem(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None


def _words(problem: Any, body: bytes) -> str:
    """The message of an OpenAI-style or a plain error body."""
    if problem is None:
        return body[:200].decode("utf-8", "replace").strip()
    problem = problem.get("error", problem) if isinstance(problem, dict) else problem
    message = problem.get("message", problem) if isinstance(problem, dict) else problem
    return str(message)[:500]


def _seconds(retry_after: str) -> int:
    """Seconds, from a number of them or a date."""
    if retry_after.isdecimal():
        return min(int(retry_after), _LONGEST_RETRY_S)
    try:
        until = parsedate_to_datetime(retry_after).timestamp() - time.time()
    except ValueError:
        return _RETRY_S
    return max(_RETRY_S, min(math.ceil(until), _LONGEST_RETRY_S))
