from typing import Any

import pytest

from serai.errors import BadRequest, NotOffered, UnknownField
from serai.hosting.wire import body, encode
from serai.types import CHAT, TEXT_GENERATION, Call, Model

MODEL = Model(name="m", task="text-generation", settings={"temperature": 0.5, "top_k": 3})
HELLO = {"role": "user", "content": "hello"}


def chat(*messages: Any, **settings: Any) -> Call:
    return Call(task=CHAT, model="m", inputs={"messages": list(messages) or [HELLO]}, settings=settings)


def test_the_calls_settings_go_over_the_models_own() -> None:
    request = body(chat(temperature=1), MODEL)
    assert (request["temperature"], request["top_k"]) == (1, 3)


def test_a_setting_of_none_takes_the_models_own_away() -> None:
    assert "top_k" not in body(chat(top_k=None), MODEL)


def test_settings_are_spelled_as_the_engine_does() -> None:
    request = body(chat(repetition_penalty=1.1, reasoning=False, stop="END"), MODEL)
    assert request["repeat_penalty"] == 1.1
    assert request["chat_template_kwargs"] == {"enable_thinking": False}
    assert request["stop"] == ["END"]


def test_usage_and_progress_are_always_asked_for() -> None:
    request = body(chat(), MODEL)
    assert request["stream"] and request["return_progress"] and request["stream_options"] == {"include_usage": True}


def test_tools_pass_through_and_nothing_unknown_does() -> None:
    tools = [{"type": "function", "function": {"name": "clock"}}]
    inputs = {"messages": [HELLO], "tools": tools, "tool_choice": "auto", "slot_id": 3}
    request = body(Call(task=CHAT, model="m", inputs=inputs), MODEL)
    assert request["tools"] == tools and "slot_id" not in request


def test_a_prompt_is_the_hub_task_s_input() -> None:
    assert body(Call(task=TEXT_GENERATION, model="m", inputs={"inputs": "once"}), MODEL)["prompt"] == "once"


@pytest.mark.parametrize(
    "messages",
    [
        ["hello"],
        [{"content": "who says it?"}],
        [{"role": 3, "content": "x"}],
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "file:///etc/passwd"}}]}],
    ],
)
def test_messages_that_are_none_are_refused_by_their_place(messages: list[Any]) -> None:
    with pytest.raises(BadRequest, match=r"messages\[0\]"):
        body(chat(*messages), MODEL)


def test_half_a_character_is_refused() -> None:
    with pytest.raises(BadRequest, match="JSON"):
        encode(chat({"role": "user", "content": "\ud800"}), MODEL)


def test_an_unknown_setting_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownField) as caught:
        body(chat(max_token=3), MODEL)
    assert "max_tokens" in caught.value.hint


def test_tasks_that_no_engine_does_are_named() -> None:
    with pytest.raises(NotOffered, match="fill-mask"):
        body(Call(task="fill-mask", model="m", inputs={}), MODEL)


def test_the_models_own_system_prompt_comes_first_where_the_chat_has_none() -> None:
    told = Model(name="m", task="text-generation", settings={"system": "Be brief."})
    assert body(chat(), told)["messages"] == [{"role": "system", "content": "Be brief."}, HELLO]
    own = {"role": "system", "content": "Be long."}
    assert body(chat(own, HELLO), told)["messages"] == [own, HELLO]


def test_the_form_of_an_answer_to_a_prompt_is_said_as_llama_cpp_knows_it() -> None:
    schema = {"type": "array"}
    form = {"type": "json_schema", "json_schema": {"schema": schema}}
    asked = Call(task=TEXT_GENERATION, model="m", inputs={"inputs": "x"}, settings={"response_format": form})
    request = body(asked, MODEL)
    assert request["json_schema"] == schema and "response_format" not in request
    other = Model(name="m", task="text-generation", engine="onnx")
    assert body(asked, other)["response_format"] == form
