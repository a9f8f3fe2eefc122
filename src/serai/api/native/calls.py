"""/api/v1/calls: what is being answered right now, and what was."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Query
from pydantic import Field
from starlette.responses import Response

from serai.api.deps import PrincipalDep, ServicesDep
from serai.api.native.shapes import Out
from serai.api.native.stats import Moment, Only
from serai.api.routes import router
from serai.api.scopes import Scope, may
from serai.errors import NotFound
from serai.monitor.history import FILTERS
from serai.types import Principal

routes = router(Scope.MONITOR, prefix="/api/v1/calls", tag="calls")

LIMIT = 50


class Call(Out):
    id: str
    task: str
    model: str
    backend: str | None
    place: str
    principal: str
    priority: str
    state: str
    started_at: float
    tokens: int
    position: int = Field(description="How many are before it in the queue, itself included; 0 when it does not wait.")
    expected_s: float | None = Field(description="How long it should still wait, where that is known.")


class CallList(Out):
    calls: list[Call]


class PastAttempt(Out):
    """A backend that did not answer, and why."""

    backend: str
    model: str
    reason: str
    code: str
    tried: bool = Field(description="False: it was not even asked.")


class Measured(Out):
    """Times in seconds from the moment the call arrived."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    first_token_s: float | None = None
    total_s: float | None = None
    tokens_per_second: float | None = None
    prompt_tokens_per_second: float | None = None
    left_out: int = 0
    cost: float | None = Field(None, description="In US dollars; null where it is not known.")
    from_cache: bool = False


class PastCall(Out):
    """A call that has ended, without what was said."""

    id: str
    at: float = Field(description="When it began.")
    task: str
    model: str = Field(description="Empty where none was found.")
    asked: str = Field(description="The model's name as it was asked for.")
    backend: str
    place: str
    dialect: str
    key: str = Field(description="Who asked: the id of a key, or `owner`.")
    session: str
    status: str = Field(description="done, failed or cancelled.")
    error: str = Field(description="The error's code where it failed.")
    tried: list[PastAttempt]
    usage: Measured


class History(Out):
    calls: list[PastCall]
    next: str | None = Field(description="What to send as `after` for the next page; null: there is none.")


class Words(Out):
    """What was said in a call, kept for the inspector, without what looks like a secret."""

    inputs: dict[str, Any]
    settings: dict[str, Any]
    text: str
    reasoning: str
    tool_calls: list[dict[str, Any]]
    data: Any = Field(description="The answer of a task whose answer is no text.")
    finish: str | None
    expires_at: float


class Inspected(Out):
    call: PastCall
    words: Words | None = Field(description="Null where they were not kept, or are kept no more.")


@routes.get("")
async def list_calls(services: ServicesDep) -> CallList:
    """Running calls, whoever asked."""
    return CallList.model_validate({"calls": [call.as_dict() for call in services.router.live()]})


@routes.get("/history")
async def list_past_calls(
    services: ServicesDep,
    who: PrincipalDep,
    task: Only = None,
    model: Only = None,
    backend: Only = None,
    place: Only = None,
    dialect: Only = None,
    key: Only = None,
    session: Only = None,
    status: Only = None,
    error: Only = None,
    start: Annotated[Moment, Query(alias="from")] = None,
    end: Annotated[Moment, Query(alias="to")] = None,
    after: Annotated[str, Query(max_length=100, description="The last call of the page before.")] = "",
    limit: Annotated[int, Query(ge=1, le=500)] = LIMIT,
) -> History:
    """The last calls that ended, the newest first. Whoever is no admin is told of their own alone."""
    values = (task, model, backend, place, dialect, key, session, status, error)
    only = {name: value for name, value in zip(FILTERS, values, strict=True) if value is not None}
    if not may(who, Scope.ADMIN):
        only["key"] = who.id
    await services.monitor.flush()
    found = await services.monitor.history.page(only, start=start, end=end, after=after, limit=limit + 1)
    more = found[limit - 1]["id"] if len(found) > limit else None
    return History.model_validate({"calls": found[:limit], "next": more})


@routes.get("/{call}")
async def get_call(services: ServicesDep, who: PrincipalDep, call: str) -> Inspected:
    """A call that has ended, with what was said in it where the inspector kept that."""
    await services.monitor.flush()
    found = await services.monitor.history.get(call)
    if not _may_see(who, found):
        raise NotFound("There is no such call in the list.")
    return Inspected.model_validate({"call": found, "words": await services.monitor.inspector.read(call)})


@routes.delete("/{call}", status_code=204, response_class=Response)
async def cancel_call(services: ServicesDep, call: str) -> None:
    """Ends a call; its asker gets what was written so far."""
    if not services.router.cancel(call):
        raise NotFound("There is no such call; it may have ended.")


def _may_see(who: Principal, call: dict[str, Any]) -> bool:
    return call["key"] == who.id or may(who, Scope.ADMIN)
