"""A request to a model's own address: who asks what of which model, and the wishes in its headers."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from starlette.requests import Request

from serai.api import background, wishes
from serai.api.away import unless_gone
from serai.api.body import fault, ignored, kind, object_of
from serai.api.openai import many
from serai.backend import collect
from serai.errors import Busy
from serai.tasks.families import family_of
from serai.types import Call, Model, Principal, Result

if TYPE_CHECKING:
    from serai.services import Services
else:
    Services = Any

T = TypeVar("T")

AT_ONCE = 16
"""So many calls of one request run at the same time."""

_BYTES_PER_S = 300_000_000
_NO = ("false", "0", "no")
_YES = ("true", "1", "yes")


class Loading(Busy):
    """The model is being loaded, and the asker did not want to wait."""

    code = "loading"

    def __init__(self, model: str, seconds: float) -> None:
        super().__init__(f"{model} is loading.", retry_after=max(1, round(seconds)))
        self.facts["estimated_time"] = round(seconds, 1)


@dataclass(slots=True)
class Asked:
    """`name` is the model's, `task` what is done, `verb` what the address ends with; `ignored` are the fields that had
    no effect, `cut` says how much of the prompt was read where that was not all."""

    request: Request
    services: Services
    who: Principal
    name: str
    model: Model
    task: str = ""
    verb: str = ""
    ignored: list[str] = field(default_factory=list)
    cut: str = ""

    def call(self, task: str, inputs: Mapping[str, Any], settings: Mapping[str, Any] | None = None) -> Call:
        """A call to this model, checked by its task. Raises BadRequest, naming the field."""
        family = family_of(task)
        if family is not None:
            family.check_inputs(task, inputs)
            settings = family.check_settings(settings or {})
        return Call(task=task, model=self.name, inputs=inputs, settings=settings or {}, principal=self.who)

    async def run(self, *calls: Call) -> list[Result]:
        """The calls' results, in their order; all end when the asker goes away, or one fails."""
        places = asyncio.Semaphore(AT_ONCE)
        run = wishes.runner(self.request)
        work = [_in_turn(places, collect(run(call))) for call in calls]
        return await self.alone(many.together(work))

    async def alone(self, work: Coroutine[Any, Any, T]) -> T:
        """The work's result; it ends when the asker goes away."""
        return await unless_gone(self.request.receive, work)

    async def take(self, options: Any) -> None:
        """What is wished in the headers and in the body's `options`. Raises Loading where the asker will not wait."""
        said = object_of("options", options)
        headers = self.request.headers
        if _said(said.get("use_cache"), headers.get("x-use-cache")) is False:
            wishes.refine(self.request, cache=False)
        self.ignored += [f"options.{name}" for name in said if name not in ("use_cache", "wait_for_model")]
        if _said(said.get("wait_for_model"), headers.get("x-wait-for-model")) is False:
            self._be_ready()

    def _be_ready(self) -> None:
        """Begins to load a model that is not loaded, and raises Loading."""
        if self.services.pool.status(self.model.name).state == "ready":
            return
        background.spawn(self.request, self.services.pool.load(self.model))
        raise Loading(self.model.name, 1 + (self.model.size or 0) / _BYTES_PER_S)

    def headers(self, results: Sequence[Result] = ()) -> dict[str, str]:
        """The answer's headers: what had no effect, and what TGI and TEI tell of their work."""
        told = ignored(self.ignored) | ({"x-serai-truncated": self.cut} if self.cut else {})
        if results:
            prompt = sum(result.usage.prompt_tokens for result in results)
            written = sum(result.usage.completion_tokens for result in results)
            seconds = max((result.usage.total_s or 0.0 for result in results), default=0.0)
            told |= {
                "x-compute-type": results[0].answerer.device or results[0].answerer.place,
                "x-total-time": str(round(seconds * 1000)),
                "x-prompt-tokens": str(prompt),
                "x-generated-tokens": str(written),
            }
        return told


async def _in_turn(places: asyncio.Semaphore, work: Coroutine[Any, Any, T]) -> T:
    try:
        async with places:
            return await work
    finally:
        work.close()


def _said(own: Any, header: str | None) -> bool | None:
    """A wish of the body or the header; None where nothing was said."""
    if own is not None:
        return bool(kind("options", own, bool, "of true and false"))
    if header is None or header.lower() in (*_YES, *_NO):
        return None if header is None else header.lower() in _YES
    raise fault("x-wait-for-model", "x-wait-for-model and x-use-cache take true or false.")
