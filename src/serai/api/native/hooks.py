"""/api/v1/hooks: addresses that are told of events."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field
from starlette.responses import Response

from serai.api.deps import ServicesDep
from serai.api.native.shapes import In, Out
from serai.api.routes import router
from serai.api.scopes import Scope
from serai.monitor.occurrences import KINDS, Kind

routes = router(Scope.ADMIN, prefix="/api/v1", tag="hooks")


class Hook(Out):
    """An address that is told of events. What its messages are signed with is told once, when it is added."""

    id: str
    url: str
    events: list[Kind]
    private: bool = Field(description="It may lie in a private network.")
    created_at: float
    sent_at: float | None = Field(description="When it last took a message.")
    failures: int = Field(description="Messages in a row that it did not take.")
    error: str = Field(description="Why it did not take the last one; empty where it did.")


class NewHook(In):
    url: Annotated[str, Field(min_length=1, max_length=2000, examples=["https://hooks.example/serai"])]
    events: list[Kind] = Field([], max_length=20, description="Left out: all.", examples=[["call.failed"]])
    private: bool = Field(False, description="Allow an address in a private network, or on this machine.")


class MadeHook(Hook):
    secret: str = Field(description="Messages are signed with this. It is not shown again.")


class HookList(Out):
    hooks: list[Hook]
    kinds: dict[str, str] = Field(description="The events that there are, and when they happen.")


class HookTest(Out):
    """What the address said to a message just now."""

    taken: bool
    seconds: float
    error: str


@routes.get("/hooks")
async def list_hooks(services: ServicesDep) -> HookList:
    """The hooks, and the events that there are."""
    return HookList.model_validate({"hooks": await services.monitor.hooks.list(), "kinds": KINDS})


@routes.post("/hooks", status_code=201)
async def add_hook(services: ServicesDep, new: NewHook) -> MadeHook:
    """Tells an address of events from now on."""
    hook, secret = await services.monitor.hooks.add(new.url, new.events, private=new.private)
    return MadeHook.model_validate({**_fields(hook), "secret": secret})


@routes.delete("/hooks/{hook}", status_code=204, response_class=Response)
async def remove_hook(services: ServicesDep, hook: str) -> None:
    """Tells it nothing more."""
    await services.monitor.hooks.remove(hook)


@routes.post("/hooks/{hook}/test")
async def test_hook(services: ServicesDep, hook: str) -> HookTest:
    """Sends it one message, now and without another attempt."""
    return HookTest.model_validate(await services.monitor.hooks.test(hook))


def _fields(hook: Any) -> dict[str, Any]:
    return {name: getattr(hook, name) for name in hook.__dataclass_fields__}
