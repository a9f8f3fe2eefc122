"""What every local engine promises of texts that go on: tokens as prompts, log probabilities, gaps."""

from __future__ import annotations

from typing import Any

import pytest
from tests.contract.subject import Subject

from serai.backend import collect
from serai.errors import BadRequest, ContextExceeded
from serai.types import TEXT_GENERATION, Call, Result

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("an_engine")]


WITH_TOKENS = {"llama_cpp", "llama_cpp_native", "onnx", "transformers"}


@pytest.fixture
def an_engine(request: pytest.FixtureRequest) -> None:
    if not WITH_TOKENS.intersection(map(str, request.node.callspec.params.values())):
        pytest.skip("this one has no tokens of its own")


async def goes_on(subject: Subject, prompt: Any, suffix: str | None = None, **settings: Any) -> Result:
    inputs = {"inputs": prompt, **({} if suffix is None else {"suffix": suffix})}
    settings = {"temperature": 0, "max_tokens": 4, **settings}
    call = Call(task=TEXT_GENERATION, model=subject.model.name, inputs=inputs, settings=settings)
    return await collect(subject.backend.run(call))


async def test_a_text_goes_on_and_is_counted(subject: Subject) -> None:
    result = await goes_on(subject, "the cat sat")
    assert result.finish == "length" and result.usage.completion_tokens == 4 and result.usage.prompt_tokens > 0


async def test_tokens_are_a_prompt_as_texts_are(subject: Subject) -> None:
    result = await goes_on(subject, [3, 4, 5])
    assert result.usage.prompt_tokens == 3 and result.usage.completion_tokens == 4
    with pytest.raises(BadRequest):
        await goes_on(subject, [1_000_000])
    with pytest.raises(BadRequest, match="inputs"):
        await goes_on(subject, [-1])


async def test_so_many_alternatives_as_were_asked_for(subject: Subject) -> None:
    chat = await collect(subject.backend.run(subject.chat(max_tokens=4, logprobs=True)))
    assert chat.logprobs and all(token["top_logprobs"] == [] for token in chat.logprobs)
    for most in (0, 2):
        result = await goes_on(subject, "the cat", logprobs=True, top_logprobs=most)
        assert result.logprobs and all(len(token["top_logprobs"]) == most for token in result.logprobs)
        assert all(token["logprob"] <= 0 for token in result.logprobs)


async def test_a_gap_that_the_model_cannot_fill_is_refused(subject: Subject) -> None:
    with pytest.raises(BadRequest, match="gap"):
        await goes_on(subject, "the", "mat")


async def test_too_long_a_text_is_refused_with_both_numbers(subject: Subject) -> None:
    with pytest.raises(ContextExceeded) as refused:
        await goes_on(subject, "the cat sat on " * 600)
    assert refused.value.facts["prompt_tokens"] > refused.value.facts["context_length"]
