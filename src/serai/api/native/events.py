"""/api/v1/events: everything that changes, as it changes."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Annotated

from fastapi import Header
from starlette.responses import Response

from serai.api import sse
from serai.api.deps import PrincipalDep, ServicesDep, person
from serai.api.native.messages import failed
from serai.api.routes import router
from serai.api.scopes import Scope, may
from serai.telemetry.events import Event
from serai.types import Principal

routes = router(Scope.MONITOR, prefix="/api/v1", tag="events")


@routes.get("/events", response_class=Response, responses=sse.DESCRIBED)
async def events(
    services: ServicesDep, who: PrincipalDep, last_event_id: Annotated[str | None, Header()] = None
) -> sse.EventStream:
    """Server-sent events of the topics `model`, `model.removed`, `job`, `job.removed`, `session`, `session.deleted`,
    `call` and `settings`. Reconnecting with `Last-Event-ID` misses nothing; where that is not possible, `reset` comes
    first: fetch everything anew. Chats are told of only to whose they are, if they may read them."""
    return sse.EventStream(_encoded(services.events.subscribe(last_event_id or None), who), failed=failed)


async def _encoded(published: AsyncGenerator[Event, None], who: Principal) -> AsyncGenerator[bytes, None]:
    chats, whose = may(who, Scope.CHAT), person(who)
    yield sse.COMMENT
    async with aclosing(published):
        async for what in published:
            if not what.topic.startswith("session"):
                yield sse.event(what.topic, what.data, what.id)
            elif chats and what.data.get("principal") == whose:
                told = {name: value for name, value in what.data.items() if name != "principal"}
                yield sse.event(what.topic, told, what.id)
