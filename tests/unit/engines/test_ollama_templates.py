"""Ollama's chat templates, translated, in llama.cpp itself."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.fakes import ollama_templates as library
from tests.fakes import templates, tiny_gguf
from tests.fakes.store import FakeStore, gguf_model
from tests.unit.engines.test_tools import OSLO, WEATHER, ask, called

from serai.backend import collect
from serai.engines._serving.templating import compile_template
from serai.errors import LoadFailed
from serai.hosting.backend import LocalBackend
from serai.hosting.pool import Pool
from serai.hub.adopt.gotext.jinja import translate
from serai.types import CHAT, Call

pytestmark = pytest.mark.engine
Says = Callable[..., LocalBackend]


@pytest.fixture
def says(make_pool: Callable[..., Pool], llama_server: str, tmp_path: Path) -> Says:
    """Makes a backend whose model answers one thing, if it may."""

    def make(text: str, **loading: str) -> LocalBackend:
        path = tiny_gguf.write(tmp_path / "m.gguf", says=text, context=2048)
        pool = make_pool(llama_server=llama_server, home=tmp_path / "home", context=2048, parallel=1)
        return LocalBackend(FakeStore(gguf_model(path, context_length=2048, loading=loading)), pool)

    return make


@pytest.mark.parametrize("family", ["QWEN25", "ZEPHYR"])
async def test_calls_are_understood_under_a_template_that_was_taken_over(says: Says, family: str) -> None:
    backend = says(WEATHER, chat_template=translate(getattr(library, family)))
    assert called(await ask(backend)) == [("weather", OSLO)]


async def test_calls_are_understood_in_the_form_of_the_files_own_template(says: Says) -> None:
    both = f"{{%- if tools -%}}{templates.HERMES}{{%- else -%}}{translate(library.MISTRAL)}{{%- endif -%}}"
    assert called(await ask(says(WEATHER, chat_template=both))) == [("weather", OSLO)]


async def test_the_prompt_is_what_the_template_says(says: Says) -> None:
    template, chat = translate(library.PHI3), [{"role": "user", "content": "hello"}]
    text = compile_template(template)(messages=chat, add_generation_prompt=True)
    plain: Any = says("Hi", chat_template="{{ '" + text.replace("\n", "\\n") + "' }}")
    taken: Any = says("Hi", chat_template=template)
    call = Call(task=CHAT, model="tiny", inputs={"messages": chat}, settings={"max_tokens": 4})
    counts = [(await collect(one.run(call))).usage.prompt_tokens for one in (plain, taken)]
    assert counts[0] == counts[1] > 0


async def test_one_that_llama_cpp_cannot_use_is_said(says: Says) -> None:
    with pytest.raises(LoadFailed, match="chat template"):
        await ask(says("Hi", chat_template="{{ messages | tojson }}{{ tools"))
