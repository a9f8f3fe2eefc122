"""Pictures read by llama.cpp, with a projector of random weights beside a tiny model."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import pictures, tiny_companions, tiny_gguf
from tests.fakes.store import FakeStore, gguf_model

from serai.backend import collect
from serai.errors import BadRequest, LoadFailed
from serai.hosting.backend import LocalBackend
from serai.hosting.pool import Pool
from serai.types import CHAT, TOKEN_COUNT, Call, Result

pytestmark = pytest.mark.engine
Make = Callable[..., Pool]
TOKENS = 4
"""What a picture becomes: two by two patches."""


@pytest.fixture
def served(make_pool: Make, llama_server: str, tmp_path: Path) -> LocalBackend:
    model = gguf_model(tiny_gguf.write(tmp_path / "m.gguf"))
    tiny_companions.projector(tmp_path / "mmproj-m.gguf")
    return LocalBackend(FakeStore(model), make_pool(llama_server=llama_server, home=tmp_path / "home"))


async def see(backend: LocalBackend, *images: bytes, words: str = "what is it?") -> Result:
    parts: list[dict[str, Any]] = [{"type": "text", "text": words}, *(pictures.part(image) for image in images)]
    inputs = {"messages": [{"role": "user", "content": parts}]}
    return await collect(
        backend.run(Call(task=CHAT, model="tiny", inputs=inputs, settings={"temperature": 0, "max_tokens": 12}))
    )


async def test_another_picture_is_another_prompt(served: LocalBackend) -> None:
    first, other, again = [await see(served, pictures.noise(seed)) for seed in (1, 2, 1)]
    assert first.text == again.text != other.text and first.finish == "length"
    both, none = await see(served, pictures.noise(1), pictures.noise(2)), await see(served)
    assert both.usage.prompt_tokens - first.usage.prompt_tokens >= TOKENS
    assert first.usage.prompt_tokens - none.usage.prompt_tokens >= TOKENS
    assert again.usage.cached_tokens > other.usage.cached_tokens


async def test_a_picture_of_any_size_is_read_and_a_damaged_one_costs_one_answer(served: LocalBackend) -> None:
    assert (await see(served, pictures.png(width=301, height=7))).usage.completion_tokens == 12
    with pytest.raises(BadRequest, match="load image"):
        await see(served, pictures.png()[:40])
    assert (await see(served, pictures.png())).usage.completion_tokens == 12


async def test_a_model_that_reads_text_only_says_so_before_it_is_loaded(make_pool: Make, tiny: Path) -> None:
    pool = make_pool()
    with pytest.raises(BadRequest, match="reads text only"):
        await see(LocalBackend(FakeStore(gguf_model(tiny)), pool), pictures.png())
    assert pool.running() == []


@pytest.mark.parametrize(
    ("made", "cause", "words"),
    [
        ({"width": 128}, "mismatched", r"n_embd = 64\) and mmproj \(n_embd = 128"),
        ({"kind": "unheard"}, "unsupported", "unknown projector type: unheard"),
    ],
)
async def test_a_projector_for_another_model_is_said(
    make_pool: Make, llama_server: str, tmp_path: Path, made: dict[str, Any], cause: str, words: str
) -> None:
    tiny_companions.projector(tmp_path / "mmproj.gguf", **made)
    pool = make_pool(llama_server=llama_server, home=tmp_path / "home")
    with pytest.raises(LoadFailed, match=words) as caught:
        await pool.load(gguf_model(tiny_gguf.write(tmp_path / "m.gguf")))
    assert caught.value.cause == cause


async def test_pictures_are_counted_as_they_are_read(served: LocalBackend) -> None:
    parts = [{"type": "text", "text": "what is it?"}, pictures.part(pictures.noise(1))]
    call = Call(task=TOKEN_COUNT, model="tiny", inputs={"messages": [{"role": "user", "content": parts}]})
    read = (await see(served, pictures.noise(1))).usage.prompt_tokens
    assert (await collect(served.run(call))).data == {"tokens": read}
