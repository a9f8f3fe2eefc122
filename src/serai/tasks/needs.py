"""What is missing where nobody can answer a call: a model, an extra, or an engine."""

from __future__ import annotations

from serai import registry
from serai.errors import MissingExtra, ModelNotFound, NotOffered, SeraiError
from serai.tasks.families import family_of


class NoModel(ModelNotFound):
    """There is an engine for the task, but no model."""

    def __init__(self, task: str, kind: str) -> None:
        hint = f"Find one with `serai search --task {kind}`, and fetch it with `serai pull org/name`."
        SeraiError.__init__(self, f"No model here does {task}.", hint=hint, task=task)


def for_task(task: str) -> SeraiError:
    """The error that says what would have to be there for this task, and how it gets there."""
    family = family_of(task)
    kind = family.name if family else task
    able = [engine for engine in registry.engines().values() if task in engine.tasks]
    if not able:
        hint = "A newer Serai may have one, and one can be added: see docs/contributing/engine.md."
        return NotOffered(f"No engine of this Serai does {task}.", hint=hint, task=task)
    away = [engine.extra for engine in able if registry.missing(engine)]
    if len(away) == len(able) and any(away):
        return MissingExtra(family.title if family else task, next(filter(None, away)))
    return NoModel(task, kind)
