from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.money.bank import FAR, ask

from serai.money import counting
from serai.money.price import Price
from serai.types import CHAT, FEATURE_EXTRACTION, Call, Model

BOTH = Price(input=1, output=1)
ENDLESS = Model(name="far/x", task="text-generation", place="far")


def prompt(inputs: dict[str, Any], task: str = CHAT) -> int:
    counts = counting.most(Call(task=task, model="far/x", inputs=inputs, settings={"max_tokens": 1}), ENDLESS, BOTH, 0)
    assert counts is not None
    return counts.prompt


@given(st.text(max_size=200))
def test_no_prompt_has_more_tokens_than_bytes(text: str) -> None:
    assert prompt({"messages": [{"role": "user", "content": text}]}) >= len(text.encode("utf-8", "replace"))


def test_everything_in_a_prompt_counts() -> None:
    plain = prompt({"messages": []})
    assert prompt({"messages": [], "tools": [{"name": "x" * 100}]}) > plain + 100
    assert prompt({"messages": [], "tools": [{"x" * 100: 1}]}) > plain + 100
    assert prompt({"messages": [{"content": [{"image_url": {"url": "data:image/png;base64,AAAA"}}]}]}) > plain + 50_000
    assert prompt({"inputs": list(range(1000))}) >= 1000


def test_an_endless_list_is_not_walked_for_ever() -> None:
    assert prompt({"inputs": [[] for _ in range(1_000_001)]}) >= 1_000_000_000


def test_a_chat_has_at_most_what_its_model_can_read() -> None:
    found = counting.most(ask(text="x" * 1000, max_tokens=5), FAR, BOTH, 0)
    assert found is not None and found.prompt == FAR.context_length


def test_embeddings_of_many_texts_may_be_longer_than_one_context() -> None:
    call = Call(task=FEATURE_EXTRACTION, model="far/x", inputs={"inputs": ["x" * 90] * 10})
    found = counting.most(call, FAR, BOTH, 0)
    assert found is not None and found.prompt >= 900 and found.completion == 0


@pytest.mark.parametrize("settings", [{"max_tokens": 7}, {"max_new_tokens": 7}])
def test_an_answer_is_as_long_as_it_may_be(settings: dict[str, int]) -> None:
    found = counting.most(ask(**settings), ENDLESS, BOTH, 0)
    assert found is not None and found.completion == 7
    assert counting.most(ask(), ENDLESS, BOTH, 0) is None
    assert counting.most(ask(), ENDLESS, Price(input=1), 0) is not None


def test_time_is_bounded_by_the_deadline() -> None:
    call = ask(max_tokens=1)
    call.deadline = 30.0
    found = counting.most(call, ENDLESS, Price(hour=1), 10.0)
    assert found is not None and found.seconds == 20.0


def test_sound_is_never_thought_shorter_than_it_is() -> None:
    data = "data:audio/wav;base64," + "A" * 43_000  # a second of 16 bits at 16 kHz
    call = Call(task="automatic-speech-recognition", model="far/x", inputs={"inputs": data})
    assert counting.sound_s(call) > 1.0 and counting.sound_s(ask()) == 0.0
