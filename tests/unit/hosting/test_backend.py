from collections.abc import Callable
from pathlib import Path

import pytest
from tests.fakes.store import FakeStore, gguf_model

from serai.backend import collect
from serai.errors import ContextExceeded
from serai.hosting.backend import LocalBackend
from serai.hosting.pool import Pool
from serai.types import CHAT, Call

pytestmark = pytest.mark.engine


def chat(text: str, **settings: object) -> Call:
    return Call(task=CHAT, model="tiny", inputs={"messages": [{"role": "user", "content": text}]}, settings=settings)


async def test_answers_a_chat(make_pool: Callable[..., Pool], tiny: Path) -> None:
    backend = LocalBackend(FakeStore(gguf_model(tiny)), make_pool())
    result = await collect(backend.run(chat("hello", max_tokens=8, seed=1)))
    assert result.finish == "length"
    assert result.usage.completion_tokens == 8
    assert result.answerer.backend == "llama.cpp" and result.answerer.device == "cpu"


async def test_a_prompt_that_is_too_long_names_both_numbers(make_pool: Callable[..., Pool], tiny: Path) -> None:
    backend = LocalBackend(FakeStore(gguf_model(tiny)), make_pool())
    with pytest.raises(ContextExceeded) as caught:
        await collect(backend.run(chat("x" * 2000)))
    assert caught.value.facts["context_length"] == 512
    assert caught.value.facts["prompt_tokens"] > 2000
