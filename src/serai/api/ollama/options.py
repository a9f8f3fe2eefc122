"""Ollama's options to generation settings and to how a model is loaded. Pure."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from serai import loading
from serai.api.body import fault
from serai.errors import BadRequest
from serai.tasks.text_generation import BY_NAME

_SETTINGS: Mapping[str, str] = {
    "num_predict": "max_tokens",
    "repeat_penalty": "repetition_penalty",
    "repeat_last_n": "repetition_window",
    **{name: name for name in ("temperature", "top_k", "top_p", "min_p", "typical_p", "seed", "stop")},
    **{name: name for name in ("presence_penalty", "frequency_penalty")},
    **{name: name for name in ("mirostat", "mirostat_tau", "mirostat_eta")},
}
_UNSET: Mapping[str, float] = {"num_predict": 1, "seed": 0}
"""Numbers below these mean: as it comes."""

_LOADING: Mapping[str, str] = {"num_ctx": "context", "num_gpu": "gpu_layers", "num_thread": "threads"}
_WHOLE_CONTEXT = 1_000_000
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")
_SECONDS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}


class Options(NamedTuple):
    """Settings, what is wished of the loading, and names that have no effect here."""

    settings: dict[str, Any]
    loading: dict[str, Any]
    ignored: list[str]


def read(given: Mapping[str, Any], place: str = "options") -> Options:
    """Raises BadRequest naming the option that does not fit."""
    options = Options({}, {}, [])
    for name, value in given.items():
        if value is not None:
            _sort(options, name, value, f"{place}.{name}")
    return options


def words(settings: Mapping[str, Any], loads: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """The same in Ollama's words, as far as it has any: for a model's parameters."""
    theirs = {ours: name for name, ours in _SETTINGS.items()}
    found = [(theirs[name], value) for name, value in settings.items() if name in theirs]
    return found + [(name, loads[ours]) for name, ours in _LOADING.items() if loads.get(ours) is not None]


def keep_alive(value: Any) -> float | None:
    """Seconds that a model stays loaded: 0 is not at all, infinity for good, None leaves it to the settings."""
    if value is None:
        return None
    if isinstance(value, (int, float)) and not isinstance(value, bool) and not math.isnan(value):
        return math.inf if value < 0 else float(value)
    if isinstance(value, str) and (seconds := _seconds(value.strip())) is not None:
        return math.inf if seconds < 0 else seconds
    raise fault("keep_alive", f"keep_alive = {value!r} does not fit: it takes seconds, or a time such as 5m or -1.")


def _seconds(text: str) -> float | None:
    sign, bare = (-1, text[1:]) if text.startswith("-") else (1, text.removeprefix("+"))
    try:
        return sign * float(bare)
    except ValueError:
        parts = _DURATION.findall(bare)
    if not parts or "".join(number + unit for number, unit in parts) != bare:
        return None
    return sign * sum(float(number) * _SECONDS[unit] for number, unit in parts)


def _sort(options: Options, name: str, value: Any, place: str) -> None:
    if name in _SETTINGS or name in BY_NAME:
        setting = _SETTINGS.get(name, name)
        if name in _UNSET and isinstance(value, (int, float)) and value < _UNSET[name]:
            return
        if name == "repeat_last_n" and value == -1:
            value = _WHOLE_CONTEXT
        try:
            options.settings[setting] = BY_NAME[setting].check(value)
        except BadRequest as error:
            raise fault(place, f"{place} does not fit: {BY_NAME[setting].expected()}.") from error
    elif name in _LOADING:
        if name == "num_gpu" and value == -1:
            return
        options.loading.update(_checked(_LOADING[name], value, place))
    else:
        options.ignored.append(place)


def _checked(name: str, value: Any, place: str) -> dict[str, Any]:
    try:
        return loading.check({name: value})
    except BadRequest as error:
        raise fault(place, f"{place} does not fit: {error.message}") from error
