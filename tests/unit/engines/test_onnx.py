"""The ONNX engine: how it chooses, what it refuses, and what it answers as a real process."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest
from tests.contract.subjects.onnx import FIXTURES
from tests.fakes.store import FakeStore, folder_model
from tests.unit.engines.test_transformers import damaged
from tests.unit.hosting.test_backend import ask, chat

from serai.backend import collect
from serai.engines.onnx import choose_device, explain
from serai.errors import ContextExceeded, LoadFailed, ModelCrashed
from serai.hosting.backend import LocalBackend
from serai.hosting.pool import Pool
from serai.registry import Launch
from serai.types import Model

Make = Callable[..., Pool]


def onnx(folder: Path, **facts: Any) -> Model:
    return folder_model(folder, format="onnx", engine="onnx", **facts)


@pytest.mark.parametrize(
    ("wishes", "providers", "device", "words"),
    [
        ({}, ["CPUExecutionProvider"], "cpu", "CPU build"),
        ({"device": "cpu"}, ["CUDAExecutionProvider"], "cpu", "settings ask"),
        ({"gpu_layers": 0}, ["CUDAExecutionProvider"], "cpu", "no layer"),
        ({}, ["CUDAExecutionProvider", "CPUExecutionProvider"], "cuda", "CUDA"),
    ],
)
def test_the_device_and_why(wishes: Any, providers: list[str], device: str, words: str) -> None:
    chosen, reason = choose_device(Launch(engine="onnx", model="m", path="", **wishes), providers)
    assert chosen == device and words in reason


def test_the_log_tells_the_cause() -> None:
    known = explain(["Traceback", "RuntimeException: Failed to allocate memory for requested buffer of size 9"])
    assert known is not None and known[0] == "out_of_memory"
    assert explain(["fine"]) is None


@pytest.mark.engine
async def test_it_answers_and_remembers(make_pool: Make) -> None:
    backend = LocalBackend(FakeStore(onnx(FIXTURES / "llama")), make_pool(), "onnx")
    first = await ask(backend, "hello", max_tokens=8)
    assert (first.finish, first.usage.completion_tokens, first.answerer.backend) == ("length", 8, "onnx")
    assert "CPU build" in first.answerer.device_reason
    turns = ("the cat sat on the mat " * 4, "the mat", "the cat")
    before = await ask(backend, turns[0], grammar='root ::= "the mat"')
    after = await ask(backend, *turns, max_tokens=2)
    assert before.text == "the mat" and after.usage.cached_tokens >= before.usage.prompt_tokens
    with pytest.raises(ContextExceeded) as caught:
        await ask(backend, "x" * 2000)
    assert caught.value.facts["context_length"] == 512


@pytest.mark.engine
async def test_a_kill_in_the_middle_costs_that_answer_only(make_pool: Make) -> None:
    pool = make_pool()
    backend = LocalBackend(FakeStore(onnx(FIXTURES / "optimum")), pool, "onnx")
    stream = backend.run(chat("hello"))
    await anext(stream)
    psutil.Process(pool.running()[0].pid).kill()
    with pytest.raises(ModelCrashed):
        await collect(stream)
    assert (await ask(backend, "hello", max_tokens=2)).usage.completion_tokens == 2
    assert len(psutil.Process().children(recursive=True)) == 2  # the model, and what renders its template


@pytest.mark.engine
async def test_embeddings_are_served(make_pool: Make) -> None:
    pool, model = make_pool(), onnx(FIXTURES / "bert", task="feature-extraction", context_length=64)
    said = orjson.loads((FIXTURES / "bert" / "expected.json").read_bytes())
    async with pool.lease(model) as worker:
        response = await worker.process.post("/v1/embeddings", orjson.dumps({"input": said["texts"]}))
        body = await response.json()
        assert [one["index"] for one in body["data"]] == [0, 1, 2] and body["usage"]["prompt_tokens"] > 3
        assert body["data"][1]["embedding"] == pytest.approx(said["vectors"][1], abs=1e-5)
        refused = [await worker.process.post("/v1/embeddings", orjson.dumps(bad)) for bad in ({}, {"input": [1]})]
        assert [one.status for one in refused] == [400, 400]
        chat = await worker.process.post("/v1/chat/completions", b'{"messages": [{"role": "user", "content": "x"}]}')
        assert chat.status == 404 and "text-generation" in await chat.text()


@pytest.mark.engine
async def test_neither_pytorch_nor_transformers_come_along(make_pool: Make) -> None:
    if sys.platform != "linux":
        pytest.skip("what a process has mapped is read from /proc")
    pool = make_pool()
    async with pool.lease(onnx(FIXTURES / "optimum")) as worker:
        mapped = Path(f"/proc/{worker.process.pid}/maps").read_text()
    assert "/onnxruntime/" in mapped and "/torch/" not in mapped.replace(str(Path(__file__).parents[3]), "")


@pytest.mark.engine
@pytest.mark.parametrize(
    ("change", "cause", "words"),
    [
        ({"config_json": None}, "missing", "config.json"),
        ({"decode_onnx": None}, "missing", "there is none"),
        ({"tokenizer_json": None}, "missing", "tokenizer.json"),
        ({"decode_onnx": 20_000}, "truncated", "decode.onnx"),
        ({"decode_onnx": b"x" * 99}, "truncated", "decode.onnx"),
        ({"config_json": b"[]"}, "truncated", "config.json"),
    ],
)
async def test_why_it_cannot_load_is_said(
    make_pool: Make, tmp_path: Path, change: dict[str, Any], cause: str, words: str
) -> None:
    model = onnx(damaged(FIXTURES / "llama", tmp_path / "damaged", **change))
    with pytest.raises(LoadFailed, match=words) as caught:
        await make_pool().load(model)
    assert caught.value.cause == cause
