"""/v1/embeddings in OpenAI's shape and /v1/rerank in Jina's."""

from __future__ import annotations

import base64
import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from tests.contract.subjects.onnx import FIXTURES
from tests.fakes import tiny_gguf
from tests.fakes.store import FakeStore, folder_model, gguf_model
from tests.unit.api.conftest import Api

from serai.hosting.backend import LocalBackend
from serai.hosting.pool import Pool
from serai.types import FEATURE_EXTRACTION, TEXT_RANKING

pytestmark = pytest.mark.engine


@pytest_asyncio.fixture
async def texts(api: Api, make_pool: Callable[..., Pool], tmp_path: Path) -> Api:
    """An application with a model that embeds and one that ranks."""
    embeds = gguf_model(tiny_gguf.write(tmp_path / "e.gguf", pooling=1), "embeds", task=FEATURE_EXTRACTION)
    ranks = gguf_model(tiny_gguf.write(tmp_path / "r.gguf", pooling=4), "ranks", task=TEXT_RANKING)
    api.services.router.backends.append(LocalBackend(FakeStore(embeds, ranks), make_pool()))
    return api


async def post(api: Api, path: str, **body: Any) -> Any:
    return (await api.post(path, json=body)).json()


async def test_onnx_models_answer_as_the_exported_one_did(api: Api, make_pool: Callable[..., Pool]) -> None:
    said = json.loads((FIXTURES / "bert" / "expected.json").read_text("utf-8"))
    model = folder_model(FIXTURES / "bert", "bert", format="onnx", engine="onnx", task=FEATURE_EXTRACTION)
    api.services.router.backends.append(LocalBackend(FakeStore(model), make_pool(), "onnx"))
    body = await post(api, "/v1/embeddings", model="bert", input=said["texts"])
    for row, vector in zip(body["data"], said["vectors"], strict=True):
        assert row["embedding"] == pytest.approx(vector, abs=1e-5)
    assert body["serai"]["answerer"]["backend"] == "onnx" and body["usage"]["prompt_tokens"] > 3
    refused = await api.post("/v1/embeddings", json={"model": "bert", "input": "x " * 600})
    assert refused.status_code == 400 and "can read 64" in refused.text


async def test_vectors_come_as_numbers_or_as_base64(texts: Api) -> None:
    plain = await post(texts, "/v1/embeddings", model="embeds", input=["the cat", "a mat"])
    assert [row["index"] for row in plain["data"]] == [0, 1] and plain["usage"]["prompt_tokens"] > 2
    packed = await post(texts, "/v1/embeddings", model="embeds", input="the cat", encoding_format="base64")
    data = base64.b64decode(packed["data"][0]["embedding"])
    assert struct.unpack(f"<{len(data) // 4}f", data) == pytest.approx(plain["data"][0]["embedding"], abs=1e-4)


async def test_other_dimensions_are_refused(texts: Api) -> None:
    assert len((await post(texts, "/v1/embeddings", input="x", dimensions=64))["data"]) == 1
    refused = await post(texts, "/v1/embeddings", input="x", dimensions=3)
    assert refused["error"]["param"] == "dimensions" and "64" in refused["error"]["message"]


async def test_documents_are_ranked(texts: Api) -> None:
    body = {"query": "the cat", "documents": ["a mat", {"text": "the cat sat"}, "on"], "top_n": 2}
    ranked = await post(texts, "/v1/rerank", **body)
    first, second = ranked["results"]
    assert first["relevance_score"] >= second["relevance_score"] and ranked["model"] == "ranks"
    assert first["document"]["text"] in ("a mat", "the cat sat", "on")


async def test_a_model_for_something_else_is_refused_in_words(texts: Api) -> None:
    refused = await post(texts, "/v1/embeddings", model="scripted", input="x")
    assert "feature-extraction" in refused["error"]["message"] and "embeds" in refused["error"]["message"]
