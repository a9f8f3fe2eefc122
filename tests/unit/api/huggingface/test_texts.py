"""Embeddings, similarity, ranking and classification as TEI has them."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from serai.errors import ContextExceeded
from serai.types import Delta

VECTORS = "feature-extraction"
RANKS = "text-ranking"


async def test_embed(door: Callable[..., Any]) -> None:
    at = await door(VECTORS, Delta(data=[[0.6, 0.8]]))
    for asked in ("inn", ["inn"]):
        assert (await at.post("/embed", inputs=asked, normalize=True, truncate=False)).json() == [[0.6, 0.8]]
    assert at.backend.calls[0].inputs == {"inputs": ["inn"]}


@pytest.mark.parametrize(
    ("name", "value"),
    [("normalize", False), ("prompt_name", "query"), ("encoding_format", "base64"), ("dimensions", 3)],
)
async def test_what_cannot_be_honoured_is_named(door: Callable[..., Any], name: str, value: Any) -> None:
    at = await door(VECTORS, Delta(data=[[0.6, 0.8]]))
    assert name in (await at.error("/embed", inputs="inn", **{name: value}))["error"]


async def test_parameters_may_stand_apart(door: Callable[..., Any]) -> None:
    at = await door(VECTORS, Delta(data=[[0.6, 0.8]]))
    await at.error(inputs="inn", parameters={"normalize": False})


@pytest.mark.parametrize("inputs", [None, "", [], 3, [""], [{}], {"source_sentence": "a"}, {"sentences": ["a"]}])
async def test_bodies_that_are_none(door: Callable[..., Any], inputs: Any) -> None:
    at = await door(VECTORS, Delta(data=[[0.6, 0.8]]))
    await at.error(inputs=inputs)


async def test_a_text_that_is_too_long_is_refused_with_the_numbers(door: Callable[..., Any]) -> None:
    at = await door(VECTORS, ContextExceeded(900, 512, "org/model"))
    told = await at.error("/embed", inputs="inn", truncate=True)
    assert "900" in told["error"] and "512" in told["error"]


async def test_similarity(door: Callable[..., Any]) -> None:
    at = await door(VECTORS, Delta(data=[[2.0, 0.0], [0.0, 1.0], [-1.0, 0.0]]))
    asked = {"source_sentence": "a", "sentences": ["b", "c"]}
    assert (await at.post("/similarity", inputs=asked)).json() == [0.0, -1.0]


async def test_rerank(door: Callable[..., Any]) -> None:
    at = await door(RANKS, Delta(data=[{"index": 1, "score": 2.0}, {"index": 0, "score": -2000.0}]))
    told = (await at.post("/rerank", query="q", texts=["a", "b"], return_text=True)).json()
    assert told == [
        {"index": 1, "score": pytest.approx(1 / (1 + math.exp(-2))), "text": "b"},
        {"index": 0, "score": 0.0, "text": "a"},
    ]
    assert (await at.post("/rerank", query="q", texts=["a", "b"], raw_scores=True)).json()[0]["score"] == 2.0
    assert at.backend.calls[0].inputs == {"query": "q", "texts": ["a", "b"]}


async def test_ranking_at_the_address_itself(door: Callable[..., Any]) -> None:
    at = await door(RANKS, Delta(data=[{"index": 0, "score": 0.0}]))
    assert (await at.post(inputs={"query": "q", "texts": ["a"]})).json() == [{"index": 0, "score": 0.5}]
    await at.error("/rerank", query="q", texts=[])
    await at.error("/rerank", query="q")


async def test_predict(door: Callable[..., Any]) -> None:
    rows = [{"label": "a", "score": 1.0}]
    at = await door("text-classification", Delta(data=rows))
    assert (await at.post("/predict", inputs="x")).json() == rows
    assert (await at.post("/predict", inputs=["x", "y"], raw_scores=True)).json() == [rows, rows]
    assert at.backend.calls[-1].settings == {"function_to_apply": "none"}


@pytest.mark.parametrize("verb", ["embed_all", "embed_sparse"])
async def test_what_is_not_given_is_said(door: Callable[..., Any], verb: str) -> None:
    at = await door(VECTORS)
    response = await at.post(f"/{verb}", inputs="x")
    assert response.status_code == 501 and "/embed" in response.json()["error"]


async def test_a_model_of_another_kind_is_refused(door: Callable[..., Any]) -> None:
    at = await door(VECTORS)
    assert "feature-extraction model" in (await at.error("/generate", inputs="x"))["error"]


@pytest.mark.parametrize("answer", [[], "x", [[0.6, 0.8]] * 3])
async def test_a_model_that_forgets_texts_is_said_to(door: Callable[..., Any], answer: Any) -> None:
    at = await door(VECTORS, Delta(data=answer))
    for inputs in ("inn", {"source_sentence": "a", "sentences": ["b"]}):
        response = await at.post(inputs=inputs)
        assert (response.status_code, response.json()["error_type"]) == (424, "generation")
