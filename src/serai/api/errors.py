"""Errors at the edge: Serai's own, what frameworks find wrong with a request, and faults; all become a SeraiError."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from serai.api import envelopes, methods
from serai.errors import BadRequest, Internal, SeraiError, TooLarge, UnknownField

LISTED = 5
"""At most so many of a request's faults are told at once."""


class ErrorBody(BaseModel):
    """Who failed (`you`, `serai`, `model` or a service's name), what happened, and the way forward."""

    code: str = Field(description="Stable; for programs.", examples=["model_not_found"])
    message: str
    who: str
    hint: str = ""
    facts: dict[str, Any] = Field({}, description="The numbers and names behind the message.")
    request_id: str = ""


class ErrorAnswer(BaseModel):
    """Every error of the native API looks like this."""

    error: ErrorBody


DESCRIBED: dict[int | str, dict[str, Any]] = {"4XX": {"model": ErrorAnswer}, "5XX": {"model": ErrorAnswer}}
"""How the OpenAPI document tells of errors, until `describing` says how each dialect does."""


class InvalidField(BadRequest):
    """A field's value does not fit; `param` names it."""

    status = 422
    code = "invalid_field"


def install(app: FastAPI) -> None:
    """Makes the app answer with these envelopes."""
    app.add_exception_handler(SeraiError, _handle)
    app.add_exception_handler(RequestValidationError, _handle)
    app.add_exception_handler(HTTPException, _handle)
    app.add_exception_handler(Exception, _handle)


async def _handle(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code in (404, 405) and error.__cause__ is None:
        error = methods.refused(request.scope)
    return envelopes.answer(request.scope, understood(error))


def understood(error: BaseException) -> SeraiError:
    """Any error as one of Serai's; what is unknown becomes Internal, with nothing leaked."""
    if isinstance(error, SeraiError):
        return error
    if isinstance(error, RequestValidationError):
        return invalid(error.errors())
    if isinstance(error, HTTPException):
        return _http(error)
    return Internal("Something went wrong inside Serai.", hint="The server's log says more, under this request's id.")


def _http(error: HTTPException) -> SeraiError:
    cause = error.__cause__
    if isinstance(cause, UnicodeDecodeError):
        return BadRequest("The body is not valid UTF-8.", position=cause.start)
    if isinstance(cause, RecursionError):
        return BadRequest("The body's JSON is nested too deeply.")
    if error.status_code == 413:
        return TooLarge("The body is too large.")
    return BadRequest(str(error.detail)) if error.status_code < 500 else Internal("Something went wrong inside Serai.")


def invalid(faults: Sequence[Mapping[str, Any]]) -> SeraiError:
    """What pydantic found wrong, in words that name the fields."""
    first = faults[0]
    if first["type"] == "json_invalid":
        return BadRequest(f"The body is not JSON: {first['ctx']['error']} at character {first['loc'][-1]}.")
    unknown = [_name(fault["loc"]) for fault in faults if fault["type"] == "extra_forbidden"]
    if unknown:
        fields = ", ".join(unknown[:LISTED])
        return UnknownField(
            f"Unknown field: {fields}.", hint="/api/v1/openapi.json lists the fields.", param=unknown[0]
        )
    if first["loc"] == ("body",):
        hint = "Send it with `Content-Type: application/json`."
        return InvalidField("A JSON object is expected as body.", hint=hint)
    said = "; ".join(f"{_name(fault['loc'])}: {fault['msg']}" for fault in faults[:LISTED])
    return InvalidField(f"{said}.", param=_name(first["loc"]))


def _name(location: Sequence[Any]) -> str:
    """`settings.stop.0` from pydantic's location, without where the field was found."""
    inner = location[1:] if location[0] in ("body", "query", "path", "header") else location
    return ".".join(map(str, inner))[:200] or str(location[0])
