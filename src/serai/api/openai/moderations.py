"""POST /v1/moderations: whether a text does harm, said by a model that classifies texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from serai.api import wishes
from serai.api.body import ignored as ignored_header
from serai.api.openai import answer, capable
from serai.api.openai.fields import fault
from serai.api.openai.request import again
from serai.api.routes import Direct, router
from serai.api.scopes import Scope
from serai.errors import ModelFailed, WrongTask
from serai.types import Result, new_id

routes = router(Scope.INFER, prefix="/v1", tag="openai", kind=Direct)

TASK = "text-classification"
FLAGGED = 0.5
"""From this score on a category is flagged."""

MOST = 256

CATEGORIES = (
    "harassment",
    "harassment/threatening",
    "hate",
    "hate/threatening",
    "illicit",
    "illicit/violent",
    "self-harm",
    "self-harm/instructions",
    "self-harm/intent",
    "sexual",
    "sexual/minors",
    "violence",
    "violence/graphic",
)
_MEANS: Mapping[str, str] = {
    "toxic": "harassment",
    "toxicity": "harassment",
    "severe-toxic": "harassment",
    "severe-toxicity": "harassment",
    "insult": "harassment",
    "obscene": "harassment",
    "offensive": "harassment",
    "abusive": "harassment",
    "hr": "harassment",
    "threat": "harassment/threatening",
    "h": "hate",
    "hateful": "hate",
    "hate-speech": "hate",
    "identity-hate": "hate",
    "identity-attack": "hate",
    "h2": "hate/threatening",
    "sh": "self-harm",
    "suicide": "self-harm",
    "s": "sexual",
    "nsfw": "sexual",
    "sexual-explicit": "sexual",
    "s3": "sexual/minors",
    "v": "violence",
    "v2": "violence/graphic",
}
"""How classifiers that are often used call these categories."""

_BODY: dict[str, Any] = {
    "required": True,
    "content": {
        "application/json": {
            "schema": {"type": "object", "required": ["input"], "properties": {"input": {}, "model": {}}},
            "example": {"input": "You are kind.", "model": "auto"},
        }
    },
}


@routes.post("/moderations", response_class=Response, openapi_extra={"requestBody": _BODY})
async def create_moderation(request: Request) -> Response:
    """Whether texts do harm, and which. Categories of which the model tells nothing have no input types."""
    body = await wishes.read(request)
    texts, model = _texts(body.get("input")), body.get("model")
    if not isinstance(model, str | None):
        raise fault("model", "model must be a model's name.")
    first = await capable.call(request, TASK, model, {"inputs": texts[0]}, {"top_k": 1000})
    calls = [first, *(again(first, {"inputs": text}) for text in texts[1:])]
    results = await capable.run(request, calls)
    told = {
        "id": new_id("modr"),
        "model": results[0].answerer.model,
        "results": [_judged(result) for result in results],
        "serai": answer.extension(results[0].answerer, results[0].tried, results[0].usage),
    }
    headers = ignored_header([name for name in body if name not in ("input", "model")])
    return Response(orjson.dumps(told), media_type="application/json", headers=headers)


def category(label: str) -> str | None:
    """The category that a model's label means; None where it means none that is known."""
    name = label.strip().casefold().replace("_", "-").replace(" ", "-")
    return name if name in CATEGORIES else _MEANS.get(name)


def _judged(result: Result) -> dict[str, Any]:
    """Raises WrongTask where none of the model's labels says anything of harm."""
    scores: dict[str, float] = {}
    try:
        for row in result.data:
            if found := category(row["label"]):
                scores[found] = max(scores.get(found, 0.0), float(row["score"]))
        labels: Sequence[str] = [row["label"] for row in result.data]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ModelFailed("The model sent something that is no classification.") from error
    if not scores:
        hint = "Ask a model that was made to find harm."
        words = f"{result.answerer.model} tells {', '.join(labels[:5])}: nothing of harm."
        raise WrongTask(words, hint=hint, param="model")
    return {
        "flagged": any(score >= FLAGGED for score in scores.values()),
        "categories": {name: scores.get(name, 0.0) >= FLAGGED for name in CATEGORIES},
        "category_scores": {name: scores.get(name, 0.0) for name in CATEGORIES},
        "category_applied_input_types": {name: ["text"] if name in scores else [] for name in CATEGORIES},
    }


def _texts(given: Any) -> list[str]:
    """Several texts, or parts which are one text together. Raises BadRequest."""
    if isinstance(given, list) and given and isinstance(given[0], dict):
        return ["\n".join(_part(part, f"input[{index}]") for index, part in enumerate(given))]
    texts = [given] if isinstance(given, str) else given
    if not isinstance(texts, list) or not 0 < len(texts) <= MOST:
        raise fault("input", f"input must be a text, or a list of 1 to {MOST}.")
    for index, text in enumerate(texts):
        if not isinstance(text, str) or not text:
            raise fault(f"input[{index}]", f"input[{index}] must be a text that is not empty.")
    return texts


def _part(part: Any, place: str) -> str:
    if isinstance(part, dict) and part.get("type") == "text" and isinstance(part.get("text"), str) and part["text"]:
        return part["text"]  # type: ignore[no-any-return]
    if isinstance(part, dict) and part.get("type") == "image_url":
        raise fault(place, f"{place} is a picture; only texts are judged.")
    raise fault(place, f"{place} must be a text part: {{'type': 'text', 'text': …}}.")
