"""From a call to the task family it belongs to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from serai import registry
from serai.tasks.declaration import Task


def family_of(call: str) -> Task | None:
    """The task whose call this is, or None when none declares it."""
    return _by_call().get(call)


@cache
def _by_call() -> Mapping[str, Task]:
    return {call: task for task in registry.scan("tasks").by_name.values() for call in task.calls}
