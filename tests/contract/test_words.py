"""What every local engine promises of the words it gives: whole characters, nothing of a stop text, the same again."""

from __future__ import annotations

import json

import pytest
from tests.contract.subject import Subject

from serai.backend import collect

pytestmark = [pytest.mark.engine, pytest.mark.usefixtures("an_engine")]

WITH_TOKENS = {"llama_cpp", "llama_cpp_native", "onnx", "transformers"}
SAID = "می\u200cخواهم 🐈 👩\u200d👩\u200d👧 e\u0301 ẞ."
GRAMMAR = f"root ::= {json.dumps(SAID, ensure_ascii=False)}"


@pytest.fixture
def an_engine(request: pytest.FixtureRequest) -> None:
    if not WITH_TOKENS.intersection(map(str, request.node.callspec.params.values())):
        pytest.skip("this one has no tokens of its own")


async def test_characters_of_several_tokens_come_whole(subject: Subject) -> None:
    call = subject.chat(grammar=GRAMMAR, max_tokens=200)
    pieces = [delta.text async for delta in subject.backend.run(call)]
    assert "".join(pieces) == SAID and len([piece for piece in pieces if piece]) > 5
    assert not any("\ufffd" in piece for piece in pieces)


@pytest.mark.parametrize("stop", ["🐈", "خواهم 🐈 👩", "e\u0301"])
async def test_nothing_of_a_stop_text_is_told(subject: Subject, stop: str) -> None:
    call = subject.chat(grammar=GRAMMAR, max_tokens=200, stop=[stop, "never"])
    result = await collect(subject.backend.run(call))
    assert (result.text, result.finish) == (SAID[: SAID.index(stop)], "stop")


async def test_what_only_looked_like_a_stop_text_is_told(subject: Subject) -> None:
    call = subject.chat(grammar=GRAMMAR, max_tokens=200, stop=["🐈 👨", "ẞ.x"])
    assert (await collect(subject.backend.run(call))).text == SAID


async def test_the_same_seed_gives_the_same_text(subject: Subject) -> None:
    texts = []
    for seed in (5, 5, 6):
        call = subject.chat(temperature=1.5, seed=seed, max_tokens=24)
        texts.append((await collect(subject.backend.run(call))).text)
    assert texts[0] == texts[1] != texts[2]
