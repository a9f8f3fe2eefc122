"""Embeddings, similarity, ranking and classification, as TEI and `InferenceClient` ask for them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from starlette.responses import Response

from serai.api import wishes
from serai.api.body import fault, kind, object_of
from serai.api.huggingface import reading
from serai.api.huggingface.asked import Asked
from serai.errors import ModelFailed, NotOffered
from serai.tasks.feature_extraction import MOST
from serai.types import FEATURE_EXTRACTION, TEXT_RANKING, Call, Result

_NO_EFFECT = ("truncate", "truncation_direction")
"""A text that is too long is refused with its length, so what would be cut off needs not be said."""


def _one_type(value: Any) -> bool:
    return value is None or value == "float"


_REFUSED: Mapping[str, tuple[Callable[[Any], bool], str]] = {
    "normalize": (lambda value: value is not False, "Vectors come from the model with length 1."),
    "prompt_name": (lambda value: value is None, "Put the prompt before the text."),
    "encoding_format": (_one_type, "Numbers are told as numbers here; /v1/embeddings knows base64."),
}


async def compatible(asked: Asked) -> Response:
    """At the model's own address `inputs` say whether vectors are wanted, or how near texts are."""
    body = await wishes.read(asked.request)
    return await (similarity if isinstance(body.get("inputs"), dict) else embed)(asked)


async def embed(asked: Asked) -> Response:
    """A vector of length 1 for each text, in a list; also of the one text that came alone."""
    body = await _body(asked, "inputs", "parameters", "dimensions", *_NO_EFFECT, *_REFUSED)
    options = {**object_of("parameters", body.get("parameters")), **body}
    _check(options)
    call = _texts(asked, body.get("inputs"))
    result = (await asked.run(call))[0]
    vectors = _vectors(call, result)
    _check_dimensions(options.get("dimensions"), result)
    return _json(asked, vectors, result)


async def similarity(asked: Asked) -> Response:
    """How near each sentence is to the first, from -1 to 1: the cosine of their vectors."""
    body = await _body(asked, "inputs", "parameters")
    given = kind("inputs", body.get("inputs"), dict, "an object with source_sentence and sentences")
    _check(object_of("parameters", body.get("parameters")))
    source = reading.text(given.get("source_sentence"), "inputs.source_sentence")
    sentences = _list(given.get("sentences"), "inputs.sentences")
    call = _texts(asked, [source, *sentences])
    result = (await asked.run(call))[0]
    first, *others = _vectors(call, result)
    return _json(asked, [_cosine(first, other) for other in others], result)


async def rerank(asked: Asked) -> Response:
    """The texts that answer the query best, the best first, with scores from 0 to 1."""
    body = await _body(asked, "query", "texts", "inputs", "raw_scores", "return_text", "parameters", *_NO_EFFECT)
    given = body["inputs"] if isinstance(body.get("inputs"), dict) else body
    raw, return_text = (
        kind(name, body.get(name) or False, bool, "true or false") for name in ("raw_scores", "return_text")
    )
    query = given.get("query", given.get("source_sentence"))
    texts = _list(given.get("texts", given.get("sentences")), "texts")
    inputs = {"query": reading.text(query, "query"), "texts": texts}
    result = (await asked.run(asked.call(TEXT_RANKING, inputs)))[0]
    rows = [
        {"index": row["index"], "score": row["score"] if raw else _squashed(row["score"])}
        | ({"text": texts[row["index"]]} if return_text else {})
        for row in result.data
    ]
    return _json(asked, rows, result)


async def predict(asked: Asked) -> Response:
    """The labels of each text with their scores, as TEI tells them."""
    body = await _body(asked, "inputs", "raw_scores", *_NO_EFFECT)
    several = isinstance(body.get("inputs"), list)
    texts = reading.one_of_several(body.get("inputs"))
    settings = (
        {"function_to_apply": "none"}
        if kind("raw_scores", body.get("raw_scores") or False, bool, "true or false")
        else {}
    )
    calls = [asked.call("text-classification", {"inputs": reading.text(text)}, settings) for text in texts]
    results = await asked.run(*calls)
    answers = [result.data for result in results]
    return Response(
        orjson.dumps(answers if several else answers[0]),
        media_type="application/json",
        headers=asked.headers(results),
    )


async def refused(asked: Asked) -> Response:
    """What a model's process does not tell."""
    what = {
        "embed_all": "Vectors of single tokens are not given, only those of whole texts: see /embed.",
        "embed_sparse": "Sparse vectors are not given, only those of /embed.",
    }
    raise NotOffered(what[asked.verb])


def _texts(asked: Asked, given: Any) -> Call:
    if not isinstance(given, (str, list)) or not given:
        raise fault("inputs", "inputs must be a text, or a list of texts.")
    return asked.call(FEATURE_EXTRACTION, {"inputs": [given] if isinstance(given, str) else given})


def _vectors(call: Call, result: Result) -> list[list[float]]:
    """One for each text. Raises ModelFailed."""
    found = result.data
    if not isinstance(found, list) or len(found) != len(call.inputs["inputs"]):
        raise ModelFailed("The model sent something that is no answer to this task.")
    return found


async def _body(asked: Asked, *known: str) -> dict[str, Any]:
    body = await wishes.read(asked.request)
    await asked.take(body.get("options"))
    asked.ignored += [name for name in body if name not in (*known, "options", "model")]
    return body


def _check(options: Mapping[str, Any]) -> None:
    for name, (holds, reason) in _REFUSED.items():
        if name in options and not holds(options[name]):
            raise fault(name, f"{name} cannot be honoured. {reason}")


def _check_dimensions(wanted: Any, result: Result) -> None:
    have = len(result.data[0])
    if wanted is not None and wanted != have:
        hint = f"Leave dimensions out, or say {have}."
        raise fault("dimensions", f"{result.answerer.model} gives {have} dimensions.", hint)


def _list(given: Any, place: str) -> list[str]:
    if not isinstance(given, list) or not 0 < len(given) < MOST:
        raise fault(place, f"{place} must be a list of 1 to {MOST - 1} texts.")
    return [reading.text(text, f"{place}[{index}]") for index, text in enumerate(given)]


def _cosine(one: list[float], other: list[float]) -> float:
    dot = sum(a * b for a, b in zip(one, other, strict=True))
    lengths = math.sqrt(sum(a * a for a in one) * sum(b * b for b in other))
    return max(-1.0, min(1.0, dot / lengths)) if lengths else 0.0


def _squashed(score: float) -> float:
    return 1 / (1 + math.exp(-score)) if score > -700 else 0.0


def _json(asked: Asked, told: Any, result: Result) -> Response:
    return Response(orjson.dumps(told), media_type="application/json", headers=asked.headers([result]))
