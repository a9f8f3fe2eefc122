"""From a service's list of models to ours. Pure; on nonsense it raises Python's own errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from serai.providers._entry import task_of
from serai.types import FEATURE_EXTRACTION, LOCAL, TEXT_GENERATION, TEXT_RANKING, Model

MOST = 5000
LONGEST = 300
_KINDS = {"embedding": FEATURE_EXTRACTION, "embeddings": FEATURE_EXTRACTION, "rerank": TEXT_RANKING}
_KINDS |= dict.fromkeys(("chat", "language", "code", "llm", "vlm", "text"), TEXT_GENERATION)
_CONTEXT = ("context_length", "context_window", "max_model_len", "max_context_length")


def rows(answer: Any) -> list[Any]:
    """The list in an answer, which some services send bare."""
    found = answer if isinstance(answer, list) else answer["data"]
    return list(found)[:MOST]


def named(name: str) -> bool:
    """Whether a service's name for a model can be one here, and a part of a path there."""
    plain = name.isprintable() and not any(letter.isspace() for letter in name)
    return 0 < len(name) <= LONGEST and plain and not {"", ".", ".."} & {*name.split("/")}


def read(answer: Any, service: str, *, place_told: bool) -> Iterator[Model]:
    """The models of a list in OpenAI's shape, with what it says beyond that."""
    for row in rows(answer):
        own = row.get("serai") or {}
        if named(row["id"]) and (not place_told or own.get("place", LOCAL) == LOCAL):
            yield model(service, row["id"], {**row, **own})


def told(service: str, text: str) -> Model:
    """A model that its owner named: `NAME`, or `NAME=TASK` where the name does not say what it is for."""
    name, _, task = text.partition("=")
    return model(service, name, {"task": task})


def model(service: str, name: str, facts: Mapping[str, Any]) -> Model:
    """One model of a service."""
    meta = facts.get("meta")
    context = next((facts[field] for field in _CONTEXT if facts.get(field)), None)
    if context is None and isinstance(meta, dict):
        context = meta.get("n_ctx_train")
    title = facts.get("display_name") or facts.get("name") or ""
    return Model(
        name=f"{service}/{name}",
        task=str(facts.get("task") or _KINDS.get(str(facts.get("type"))) or task_of(name)),
        place=service,
        source="service",
        title=str(title)[:LONGEST],
        context_length=context if isinstance(context, int) else None,
        quantisation=facts.get("quantisation") if isinstance(facts.get("quantisation"), str) else None,
    )
