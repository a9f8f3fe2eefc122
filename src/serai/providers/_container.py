"""An Endpoint whose container does not speak OpenAI's language: it does the one task of its model."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Mapping
from functools import partial
from typing import Any

import aiohttp

from serai.errors import SeraiError
from serai.providers import _hub, _models, _plain
from serai.providers._base import Request
from serai.providers._compatible import Compatible
from serai.tasks.families import family_of
from serai.types import CHAT, FEATURE_EXTRACTION, TEXT_RANKING, Answerer, Call, Delta, Model, Usage

ONLY = "endpoint"
"""What the model of an Endpoint is called that does not say it."""

_TEI = {"embedding": FEATURE_EXTRACTION, "reranker": TEXT_RANKING, "classifier": "text-classification"}


async def model(service: Compatible) -> Model:
    """Its one model, for the task that TEI and TGI tell, else for texts."""
    told: Any = {}
    with contextlib.suppress(SeraiError):
        told = await service.get("/info")
    return _models.model(service.name, ONLY, {"task": _task(told) if isinstance(told, dict) else ""})


def request(service: Compatible, call: Call) -> Request:
    """A call in its words. Raises WrongTask or BadRequest."""
    if call.task == CHAT:
        return Request("/", _plain.body(service.name, call))
    if call.task == TEXT_RANKING:
        family = family_of(call.task)
        assert family is not None
        inputs = family.check_inputs(call.task, call.inputs)
        return Request("/rerank", {"query": inputs["query"], "texts": inputs["texts"]}, reads=partial(_ranked, service))
    return _hub.bare(service, call, "/")


def _task(told: Mapping[str, Any]) -> str:
    kind = told.get("model_type")
    if isinstance(kind, dict):
        return next((_TEI[name.casefold()] for name in kind if name.casefold() in _TEI), "")
    return str(told.get("model_pipeline_tag") or "")


async def _ranked(
    service: Compatible, _: Call, response: aiohttp.ClientResponse, who: Answerer
) -> AsyncGenerator[Delta, None]:
    rows = [{"index": row["index"], "score": row["score"]} for row in await service.body(response)]
    yield Delta(data=sorted(rows, key=lambda row: -row["score"]), answerer=who, finish="stop", usage=Usage())
