"""From a row to a call."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from serai.batches.files.asking import Asking, filled
from serai.batches.files.sheet import Row
from serai.errors import BadRequest
from serai.types import CHAT, OWNER


def inputs(task: str, values: Mapping[str, Any], **plan: Any) -> Mapping[str, Any]:
    return Asking(model="m", task=task, **plan).call(Row(1, values), OWNER).inputs


def said(text: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}]}


def test_a_chat_is_asked_the_column_the_template_or_what_is_likely() -> None:
    row = {"id": 7, "question": "Why?", "note": None}
    assert inputs(CHAT, row) == said("Why?")
    assert inputs(CHAT, row, column="id") == said("7")
    assert inputs(CHAT, row, template="{id}: {question} {note}{{x}}") == said("7: Why? {x}")


def test_messages_are_taken_as_they_are() -> None:
    messages = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Hi"}]
    assert inputs(CHAT, {"messages": messages, "id": 1}) == {"messages": messages}


def test_a_task_takes_what_it_needs_from_the_columns_called_so() -> None:
    row = {"question": "Who?", "context": "Sara came.", "id": 3}
    assert inputs("question-answering", row) == {"question": "Who?", "context": "Sara came."}
    assert inputs("question-answering", {**row, "q": "When?"}, column="q")["question"] == "When?"
    assert inputs("text-classification", {"text": "fine"}) == {"inputs": "fine"}


@pytest.mark.parametrize("plan", [{"column": "b"}, {"template": "{b}"}, {}])
def test_a_column_that_is_not_there_is_named_with_those_that_are(plan: dict[str, str]) -> None:
    with pytest.raises(BadRequest) as refused:
        inputs(CHAT, {"x": 1, "y": 2}, **plan)
    assert "x, y" in refused.value.hint


def test_a_template_reads_nothing_but_cells() -> None:
    with pytest.raises(BadRequest):
        filled("{a.__class__}", {"a": "x"})
    assert filled("{a}", {"a": "{b}", "b": "never"}) == "{b}"


def test_a_row_is_answered_after_those_who_wait() -> None:
    call = Asking(model="m", task=CHAT, cache=True).call(Row(1, {"text": "hi"}), OWNER)
    assert (call.wishes.priority, call.wishes.cache) == ("low", True)
