"""/v1/embeddings and both reranks by the official client."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openai
import pytest
import pytest_asyncio
from tests.contract.subjects.onnx import FIXTURES
from tests.fakes import tiny_gguf
from tests.fakes.store import FakeStore, folder_model, gguf_model

from serai.hosting.backend import LocalBackend
from serai.hosting.pool import Pool
from serai.types import FEATURE_EXTRACTION, TEXT_RANKING

pytestmark = pytest.mark.engine


@pytest_asyncio.fixture
async def texts(client: Any, make_pool: Callable[..., Pool], tmp_path: Path) -> Any:
    """A client of a server with models that embed, by two engines, and one that ranks."""
    embeds = gguf_model(tiny_gguf.write(tmp_path / "e.gguf", pooling=1), "llama", task=FEATURE_EXTRACTION)
    ranks = gguf_model(tiny_gguf.write(tmp_path / "r.gguf", pooling=4), "ranks", task=TEXT_RANKING)
    onnx = folder_model(FIXTURES / "bert", "onnx", format="onnx", engine="onnx", task=FEATURE_EXTRACTION)
    pool = make_pool()
    for store, engine in ((FakeStore(embeds, ranks), "llama.cpp"), (FakeStore(onnx), "onnx")):
        client.api.services.router.backends.append(LocalBackend(store, pool, engine))
    return client


@pytest.mark.parametrize("model", ["llama", "onnx"])
async def test_texts_and_tokens_in_both_encodings(texts: Any, model: str) -> None:
    packed = await texts.embeddings.create(model=model, input=["the cat", "a mat"])  # the client asks for base64
    plain = await texts.embeddings.create(model=model, input=["the cat", "a mat"], encoding_format="float")
    for one, other in zip(packed.data, plain.data, strict=True):
        assert one.embedding == pytest.approx(other.embedding, abs=1e-5)
    assert plain.usage.total_tokens == plain.usage.prompt_tokens > 3
    one = await texts.embeddings.create(model=model, input=[1, 5, 6])
    many = await texts.embeddings.create(model=model, input=[[1, 5, 6], [2, 7]])
    assert (len(one.data), len(many.data)) == (1, 2) and one.usage.prompt_tokens == 3
    assert one.data[0].embedding == pytest.approx(many.data[0].embedding, abs=1e-4)
    with pytest.raises(openai.BadRequestError):
        await texts.embeddings.create(model=model, input=[1_000_000])


@pytest.mark.parametrize("model", ["llama", "onnx"])
async def test_what_is_too_long_is_refused_with_both_numbers(texts: Any, model: str) -> None:
    with pytest.raises(openai.BadRequestError, match="can read") as refused:
        await texts.embeddings.create(model=model, input=["short", "x " * 3000])
    assert refused.value.code == "context_length_exceeded"


@pytest.mark.parametrize(
    ("fields", "param"),
    [({"input": []}, "input"), ({"input": ""}, "input"), ({"dimensions": 3}, "dimensions"), ({"input": [-1]}, "input")],
)
async def test_what_does_not_fit_is_a_400_with_its_name(texts: Any, fields: dict[str, Any], param: str) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        await texts.embeddings.create(**{"model": "llama", "input": "x", **fields})
    assert str(refused.value.param).startswith(param)


async def test_fields_nobody_knows_are_let_through_by_name(texts: Any) -> None:
    raw = await texts.embeddings.with_raw_response.create(model="llama", input="x", extra_body={"late": True})
    assert raw.headers["x-serai-ignored-fields"] == "late"


async def test_ranking_in_jinas_and_in_coheres_shape(texts: Any) -> None:
    body = {"model": "ranks", "query": "cat", "documents": ["a mat", "the cat"], "top_n": 1}
    jina = (await texts.api.post("/v1/rerank", json=body)).json()
    cohere = (await texts.api.post("/v2/rerank", json={**body, "max_tokens_per_doc": 9})).json()
    assert jina["results"][0]["document"]["text"] in ("a mat", "the cat")
    assert cohere["results"][0].keys() == {"index", "relevance_score"} and cohere["id"]
    assert cohere["results"][0]["index"] == jina["results"][0]["index"]
