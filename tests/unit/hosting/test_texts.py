"""Embeddings and ranking by real processes of llama.cpp."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import tiny_gguf
from tests.fakes.store import FakeStore, gguf_model

from serai.backend import collect
from serai.errors import BadRequest, ContextExceeded
from serai.hosting.backend import LocalBackend
from serai.hosting.pool import Pool
from serai.types import FEATURE_EXTRACTION, TEXT_RANKING, Call, Result

pytestmark = pytest.mark.engine
MEAN, RANK = 1, 4


def backend(pool: Pool, path: Path, task: str, pooling: int) -> LocalBackend:
    return LocalBackend(FakeStore(gguf_model(tiny_gguf.write(path / "m.gguf", pooling=pooling), task=task)), pool)


async def embed(runs: LocalBackend, inputs: Any) -> Result:
    return await collect(runs.run(Call(task=FEATURE_EXTRACTION, model="tiny", inputs={"inputs": inputs})))


async def test_each_text_gets_a_vector_of_length_one(make_pool: Callable[..., Pool], tmp_path: Path) -> None:
    runs = backend(make_pool(), tmp_path, FEATURE_EXTRACTION, MEAN)
    result = await embed(runs, ["the cat", "a mat", "the cat"])
    first, second, third = result.data
    assert len(first) == 64 and math.isclose(sum(x * x for x in first), 1, rel_tol=1e-3)
    assert first == pytest.approx(third, abs=1e-4) and first != pytest.approx(second, abs=1e-2)
    assert result.usage.prompt_tokens > 3 and (await embed(runs, "the cat")).data[0] == pytest.approx(first, abs=1e-4)
    await runs.close()


async def test_a_text_that_is_too_long_is_said(make_pool: Callable[..., Pool], tmp_path: Path) -> None:
    runs = backend(make_pool(), tmp_path, FEATURE_EXTRACTION, MEAN)
    with pytest.raises(ContextExceeded):
        await embed(runs, "x" * 3000)
    with pytest.raises(BadRequest):
        await embed(runs, [])
    await runs.close()


async def test_texts_are_put_in_order(make_pool: Callable[..., Pool], tmp_path: Path) -> None:
    runs = backend(make_pool(), tmp_path, TEXT_RANKING, RANK)
    inputs = {"query": "the cat", "texts": ["a mat", "the cat sat", "on"]}
    result = await collect(runs.run(Call(task=TEXT_RANKING, model="tiny", inputs=inputs)))
    scores = [row["score"] for row in result.data]
    assert sorted(row["index"] for row in result.data) == [0, 1, 2] and scores == sorted(scores, reverse=True)
    await runs.close()
