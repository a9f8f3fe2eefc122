"""What a backend promises that counts tokens; one that does not says so."""

import pytest
import pytest_asyncio
from tests.contract.subject import Subject

from serai.backend import collect
from serai.errors import BadRequest, WrongTask
from serai.types import CHAT, TEXT_GENERATION, TOKEN_COUNT, Call

pytestmark = pytest.mark.engine


@pytest_asyncio.fixture(autouse=True)
async def counts(subject: Subject) -> None:
    try:
        await collect(subject.backend.run(Call(task=TOKEN_COUNT, model=subject.model.name, inputs={"inputs": "a"})))
    except WrongTask:
        pytest.skip("it does not count")


async def test_counted_tokens_are_those_that_the_call_then_reports(subject: Subject) -> None:
    tools = [{"type": "function", "function": {"name": "look", "parameters": {"type": "object"}}}]
    chat = subject.chat("سلام 😀", max_tokens=1).inputs
    for task, inputs in ((CHAT, chat), (CHAT, chat | {"tools": tools}), (TEXT_GENERATION, {"inputs": "the cat"})):
        asked = {"model": subject.model.name, "inputs": inputs, "settings": {"max_tokens": 1, "temperature": 0}}
        counted = await collect(subject.backend.run(Call(task=TOKEN_COUNT, **asked)))
        answered = await collect(subject.backend.run(Call(task=task, **asked)))
        assert counted.data == {"tokens": answered.usage.prompt_tokens}
        assert counted.usage.prompt_tokens == answered.usage.prompt_tokens


async def test_counting_takes_no_place(subject: Subject) -> None:
    taken = [subject.backend.run(subject.chat()) for _ in range(4)]
    for stream in taken:
        await anext(stream)
    call = Call(task=TOKEN_COUNT, model=subject.model.name, inputs=subject.chat().inputs)
    assert (await collect(subject.backend.run(call))).data["tokens"] > 0
    for stream in taken:
        await stream.aclose()


async def test_what_cannot_be_counted_is_said(subject: Subject) -> None:
    for inputs in ({}, {"inputs": "x", **subject.chat().inputs}):
        with pytest.raises(BadRequest, match="either messages or inputs"):
            await collect(subject.backend.run(Call(task=TOKEN_COUNT, model=subject.model.name, inputs=inputs)))


async def test_a_texts_tokens_make_it_up(subject: Subject) -> None:
    inputs = {"inputs": "the cat سلام 😀"}
    call = Call(task="tokenize", model=subject.model.name, inputs=inputs)
    tokens = (await collect(subject.backend.run(call))).data
    counted = await collect(subject.backend.run(Call(task=TOKEN_COUNT, model=subject.model.name, inputs=inputs)))
    assert len(tokens) == counted.data["tokens"]
    assert "the cat" in b"".join(bytes(token["bytes"]) for token in tokens).decode("utf-8", "replace")
    again = {"inputs": [token["id"] for token in tokens]}
    asked = {"model": subject.model.name, "settings": {"max_tokens": 1}}
    assert (await collect(subject.backend.run(Call(task=TEXT_GENERATION, inputs=again, **asked)))).text is not None


async def test_log_probabilities_name_their_tokens(subject: Subject) -> None:
    settings = {"max_tokens": 3, "temperature": 0, "logprobs": True}
    call = Call(task=TEXT_GENERATION, model=subject.model.name, inputs={"inputs": "the cat"}, settings=settings)
    assert all(isinstance(entry["id"], int) for entry in (await collect(subject.backend.run(call))).logprobs)
