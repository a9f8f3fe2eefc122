"""Which model answers, and whether it can. Pure."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from serai.errors import WrongTask
from serai.routing.resolve import resolve
from serai.tasks import needs
from serai.tasks.families import family_of
from serai.types import AUTO, LOCAL, Model


def choose(name: str, task: str, models: Sequence[Model], default: str, loaded: Sequence[str]) -> Model:
    """The model for a call. `auto` (or no name) is the default, else the loaded one that was used last, else the
    newest that was added, else the embedded one; the default only where it can, and nothing but the default leaves this
    machine. Raises ModelNotFound, WrongTask before anything is loaded, or what `tasks.needs` says where nothing can."""
    if name and name != AUTO:
        return check(resolve(name, models), task, models)
    if default and default != AUTO:
        model = resolve(default, models)
        if can(model, task):
            return model
    able = [model for model in models if model.place == LOCAL and can(model, task)]
    if not able:
        raise needs.for_task(task)
    own = [model for model in able if model.source != "embedded"]
    by_name = {model.name: model for model in own}
    running = [by_name[name] for name in loaded if name in by_name]
    if running:
        return running[0]
    return max(own, key=lambda model: model.added_at or 0.0) if own else able[0]


def check(model: Model, task: str, models: Collection[Model]) -> Model:
    """Lets the model through, or raises WrongTask in words with models that can."""
    if can(model, task):
        return model
    others = [other.name for other in models if can(other, task)][:3]
    family = family_of(task)
    needs = family.name if family else task
    hint = f"Try {', '.join(others)}." if others else f"Add a model for {needs}."
    kind = model.task or "model of unknown kind"
    raise WrongTask(
        f"{model.name} is a {kind} model; {task} needs {needs}.", hint=hint, task=task, model_task=model.task
    )


def can(model: Model, task: str) -> bool:
    family = family_of(task)
    return model.task in family.models if family else model.task == task
