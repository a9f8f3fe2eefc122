"""Which models a principal may ask: the one place where its limits and a model meet. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from serai.errors import Forbidden, SeraiError
from serai.routing import resolve
from serai.types import AUTO, LOCAL, Limits, Model


def allows(limits: Limits, model: Model) -> bool:
    """Whether a principal with these limits may ask the model where it is."""
    return refused(limits, model) is None


def visible(limits: Limits, models: Iterable[Model]) -> list[Model]:
    """The models that a principal is shown: those that it may ask."""
    return [model for model in models if allows(limits, model)]


def names(limits: Limits, name: str) -> bool:
    """Whether the limits let through a model of that name; `org/name` also stands for its quantisations."""
    if limits.models is None:
        return True
    folded = name.casefold()
    whole = folded.split("@")[0].split(":")[0]
    return any(_pattern(one).fullmatch(folded) or _pattern(one).fullmatch(whole) for one in limits.models)


def refused(limits: Limits, model: Model) -> Forbidden | None:
    """Why the model may not be asked, in words. Limits of money are held where a call's price is known: see
    `serai.money`."""
    if not names(limits, model.name):
        return _not_named(limits, model.name)
    if limits.places is not None and model.place not in limits.places:
        if limits.places == (LOCAL,):
            hint = "Ask a model of this machine. Whoever bound the key or the chat to it can change that."
            return Forbidden(f"This may not leave this machine, and {model.name} is at {model.place!r}.", hint=hint)
        text = f"This key may not be used at {model.place!r}, where {model.name} is."
        return Forbidden(text, hint=_elsewhere(limits))
    return None


def reaches(limits: Limits, place: str, name: str) -> bool:
    """Whether a name may be said to a place at all."""
    return goes(limits, place) and names(limits, name)


def goes(limits: Limits, place: str) -> bool:
    """Whether a principal with these limits may ask anything of a place."""
    return limits.places is None or place in limits.places


def check_place(limits: Limits, place: str) -> None:
    """Raises Forbidden for a place that the limits leave out, whether there is such a one or not."""
    if not goes(limits, place):
        raise Forbidden(f"This key may not be used at {place!r}.", hint=_elsewhere(limits))


def check(limits: Limits, model: Model) -> None:
    """Raises Forbidden unless the model may be asked."""
    why = refused(limits, model)
    if why is not None:
        raise why


def check_name(limits: Limits, name: str) -> None:
    """Raises Forbidden for a name that the limits leave out, whatever it is the name of."""
    if not names(limits, name):
        raise _not_named(limits, name)


def refusal(name: str, limits: Limits, models: Sequence[Model]) -> SeraiError | None:
    """Why no model that may be asked has this name; None when there is none of it at all. `models` are all there are.
    A name that the limits leave out is answered alike, whether there is such a model or not."""
    if not name or name == AUTO:
        return Forbidden("There is no model here that this key may ask for this.", hint=_hint(limits))
    found = resolve.find(name, [model for model in models if names(limits, model.name)])
    if found is not None:
        return refused(limits, found)
    return None if names(limits, name) else _not_named(limits, name)


def default(name: str, models: Sequence[Model]) -> str:
    """The default model's name, or `auto` where it is not among the models that may be asked."""
    found = resolve.find(name, models)
    return AUTO if found is None else found.name


def _not_named(limits: Limits, name: str) -> Forbidden:
    return Forbidden(f"This key may not ask {name!r}.", hint=_hint(limits), param="model")


def _elsewhere(limits: Limits) -> str:
    allowed = ", ".join(limits.places or ()) or "nowhere"
    return f"It may be used here: {allowed}. Whoever made the key can change that."


def _hint(limits: Limits) -> str:
    return f"It may ask {', '.join(limits.models or ()) or 'any model that its other limits allow'}."


@lru_cache(1024)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(".*".join(map(re.escape, text.casefold().split("*"))))
