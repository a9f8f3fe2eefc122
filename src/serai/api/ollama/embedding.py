"""Ollama's two calls for embeddings. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from serai.api.body import fault, kind
from serai.api.ollama import answer, names, options
from serai.types import FEATURE_EXTRACTION, Call, Principal, Result

_FIELDS = frozenset({"model", "name", "input", "prompt", "truncate", "options", "keep_alive", "dimensions"})


@dataclass(frozen=True, slots=True)
class Asked:
    """The call, none where there is no text; `one` is the older form, which gives a single vector."""

    model: str
    call: Call | None
    one: bool
    dimensions: int | None
    keep: float | None
    ignored: Sequence[str]


def read(body: Mapping[str, Any], who: Principal) -> Asked:
    """Raises BadRequest with the field's name as `param`."""
    given = body.get("input")
    texts = [given] if isinstance(given, str) else given or []
    if not isinstance(texts, list) or not all(isinstance(text, str) and text for text in texts):
        if given != "":
            raise fault("input", "input must be a text or a list of texts, none of them empty.")
        texts = []
    return _asked(body, texts, who, one=False)


def read_one(body: Mapping[str, Any], who: Principal) -> Asked:
    """The older call. Raises BadRequest with the field's name as `param`."""
    text = kind("prompt", body.get("prompt") or "", str, "a text")
    return _asked(body, [text] if text else [], who, one=True)


def nothing(asked: Asked) -> dict[str, Any]:
    """What no text gets."""
    return {"embedding": []} if asked.one else {"model": asked.model, "embeddings": []}


def whole(asked: Asked, result: Result, load_s: float) -> dict[str, Any]:
    """The vectors, of length 1."""
    vectors = [_shortened(vector, asked.dimensions) for vector in result.data]
    if asked.one:
        return {"embedding": vectors[0]}
    told = answer.durations(result.usage, load_s)
    counts = {name: told[name] for name in ("total_duration", "load_duration", "prompt_eval_count")}
    return {"model": asked.model, "embeddings": vectors, **counts}


def _asked(body: Mapping[str, Any], texts: list[str], who: Principal, *, one: bool) -> Asked:
    name = names.asked(dict(body))
    wished = options.read(kind("options", body.get("options") or {}, dict, "an object"))
    dimensions = body.get("dimensions") or None
    if dimensions is not None and kind("dimensions", dimensions, int, "a whole number from 1") < 1:
        raise fault("dimensions", "dimensions must be a whole number from 1.")
    call = Call(task=FEATURE_EXTRACTION, model=name, inputs={"inputs": texts}, principal=who, loading=wished.loading)
    unknown = [name for name, value in body.items() if value is not None and name not in _FIELDS]
    return Asked(
        model=str(body.get("model") or body.get("name")),
        call=call if texts else None,
        one=one,
        dimensions=dimensions,
        keep=options.keep_alive(body.get("keep_alive")),
        ignored=[*unknown, *(f"options.{name}" for name in wished.settings), *wished.ignored],
    )


def _shortened(vector: list[float], dimensions: int | None) -> list[float]:
    """The first numbers, brought to length 1 again."""
    if dimensions is None or dimensions >= len(vector):
        return vector
    head = vector[:dimensions]
    length = math.sqrt(sum(number * number for number in head))
    return [number / length for number in head] if length else head
