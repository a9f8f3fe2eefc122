"""LoRA adapters at work in llama.cpp: when they are loaded, and in single calls."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import tiny_companions, tiny_gguf
from tests.fakes.store import FakeStore, gguf_model
from tests.unit.hosting.test_backend import ask

from serai.errors import BadRequest, LoadFailed
from serai.hosting.backend import LocalBackend
from serai.hosting.pool import Pool

pytestmark = pytest.mark.engine
Make = Callable[..., Pool]


@pytest.fixture
def served(make_pool: Make, llama_server: str, tmp_path: Path) -> Callable[..., LocalBackend]:
    """Makes a backend with one model, of which two adapters lie beside it."""
    model = tiny_gguf.write(tmp_path / "m.gguf")
    tiny_companions.adapter(tmp_path / "a.gguf", seed=1)
    tiny_companions.adapter(tmp_path / "b,b:1.gguf", seed=9)

    def make(**adapters: float) -> LocalBackend:
        named = {{"a": "a.gguf", "b": "b,b:1.gguf"}[name]: scale for name, scale in adapters.items()}
        pool = make_pool(parallel=1, llama_server=llama_server, home=tmp_path / "home")
        return LocalBackend(FakeStore(gguf_model(model, loading={"adapters": named})), pool)

    return make


async def text(backend: LocalBackend, question: str = "hello", **settings: Any) -> str:
    return (await ask(backend, question, max_tokens=12, **settings)).text


async def test_a_loaded_adapter_changes_answers_by_its_strength(served: Callable[..., LocalBackend]) -> None:
    plain, half, whole = [await text(served(a=scale)) for scale in (0.0, 0.5, 1.0)]
    assert len({plain, half, whole}) == 3 and await text(served()) == plain


async def test_a_call_chooses_among_those_that_are_loaded(served: Callable[..., LocalBackend]) -> None:
    backend = served(a=1.0, b=0.0)
    usual = await text(backend)
    assert await text(backend, lora={"a.gguf": 1}) == usual
    others = [await text(backend, lora=lora) for lora in ({}, {"b,b:1.gguf": 1}, {"a.gguf": 0.3})]
    assert len({usual, *others}) == 4
    with pytest.raises(BadRequest, match="no adapter 'c'"):
        await text(backend, lora={"c": 1})


async def test_what_was_read_with_one_adapter_is_not_gone_on_from_with_another(
    served: Callable[..., LocalBackend],
) -> None:
    """llama.cpp compares tokens only: both the slot and the cache of past prompts would give others' numbers."""
    backend, cat, mat = served(a=0.0), "the cat " * 20, "on a mat; " * 20
    before = await text(backend, cat)
    for question, lora in ((mat, {}), (cat, {"a.gguf": 1}), (mat, {})):
        await text(backend, question, lora=lora)
    assert await text(backend, cat) == before


async def test_calls_go_by_what_was_loaded_also_when_that_was_changed_since(make_pool: Make, tmp_path: Path) -> None:
    for name, seed in (("a.gguf", 1), ("b.gguf", 9)):
        tiny_companions.adapter(tmp_path / name, seed=seed)
    model = gguf_model(tiny_gguf.write(tmp_path / "m.gguf"), loading={"adapters": {"a.gguf": 0.0, "b.gguf": 0.0}})
    store = FakeStore(model)
    backend = LocalBackend(store, make_pool(parallel=1))
    by_b = await text(backend, lora={"b.gguf": 1})
    store.by_name["tiny"] = replace(model, loading={"adapters": {"b.gguf": 1.0}})
    assert await text(backend, lora={"b.gguf": 1}) == by_b


@pytest.mark.parametrize(("shape", "words"), [({"width": 128}, "incorrect shape"), ({"layers": 3}, "does not exist")])
async def test_an_adapter_for_another_model_of_its_kind_is_said(
    make_pool: Make, llama_server: str, tmp_path: Path, shape: dict[str, int], words: str
) -> None:
    tiny_companions.adapter(tmp_path / "a.gguf", **shape)
    model = gguf_model(tiny_gguf.write(tmp_path / "m.gguf"), loading={"adapters": {"a.gguf": 1.0}})
    with pytest.raises(LoadFailed, match=words) as caught:
        await make_pool(llama_server=llama_server, home=tmp_path / "home").load(model)
    assert caught.value.cause == "mismatched"


@pytest.mark.parametrize(
    ("data", "words"), [(b"PK\x03\x04" + bytes(99), "zip archive"), (b"", "empty"), (None, "cut short")]
)
async def test_a_file_that_is_no_whole_adapter_is_said_before_a_process_starts(
    make_pool: Make, tmp_path: Path, data: bytes | None, words: str
) -> None:
    adapter = tiny_companions.adapter(tmp_path / "a.gguf")
    adapter.write_bytes(adapter.read_bytes()[:-100] if data is None else data)
    pool, model = make_pool(), gguf_model(tiny_gguf.write(tmp_path / "m.gguf"), loading={"adapters": {"a.gguf": 1.0}})
    with pytest.raises(LoadFailed, match=words):
        await pool.load(model)
    assert pool.running() == []
