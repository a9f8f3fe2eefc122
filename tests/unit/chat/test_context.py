from __future__ import annotations

from serai.chat.context import context
from serai.chat.records import Message


def said(role: str, text: str, state: str = "done") -> Message:
    return Message(id="m", session="s", parent=None, role=role, text=text, state=state)


def test_the_system_prompt_comes_first() -> None:
    assert context([said("user", "hi")], "Be brief.") == [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "hi"},
    ]


def test_a_blank_system_prompt_is_none() -> None:
    assert context([said("user", "hi")], "  \n") == [{"role": "user", "content": "hi"}]


def test_only_what_follows_the_last_reset_is_read() -> None:
    branch = [said("user", "old"), said("reset", ""), said("user", "older"), said("reset", ""), said("user", "new")]
    assert [message["content"] for message in context(branch)] == ["new"]


def test_failed_and_empty_answers_are_left_out() -> None:
    branch = [
        said("user", "one"),
        said("assistant", "half", "failed"),
        said("user", "two"),
        said("assistant", " "),
        said("user", "three"),
    ]
    assert context(branch) == [{"role": "user", "content": "one\n\ntwo\n\nthree"}]


def test_stopped_and_interrupted_answers_are_read() -> None:
    branch = [said("user", "one"), said("assistant", "half", "stopped"), said("user", "two")]
    assert [message["content"] for message in context(branch)] == ["one", "half", "two"]


def test_an_answer_to_go_on_with_comes_last() -> None:
    branch = [said("user", "one"), said("assistant", "half", "waiting")]
    assert context(branch)[-1] == {"role": "assistant", "content": "half"}
