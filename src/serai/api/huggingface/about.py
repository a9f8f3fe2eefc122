"""What is known of one model, in TGI's and TEI's fields."""

from __future__ import annotations

from typing import Any

import orjson
from starlette.responses import Response

from serai import __version__
from serai.api.huggingface.asked import Asked
from serai.tasks.families import family_of
from serai.tasks.feature_extraction import MOST
from serai.types import FEATURE_EXTRACTION, TEXT_RANKING, Model, ModelRef

_LONGEST = 4096


async def info(asked: Asked) -> Response:
    """What the model is, and how much it takes."""
    return _json(_facts(asked, asked.model))


async def health(asked: Asked) -> Response:
    """200: the model is here, and is loaded when it is asked."""
    del asked  # that there is such a model is all it takes
    return Response(status_code=200)


async def models(asked: Asked) -> Response:
    """The list that holds the one model of this address."""
    model = asked.model
    shown = {"id": model.name, "object": "model", "created": int(model.added_at or 0), "owned_by": "serai"}
    return _json({"object": "list", "data": [shown]})


def _facts(asked: Asked, model: Model) -> dict[str, Any]:
    running = asked.services.pool.status(model.name).running
    context = (running.context if running else None) or model.context_length or _LONGEST
    parallel = running.parallel if running else 1
    return {
        "model_id": model.name,
        "model_sha": _revision(model.name),
        "model_pipeline_tag": model.task,
        "model_dtype": model.quantisation,
        "model_device_type": running.device if running else None,
        "max_concurrent_requests": parallel,
        "max_client_batch_size": MOST if model.task in (FEATURE_EXTRACTION, "sentence-similarity") else 1,
        "validation_workers": 1,
        "router": "serai",
        "version": __version__,
        "sha": None,
        "docker_label": None,
        **(_of_texts(model, context) if _reads_only(model) else _of_writers(context)),
    }


def _reads_only(model: Model) -> bool:
    family = family_of(model.task)
    return family is not None and family.shown != "text"


def _of_writers(context: int) -> dict[str, Any]:
    return {
        "max_best_of": 1,
        "max_stop_sequences": 64,
        "max_input_tokens": context - 1,
        "max_total_tokens": context,
    }


def _of_texts(model: Model, context: int) -> dict[str, Any]:
    kinds = {FEATURE_EXTRACTION: {"embedding": {"pooling": "mean"}}, TEXT_RANKING: {"reranker": {}}}
    return {
        "model_type": kinds.get(model.task, {"classifier": {}}),
        "max_input_length": context,
        "max_batch_tokens": context,
        "max_batch_requests": None,
        "auto_truncate": False,
        "tokenization_workers": 1,
    }


def _revision(name: str) -> str | None:
    try:
        return ModelRef.parse(name).revision
    except ValueError:
        return None


def _json(told: Any) -> Response:
    return Response(orjson.dumps(told), media_type="application/json")
