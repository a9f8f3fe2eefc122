"""Calls of tasks that not every Serai can do: what is missing is said before anything else."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Any

from starlette.requests import Request

from serai.api import wishes
from serai.api.away import unless_gone
from serai.api.deps import principal_of, services_of
from serai.api.openai import many
from serai.api.openai.fields import fault
from serai.backend import collect
from serai.errors import BadRequest, ModelNotFound, WrongTask
from serai.routing import policy
from serai.tasks import needs
from serai.tasks.families import family_of
from serai.types import AUTO, Call, Result


async def call(
    request: Request, task: str, model: str | None, inputs: Mapping[str, Any], settings: Mapping[str, Any]
) -> Call:
    """A checked call. Raises what `tasks.needs` says where no model can do the task at all; else BadRequest with the
    field's name as `param`."""
    if not await _somebody(request, task, model):
        raise needs.for_task(task)
    family = family_of(task)
    assert family is not None
    checked: dict[str, Any] = {}
    for name, value in settings.items():
        try:
            checked |= family.check_settings({name: value})
        except BadRequest as error:
            error.facts.setdefault("param", name)
            raise
    family.check_inputs(task, inputs)
    return Call(task=task, model=model or AUTO, inputs=inputs, settings=checked, principal=principal_of(request))


async def _somebody(request: Request, task: str, model: str | None) -> bool:
    """Whether any model can do the task, or the one that is named: a service need not list what it has."""
    router = services_of(request).router
    if any(policy.can(one, task) for one in await router.models(principal_of(request), hidden=True)):
        return True
    with contextlib.suppress(ModelNotFound, WrongTask):
        return bool(model and model != AUTO and await router.resolve(model, task, principal_of(request)))
    return False


async def run(request: Request, calls: list[Call]) -> list[Result]:
    """The results in their order; all end when the asker goes away."""
    ask = wishes.runner(request)
    return await unless_gone(request.receive, many.together([collect(ask(one)) for one in calls]))


def number(name: str, text: str | None, kind: type[int] | type[float]) -> Any:
    """A number of a form. Raises BadRequest."""
    try:
        return None if text is None else kind(text)
    except ValueError:
        raise fault(name, f"{name} must be a number.") from None


def truth(name: str, text: str | None) -> bool:
    """A yes or no of a form. Raises BadRequest."""
    if (text or "false").lower() not in ("true", "false"):
        raise fault(name, f"{name} must be true or false.")
    return (text or "").lower() == "true"
