from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import pytest

from serai.backend import collect
from serai.errors import ModelCrashed
from serai.types import Answerer, Attempt, Delta, Usage

WHO = Answerer(model="m", backend="b")
END = {"finish": "stop", "usage": Usage(completion_tokens=2)}


async def stream(*deltas: Delta, closed: list[bool] | None = None) -> AsyncGenerator[Delta, None]:
    try:
        for delta in deltas:
            yield delta
    finally:
        if closed is not None:
            closed.append(True)


def piece(index: int, arguments: str = "", **more: Any) -> dict[str, Any]:
    return {"index": index, "function": {"arguments": arguments, **more.pop("function", {})}, **more}


async def test_pieces_become_the_whole_answer() -> None:
    result = await collect(
        stream(
            Delta(text="سل", reasoning="hm", answerer=WHO, tried=(Attempt(backend="a", reason="away"),)),
            Delta(text="ام", logprobs={"content": [{"token": "x"}]}),
            Delta(finish="length", usage=Usage(completion_tokens=2)),
        )
    )
    assert (result.text, result.reasoning, result.finish) == ("سلام", "hm", "length")
    assert (result.answerer, result.usage.completion_tokens) == (WHO, 2)
    assert (result.tried[0].backend, result.logprobs, result.tool_calls) == ("a", [{"token": "x"}], [])


async def test_one_delta_may_be_everything() -> None:
    assert (await collect(stream(Delta(text="hi", answerer=WHO, **END)))).text == "hi"


async def test_tool_calls_are_put_together_in_order() -> None:
    first = piece(1, id="c1", function={"name": "time"})
    second = piece(0, '{"city"', id="c0", type="function", function={"name": "weather"})
    more = [piece(0, ':"Bonn"}', id=""), piece(0, "", id=None), {"index": 1, "function": None}]
    deltas = [Delta(tool_calls=[part]) for part in (first, second, *more)]
    result = await collect(stream(Delta(answerer=WHO), *deltas, Delta(**END)))
    assert result.tool_calls == [
        {"type": "function", "function": {"name": "weather", "arguments": '{"city":"Bonn"}'}, "id": "c0"},
        {"type": "function", "function": {"name": "time", "arguments": ""}, "id": "c1"},
    ]


@pytest.mark.parametrize(
    "deltas",
    [
        [],
        [Delta(text="no answerer", **END)],
        [Delta(text="no end", answerer=WHO)],
        [Delta(answerer=WHO), Delta(finish="stop")],
    ],
)
async def test_a_backend_that_breaks_its_contract_is_found_out(deltas: list[Delta]) -> None:
    with pytest.raises(RuntimeError, match="broke its contract"):
        await collect(stream(*deltas))


async def test_the_stream_is_closed_whatever_happens() -> None:
    closed: list[bool] = []

    async def failing() -> AsyncGenerator[Delta, None]:
        try:
            yield Delta(text="half", answerer=WHO)
            raise ModelCrashed("It died.")
        finally:
            closed.append(True)

    with pytest.raises(ModelCrashed):
        await collect(failing())
    await collect(stream(Delta(answerer=WHO, **END), closed=closed))
    assert closed == [True, True]
