"""What is left out of a chat that is too long."""

from __future__ import annotations

from typing import Any

import pytest

from serai.errors import BadRequest, ContextExceeded
from serai.routing.shorten import prepared
from serai.types import CHAT, TEXT_GENERATION, Call, Model

MODEL = Model(name="m", task=CHAT)
LONG = "word " * 40


def say(role: str, text: str = LONG, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": text, **more}


def chat(*messages: dict[str, Any], **settings: Any) -> Call:
    settings = {"truncation": "oldest", **settings}
    return Call(task=CHAT, model="m", inputs={"messages": list(messages)}, settings=settings)


def shortened(call: Call, prompt: int = 400, context: int = 200) -> list[dict[str, Any]]:
    return list(prepared(call, MODEL).shorter(ContextExceeded(prompt, context, "m")).call.inputs["messages"])


def test_the_setting_goes_no_further_than_the_router() -> None:
    made = prepared(chat(say("user"), temperature=1), MODEL)
    assert made.call.settings == {"temperature": 1} and made.allowed and made.left_out == 0


def test_the_models_own_setting_counts_unless_the_call_says_otherwise() -> None:
    model = Model(name="m", task=CHAT, settings={"truncation": "oldest"})
    call = Call(task=CHAT, model="m", inputs={"messages": [say("user")]})
    assert prepared(call, model).allowed
    call.settings = {"truncation": "refuse"}
    assert not prepared(call, model).allowed


def test_the_oldest_turns_go_and_the_system_message_and_the_last_question_stay() -> None:
    turns = [say("system"), say("user", LONG + "1"), say("assistant"), say("user", LONG + "2"), say("assistant")]
    kept = shortened(chat(*turns, say("user", "last")), prompt=400, context=380)
    assert kept == [turns[0], turns[3], turns[4], say("user", "last")]


def test_a_turn_goes_with_its_tools_results() -> None:
    call = {"id": "c", "type": "function", "function": {"name": "look", "arguments": "{}"}}
    used = [say("user"), say("assistant", "", tool_calls=[call]), say("tool", "seen", tool_call_id="c")]
    assert shortened(chat(*used, say("assistant"), say("user", "last"))) == [say("user", "last")]


def test_the_last_question_keeps_all_its_tools_did() -> None:
    last = [say("user", "a"), say("user", "b"), say("assistant", "", tool_calls=[{}]), say("tool", "seen")]
    assert shortened(chat(say("user"), say("assistant"), *last)) == last


def test_more_goes_when_that_was_not_enough_until_nothing_may() -> None:
    made = prepared(chat(*[say("user"), say("assistant")] * 5, say("user", "last"), max_tokens=1), MODEL)
    for _ in range(5):
        made = made.shorter(ContextExceeded(200, 200, "m"))
    assert made.left_out == 10 and made.call.inputs["messages"] == [say("user", "last")]
    with pytest.raises(ContextExceeded) as refused:
        made.shorter(ContextExceeded(300, 200, "m"))
    assert "one question" in refused.value.hint


def test_room_for_the_answer_is_made() -> None:
    turns = [say("user"), say("assistant")] * 10
    assert len(shortened(chat(*turns, say("user")), prompt=1000, context=999)) == 15
    assert len(shortened(chat(*turns, say("user"), max_tokens=1), prompt=1000, context=999)) == 19


def test_who_does_not_allow_it_gets_the_error() -> None:
    with pytest.raises(ContextExceeded):
        shortened(chat(say("user"), say("user"), truncation="refuse"))
    text = Call(task=TEXT_GENERATION, model="m", inputs={"inputs": "x"}, settings={"truncation": "oldest"})
    with pytest.raises(BadRequest, match="turns"):
        prepared(text, MODEL)
