"""TGI's parameters of a text generation to Serai's settings. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from serai.api.body import fault, kind, object_of
from serai.errors import BadRequest
from serai.tasks.text_generation import BY_NAME

USUAL_LENGTH = 100
"""Tokens of an answer where the request does not say how many, as TGI has it."""

_SEEDS = 2**32 - 1
_SAMPLED = {"temperature": 1.0, "top_k": 0, "top_p": 1.0, "min_p": 0.0}
"""TGI samples from all words, unless it is told otherwise."""

_POSITIVE = ("temperature", "top_p", "typical_p", "repetition_penalty", "top_k", "max_new_tokens", "truncate")
_SHARES = ("top_p", "typical_p")
_NAMES = {"max_new_tokens": "max_tokens"}
_TRUTHS = ("details", "do_sample", "return_full_text", "decoder_input_details", "watermark")
_COUNTS = ("best_of", "truncate", "top_n_tokens", "seed")
_OWN = (*_TRUTHS, *_COUNTS, "grammar", "adapter_id")

_REFUSED: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "watermark": (lambda value: not value, "Serai puts no watermark into its answers."),
    "best_of": (lambda value: value == 1, "Serai gives one answer to a request; send it several times."),
    "decoder_input_details": (lambda value: not value, "Models tell log probabilities of what they write only."),
}


@dataclass(slots=True)
class Wanted:
    """What was asked for: settings, and how the answer is told."""

    settings: dict[str, Any] = field(default_factory=dict)
    details: bool = False
    full_text: bool = False
    alternatives: int = 0
    truncate: int | None = None
    seed: int | None = None
    ignored: list[str] = field(default_factory=list)


def read(parameters: Any) -> Wanted:
    """Raises BadRequest with the parameter's name for what does not fit or cannot be honoured."""
    given = object_of("parameters", parameters)
    said = {name: value for name, value in given.items() if value is not None}
    for name in _POSITIVE:
        _check_positive(name, said.get(name))
    own = {name: said.pop(name) for name in _OWN if name in said}
    _check_own(own)
    wanted = Wanted(
        details=own.get("details", False),
        full_text=own.get("return_full_text", False),
        alternatives=own.get("top_n_tokens", 0),
        truncate=own.get("truncate"),
        seed=own.get("seed"),
    )
    sampled = own.get("do_sample", False) or any(said.get(name) not in (None, 1.0) for name in _WARPERS)
    wanted.settings = {**(_SAMPLED if sampled else {"temperature": 0.0}), "max_tokens": USUAL_LENGTH}
    for name, value in said.items():
        _set(wanted, name, value)
    if not sampled:
        wanted.settings["temperature"] = 0.0
    wanted.settings |= _own_settings(own)
    return wanted


_WARPERS = ("temperature", "top_k", "top_p", "typical_p")


def _set(wanted: Wanted, name: str, value: Any) -> None:
    setting = _NAMES.get(name, name)
    if setting not in BY_NAME:
        wanted.ignored.append(f"parameters.{name}")
        return
    try:
        wanted.settings[setting] = BY_NAME[setting].check(value)
    except BadRequest as error:
        raise fault(f"parameters.{name}", f"{name} does not fit: {BY_NAME[setting].expected()}.") from error


def _check_positive(name: str, value: Any) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        raise fault(f"parameters.{name}", f"{name} must be a number above 0.")
    if name in _SHARES and value > 1:
        raise fault(f"parameters.{name}", f"{name} must be at most 1.")


def _check_own(own: Mapping[str, Any]) -> None:
    for name in own.keys() & set(_TRUTHS):
        kind(f"parameters.{name}", own[name], bool, "true or false")
    for name in own.keys() & set(_COUNTS):
        if kind(f"parameters.{name}", own[name], int, "a whole number") < 0:
            raise fault(f"parameters.{name}", f"{name} must not be below 0.")
    if own.get("top_n_tokens", 0) > 20:
        raise fault("parameters.top_n_tokens", "top_n_tokens must be at most 20.")
    for name, (holds, reason) in _REFUSED.items():
        if name in own and not holds(own[name]):
            raise fault(f"parameters.{name}", f"{name} cannot be honoured. {reason}")


def _own_settings(own: Mapping[str, Any]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    if own.get("details") or own.get("top_n_tokens"):
        settings |= {"logprobs": True, "top_logprobs": own.get("top_n_tokens", 0)}
    if "seed" in own:
        settings["seed"] = own["seed"] % _SEEDS
    if "adapter_id" in own:
        settings["lora"] = {kind("parameters.adapter_id", own["adapter_id"], str, "an adapter's name"): 1.0}
    if "grammar" in own:
        settings |= grammar(own["grammar"], "parameters.grammar")
    return settings


def grammar(given: Any, place: str) -> dict[str, Any]:
    """TGI's grammar as a setting: `json` and `json_schema` hold a JSON schema, `regex` cannot be followed. Raises
    BadRequest."""
    asked = kind(place, given, dict, "an object with type and value")
    form, value = asked.get("type"), asked.get("value", asked.get("json_schema"))
    if form in ("json", "json_schema", "json_object"):
        return {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": _schema(value, place)},
            }
        }
    if form == "regex":
        raise fault(f"{place}.type", "A grammar of type regex cannot be followed: say it as a JSON schema.")
    raise fault(f"{place}.type", f"{place}.type must be json, json_schema or regex.")


def _schema(value: Any, place: str) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            value = None
    if isinstance(value, dict) and isinstance(value.get("schema"), dict) and "type" not in value:
        value = value["schema"]  # TGI's json_schema has a name beside it
    if not isinstance(value, dict):
        raise fault(f"{place}.value", f"{place}.value must be a JSON schema.")
    return value
