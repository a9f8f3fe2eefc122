"""The local backend with the real engine: what only llama.cpp can show."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path
from typing import Any

import orjson
import pytest
from tests.fakes import tiny_gguf
from tests.fakes.store import FakeStore, gguf_model
from tests.fakes.waiting import until

from serai.backend import collect
from serai.errors import BadRequest, ContextExceeded
from serai.hosting.backend import LocalBackend
from serai.hosting.pool import Pool
from serai.types import CHAT, TEXT_GENERATION, Call, Model, Result

pytestmark = pytest.mark.engine


@pytest.fixture
def store(tiny: Path) -> FakeStore:
    return FakeStore(gguf_model(tiny))


@pytest.fixture
def backend(make_pool: Callable[..., Pool], store: FakeStore) -> LocalBackend:
    return LocalBackend(store, make_pool())


def chat(*texts: str, **settings: Any) -> Call:
    messages = [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(texts)]
    return Call(task=CHAT, model="tiny", inputs={"messages": messages}, settings={"temperature": 0, **settings})


async def ask(backend: LocalBackend, *texts: str, **settings: Any) -> Result:
    return await collect(backend.run(chat(*texts, **settings)))


async def test_answers_a_chat_and_says_where(backend: LocalBackend, store: FakeStore) -> None:
    result = await ask(backend, "hello", max_tokens=8)
    assert (result.finish, result.usage.completion_tokens) == ("length", 8)
    assert (result.answerer.backend, result.answerer.device) == ("llama.cpp", "cpu")
    assert "no GPU" in result.answerer.device_reason and store.touched == ["tiny"]


async def test_a_prompt_that_is_too_long_names_both_numbers(backend: LocalBackend) -> None:
    with pytest.raises(ContextExceeded) as caught:
        await ask(backend, "x" * 2000)
    assert caught.value.facts["context_length"] == 512 and caught.value.facts["prompt_tokens"] > 2000


async def test_an_answer_that_reaches_the_end_of_the_context_says_length(backend: LocalBackend) -> None:
    result = await ask(backend, "hello")
    assert result.finish == "length"
    assert result.usage.prompt_tokens + result.usage.completion_tokens == pytest.approx(512, abs=1)


async def test_each_of_four_at_once_may_fill_the_whole_context(backend: LocalBackend) -> None:
    results = await asyncio.gather(*(ask(backend, f"hello {number}") for number in range(4)))
    assert [result.usage.prompt_tokens + result.usage.completion_tokens > 500 for result in results] == [True] * 4


async def test_characters_arrive_whole(backend: LocalBackend) -> None:
    text = "😀 سلام‌دنیا ß"
    stream = backend.run(chat("hello", grammar=f'root ::= "{text}"'))
    pieces = [delta.text async for delta in stream]
    assert "".join(pieces) == text
    assert not any("�" in piece for piece in pieces)


async def test_json_follows_its_schema(backend: LocalBackend) -> None:
    schema = {"type": "object", "properties": {"a": {"enum": [7]}}, "required": ["a"], "additionalProperties": False}
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    result = await ask(backend, "hello", response_format=form, max_tokens=200)
    assert orjson.loads(result.text) == {"a": 7}


async def test_a_broken_grammar_is_the_askers_to_mend(backend: LocalBackend) -> None:
    with pytest.raises(BadRequest):
        await ask(backend, "hello", grammar="root ::= (")


async def test_log_probabilities_come_with_every_token(backend: LocalBackend) -> None:
    result = await ask(backend, "hello", logprobs=True, top_logprobs=2, grammar='root ::= "cats"')
    assert "".join(str(entry["token"]) for entry in result.logprobs) == result.text == "cats"
    assert all(len(entry["top_logprobs"]) == 2 for entry in result.logprobs)  # type: ignore[arg-type]


async def test_the_same_seed_gives_the_same_answer(backend: LocalBackend) -> None:
    texts = [(await ask(backend, "hello", temperature=2, seed=seed, max_tokens=16)).text for seed in (5, 5, 6)]
    assert texts[0] == texts[1] != texts[2]


async def test_stop_texts_end_the_answer_and_are_not_part_of_it(backend: LocalBackend) -> None:
    result = await ask(backend, "hello", grammar='root ::= "one STOP two"', stop=["STOP"])
    assert (result.text, result.finish) == ("one ", "stop")


async def test_a_models_own_settings_hold_unless_the_call_sets_them(make_pool: Callable[..., Pool], tiny: Path) -> None:
    backend = LocalBackend(FakeStore(gguf_model(tiny, settings={"max_tokens": 3})), make_pool())
    assert (await ask(backend, "hello")).usage.completion_tokens == 3
    assert (await ask(backend, "hello", max_tokens=5)).usage.completion_tokens == 5


async def test_text_generation_continues_a_prompt(backend: LocalBackend) -> None:
    call = Call(task=TEXT_GENERATION, model="tiny", inputs={"inputs": "the cat"}, settings={"max_tokens": 5})
    result = await collect(backend.run(call))
    assert result.usage.completion_tokens == 5 and result.text


async def test_the_next_turn_reads_only_what_is_new(backend: LocalBackend) -> None:
    first = await ask(backend, "the cat sat on the mat " * 4, grammar='root ::= "the mat"')
    turns = ("the cat sat on the mat " * 4, first.text, "the cat")
    second = await ask(backend, *turns, max_tokens=2)
    assert second.usage.cached_tokens >= first.usage.prompt_tokens


async def test_closing_while_the_prompt_is_read_stops_at_once(make_pool: Callable[..., Pool], tmp_path: Path) -> None:
    model = gguf_model(tiny_gguf.write(tmp_path / "long.gguf", context=32768), context_length=32768)
    pool = make_pool(context=32768, parallel=1)
    backend = LocalBackend(FakeStore(model), pool)
    reading = asyncio.create_task(collect(backend.run(chat("q" * 30000, max_tokens=2))))
    async with pool.lease(model) as worker:
        await until(lambda: _busy(worker), 10)
        reading.cancel()
        await asyncio.wait([reading])
        await until(lambda: _rests(worker), 0.7)


async def test_a_chat_is_read_from_a_stream_that_may_be_left(backend: LocalBackend) -> None:
    async with aclosing(backend.run(chat("hello"))) as stream:
        assert (await anext(stream)).answerer is not None
    assert (await ask(backend, "hello", max_tokens=2)).usage.completion_tokens == 2


async def _busy(worker: Any) -> bool:
    return any(slot["is_processing"] for slot in await worker.process.get("/slots"))


async def _rests(worker: Any) -> bool:
    return not await _busy(worker)


def test_models_of_other_engines_are_not_offered(tiny: Path) -> None:
    other = Model(name="other", task="text-generation", engine="onnx")
    backend = LocalBackend(FakeStore(gguf_model(tiny), other), None)  # type: ignore[arg-type]
    assert [model.name for model in asyncio.run(backend.models())] == ["tiny"]  # type: ignore[arg-type]
