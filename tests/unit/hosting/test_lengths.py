from __future__ import annotations

from typing import Any

import pytest

from serai.errors import ContextExceeded
from serai.hosting import lengths
from serai.types import CHAT, TEXT_GENERATION, TOKEN_COUNT, Call


def chat(content: Any) -> Call:
    return Call(task=CHAT, model="m", inputs={"messages": [{"role": "user", "content": content}]})


LONG = "x" * 256 * 101


@pytest.mark.parametrize("call", [chat(LONG), chat([{"type": "text", "text": LONG}]), chat(LONG[1:] + "x")])
def test_what_cannot_fit_is_told_with_both_numbers(call: Call) -> None:
    with pytest.raises(ContextExceeded, match="at least 101 tokens; m can read 100"):
        lengths.check(call, 100, "m")


@pytest.mark.parametrize(
    ("call", "context"),
    [
        (chat("x" * 256 * 100), 100),
        (chat(LONG), 0),
        (chat(None), 100),
        (Call(task=TEXT_GENERATION, model="m", inputs={"inputs": [1] * 5000}), 100),
        (Call(task=TOKEN_COUNT, model="m", inputs={"inputs": LONG}), 100),
    ],
)
def test_what_may_fit_is_left_to_the_engine(call: Call, context: int) -> None:
    lengths.check(call, context, "m")
