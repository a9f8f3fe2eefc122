"""From a name as people write it to a model. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from serai.errors import ModelNotFound
from serai.types import LOCAL, Model


def resolve(name: str, models: Sequence[Model]) -> Model:
    """The model meant by `name`: exactly, then whatever the case, then `org/name` without its quantisation, then the
    last part of a name. Where several fit, the one added last. A name that is not whole means no model of another
    place. Raises ModelNotFound with the nearest names."""
    found = find(name, models)
    if found is None:
        raise ModelNotFound(name, nearest(name.strip(), [model.name for model in models]))
    return found


def find(name: str, models: Sequence[Model]) -> Model | None:
    """The same, or None where there is no such model."""
    wanted = name.strip()
    for key in (_exact, _folded, _without_variant, _last_part):
        meant = key(wanted)
        found = [model for model in models if key(model.name) == meant]
        if key not in {_exact, _folded}:
            found = [model for model in found if model.place == LOCAL]
        # A variant that was asked for is never replaced by another.
        if found and (key in {_exact, _folded} or ":" not in wanted):
            return max(found, key=lambda model: model.added_at or 0.0)
    return None


def nearest(name: str, names: Sequence[str], count: int = 3) -> list[str]:
    """The names most like this one, also by their last part alone."""
    by_key: dict[str, str] = {}
    for full in names:
        for key in (_folded(full), _without_variant(full), _last_part(full)):
            by_key.setdefault(key, full)
    close = get_close_matches(_folded(name), by_key, count * 3, 0.55)
    close += get_close_matches(_last_part(name), by_key, count * 3, 0.55)
    return list(dict.fromkeys(by_key[key] for key in close))[:count]


def _exact(name: str) -> str:
    return name


def _folded(name: str) -> str:
    return name.casefold()


def _without_variant(name: str) -> str:
    return name.casefold().split("@")[0].split(":")[0]


def _last_part(name: str) -> str:
    return _without_variant(name).rsplit("/", 1)[-1]
