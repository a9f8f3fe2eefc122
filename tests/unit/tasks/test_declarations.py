"""What every declared task must hold to; a new one is found and checked here without being named."""

import json

import pytest

from serai import registry
from serai.errors import BadRequest, UnknownField
from serai.tasks import text_generation
from serai.tasks.declaration import Setting, Task
from serai.types import CHAT

TASKS = registry.scan("tasks")


def test_every_module_could_be_read() -> None:
    assert TASKS.broken == ()
    assert TASKS.by_name["text-generation"] is text_generation.TASK


@pytest.mark.parametrize("task", TASKS.by_name.values(), ids=lambda task: task.name)
def test_its_examples_fit_what_it_takes(task: Task) -> None:
    assert {example.call for example in task.examples} == set(task.calls)
    for example in task.examples:
        assert task.check_inputs(example.call, example.inputs) == example.inputs
        assert task.check_settings(example.settings) == example.settings


@pytest.mark.parametrize("task", TASKS.by_name.values(), ids=lambda task: task.name)
def test_everything_a_form_shows_is_described(task: Task) -> None:
    for call in task.calls:
        schema = json.loads(json.dumps(task.schema(call)))
        fields = schema["inputs"]["properties"] | schema["settings"]["properties"]
        assert all(field.get("description") for field in fields.values())


@pytest.mark.parametrize("task", TASKS.by_name.values(), ids=lambda task: task.name)
def test_what_it_does_not_take_is_refused_by_name(task: Task) -> None:
    with pytest.raises(UnknownField, match="nonsense"):
        task.check_settings({"nonsense": 1})
    for example in task.examples:
        with pytest.raises(UnknownField, match="nonsense"):
            task.check_inputs(example.call, {**example.inputs, "nonsense": 1})


def test_an_input_of_the_wrong_kind_is_named() -> None:
    with pytest.raises(BadRequest, match="messages") as caught:
        text_generation.TASK.check_inputs(CHAT, {"messages": []})
    assert type(caught.value) is BadRequest and caught.value.facts == {"field": "messages"}


def test_limits_become_those_of_json_schema() -> None:
    stop = Setting("stop", "list", "Where it ends.", 0, 64)
    assert stop.schema() == {
        "type": "array",
        "items": {"type": "string", "minLength": 1},
        "description": "Where it ends.",
        "minItems": 0,
        "maxItems": 64,
    }
