"""/api/v1/calls: what is being answered right now."""

from __future__ import annotations

from pydantic import Field
from starlette.responses import Response

from serai.api.deps import ServicesDep
from serai.api.native.shapes import Out
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.errors import NotFound

routes = router(Scope.MONITOR, prefix="/api/v1/calls", tag="calls")


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


@routes.get("")
async def list_calls(services: ServicesDep) -> CallList:
    """Running calls, whoever asked."""
    return CallList.model_validate({"calls": [call.as_dict() for call in services.router.live()]})


@routes.delete("/{call}", status_code=204, response_class=Response)
async def cancel_call(services: ServicesDep, call: str) -> None:
    """Ends a call; its asker gets what was written so far."""
    if not services.router.cancel(call):
        raise NotFound("There is no such call; it may have ended.")
