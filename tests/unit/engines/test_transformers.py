"""The transformers engine: how it chooses, what it refuses, and what it answers as a real process."""

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tests.fakes import tiny_folder
from tests.fakes.store import FakeStore, folder_model
from tests.unit.hosting.test_backend import ask, chat

from serai.backend import collect
from serai.engines.transformers import (
    built_for,
    choose_device,
    choose_dtype,
    context_of,
    explain,
    gpus,
    has_package,
    ignored,
)
from serai.errors import BadRequest, ContextExceeded, LoadFailed
from serai.hosting.backend import LocalBackend
from serai.hosting.pool import Pool
from serai.registry import Launch
from serai.types import TEXT_GENERATION, Call

Make = Callable[..., Pool]


def launch(**wishes: Any) -> Launch:
    return Launch(engine="transformers", model="tiny", path="/tiny", **wishes)


@pytest.mark.parametrize(
    ("wishes", "seen", "built", "device", "words"),
    [
        ({}, [], "CPU", "cpu", "CPU build"),
        ({}, [], "CUDA 13.0", "cpu", "built for CUDA 13.0, sees no GPU"),
        ({"device": "gpu"}, [], "CPU", "cpu", "CPU build"),
        ({"device": "cpu"}, ["cuda", "H100"], "CUDA 13.0", "cpu", "settings ask"),
        ({"gpu_layers": 0}, ["cuda", "H100"], "CUDA 13.0", "cpu", "no layer"),
        ({}, ["cuda", "H100"], "CUDA 13.0", "cuda", "H100"),
        ({}, ["cuda", "A", "B"], "ROCm 7", "cuda", "first of 2 GPUs: A"),
        ({}, ["mps", "Apple's GPU"], "Metal", "mps", "Apple"),
    ],
)
def test_the_device_and_why(wishes: Any, seen: list[str], built: str, device: str, words: str) -> None:
    chosen, reason = choose_device(launch(**wishes), seen, built)
    assert chosen == device and words in reason


def test_what_pytorch_sees_and_was_built_for() -> None:
    def torch(cuda: bool, mps: bool, **version: Any) -> Any:
        found = SimpleNamespace(is_available=lambda: cuda, device_count=lambda: 1, get_device_name=lambda n: "H100")
        metal = SimpleNamespace(is_available=lambda: mps, is_built=lambda: mps)
        versions = SimpleNamespace(**{"cuda": None, "hip": None, **version})
        return SimpleNamespace(cuda=found, backends=SimpleNamespace(mps=metal), version=versions)

    assert gpus(torch(True, False)) == ["cuda", "H100"] and gpus(torch(False, False)) == []
    assert gpus(torch(False, True))[0] == "mps" and built_for(torch(False, True)) == "Metal"
    assert built_for(torch(False, False)) == "CPU" and built_for(torch(True, False, hip="7.1")) == "ROCm 7.1"


def test_the_type_of_weights_follows_the_device_unless_it_was_set() -> None:
    able = frozenset({"bfloat16"})
    assert [choose_dtype("auto", device, able) for device in ("cpu", "cuda")] == ["bfloat16", "bfloat16"]
    assert [choose_dtype("auto", d, frozenset()) for d in ("cpu", "cuda", "mps")] == ["float32", "float16", "float16"]
    assert choose_dtype("float16", "cpu", able) == "float16"


def test_the_context_is_at_most_what_the_model_was_made_for(tmp_path: Path) -> None:
    assert context_of(tmp_path, 4096) == 4096
    (tmp_path / "config.json").write_text(json.dumps({"text_config": {"max_position_embeddings": 512}}))
    assert (context_of(tmp_path, 4096), context_of(tmp_path, 256)) == (512, 256)
    (tmp_path / "config.json").write_text("[]")
    assert context_of(tmp_path, 4096) == 4096


def test_what_means_nothing_here_is_said_to_be_ignored() -> None:
    assert ignored(launch(kv_type="q8_0", threads=4, adapters=(("x", 1.0),))) == ["kv_type", "adapters"]


@pytest.mark.parametrize(
    ("line", "cause"),
    [
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB", "out_of_memory"),
        ("RuntimeError: [enforce] DefaultCPUAllocator: can't allocate memory: you tried", "out_of_memory"),
        ("safetensors_rust.SafetensorError: Error while deserializing header", "truncated"),
    ],
)
def test_the_log_tells_the_cause(line: str, cause: str) -> None:
    known = explain(["Traceback", line, ""])
    assert known is not None and known[0] == cause
    assert explain(["fine"]) is None


# ------------------------------------------------------------------------------------------- as a real process


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch", reason="the extra 'torch' is not installed")
    return tiny_folder.write(tmp_path_factory.mktemp("models") / "tiny")


@pytest.mark.engine
async def test_it_does_what_is_asked_of_it(make_pool: Make, folder: Path) -> None:
    """One process for all: starting it takes much longer than answering."""
    model = folder_model(folder)
    pool = make_pool()
    backend = LocalBackend(FakeStore(model), pool, "transformers")

    first = await ask(backend, "hello", max_tokens=8)
    assert (first.finish, first.usage.completion_tokens, first.answerer.backend) == ("length", 8, "transformers")
    assert first.answerer.device == "cpu" and first.answerer.device_reason

    texts = [(await ask(backend, "hello", temperature=2, seed=seed, max_tokens=16)).text for seed in (5, 5, 6)]
    assert texts[0] == texts[1] != texts[2]

    text = "😀 سلام‌دنیا ß"
    pieces = [delta.text async for delta in backend.run(chat("hello", grammar=f'root ::= "{text}"'))]
    assert "".join(pieces) == text and not any("�" in piece for piece in pieces)

    stopped = await ask(backend, "hello", grammar='root ::= "one STOP two"', stop=["STOP"])
    assert (stopped.text, stopped.finish) == ("one ", "stop")

    told = await ask(backend, "hello", logprobs=True, top_logprobs=2, grammar='root ::= "cats"')
    assert "".join(str(entry["token"]) for entry in told.logprobs) == told.text == "cats"

    turns = ("the cat sat on the mat " * 4, "the mat", "the cat")
    before = await ask(backend, turns[0], grammar='root ::= "the mat"')
    after = await ask(backend, *turns, max_tokens=2)
    assert after.usage.cached_tokens >= before.usage.prompt_tokens

    call = Call(task=TEXT_GENERATION, model="tiny", inputs={"inputs": "the cat"}, settings={"max_tokens": 5})
    assert (await collect(backend.run(call))).usage.completion_tokens == 5

    whole = await ask(backend, "hello")
    assert whole.finish == "length" and whole.usage.prompt_tokens + whole.usage.completion_tokens == 512
    with pytest.raises(ContextExceeded) as caught:
        await ask(backend, "x" * 2000)
    assert caught.value.facts["context_length"] == 512 and caught.value.facts["prompt_tokens"] > 2000
    with pytest.raises(BadRequest):
        await ask(backend, "hello", grammar="root ::= (")


def damaged(folder: Path, to: Path, **change: Any) -> Path:
    """A copy of the folder, in which files are gone (None), cut to a length, or say something else."""
    to.mkdir()
    for file in folder.iterdir():
        wish = change.get(file.name.replace(".", "_"), file.read_bytes())
        if wish is not None:
            (to / file.name).write_bytes(file.read_bytes()[:wish] if isinstance(wish, int) else wish)
    return to


def changed(folder: Path, **config: Any) -> bytes:
    return json.dumps({**json.loads((folder / "config.json").read_text()), **config}).encode()


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "cause", "words"),
    [
        ({"config_json": None}, "missing", "config.json"),
        ({"model_safetensors": None}, "missing", "model.safetensors"),
        ({"tokenizer_json": 100}, "truncated", "tokenizer.json"),
        ({"model_safetensors": 2000}, "truncated", "model.safetensors"),
        ({"config_json": {"model_type": "xlama"}}, "unsupported", "xlama"),
        ({"config_json": {"model_type": "own", "auto_map": {"AutoConfig": "x.Own"}}}, "unsupported", "code of its own"),
        ({"config_json": {"num_hidden_layers": 3}}, "truncated", "weights are missing: model.layers.2"),
    ],
)
async def test_why_it_cannot_load_is_said(
    make_pool: Make, folder: Path, tmp_path: Path, change: dict[str, Any], cause: str, words: str
) -> None:
    made = {name: changed(folder, **wish) if isinstance(wish, dict) else wish for name, wish in change.items()}
    model = folder_model(damaged(folder, tmp_path / "damaged", **made))
    with pytest.raises(LoadFailed, match=words) as caught:
        await make_pool().load(model)
    assert caught.value.cause == cause


@pytest.mark.engine
@pytest.mark.slow
@pytest.mark.parametrize(("bits", "words"), [(4, "need a CUDA device"), (8, "pip install torchao")])
async def test_fewer_bits_that_are_not_possible_are_refused_in_words(
    make_pool: Make, folder: Path, bits: int, words: str
) -> None:
    if bits == 8 and has_package("torchao"):
        pytest.skip("torchao is installed")
    with pytest.raises(LoadFailed, match=words) as caught:
        await make_pool().load(folder_model(folder, loading={"bits": bits}))
    assert caught.value.cause == "unsupported"


@pytest.mark.engine
@pytest.mark.slow
async def test_eight_bits_answer_nearly_as_all_of_them(make_pool: Make, folder: Path) -> None:
    pytest.importorskip("torchao", reason="torchao is not installed")
    numbers = []
    for loading in ({"dtype": "float32"}, {"dtype": "float32", "bits": 8}):
        backend = LocalBackend(FakeStore(folder_model(folder, loading=loading)), make_pool(), "transformers")
        result = await ask(backend, "hello", max_tokens=1, logprobs=True, grammar='root ::= "c"')
        numbers.append(result.logprobs[0]["logprob"])
    assert numbers[0] != numbers[1] and numbers[0] == pytest.approx(numbers[1], abs=0.5)
