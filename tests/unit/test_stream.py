from collections.abc import AsyncGenerator
from typing import Any

import orjson
import pytest

from serai.errors import ModelFailed
from serai.stream import CutShort, deltas, events
from serai.types import Answerer, Delta

WHO = Answerer(model="m", backend="b")


async def cut(data: bytes, size: int) -> AsyncGenerator[bytes, None]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


def sse(*bodies: Any) -> bytes:
    return b"".join(b"data: " + (b if isinstance(b, bytes) else orjson.dumps(b)) + b"\n\n" for b in bodies)


def choice(finish: str | None = None, **delta: Any) -> dict[str, Any]:
    return {"choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}


async def read(*bodies: Any, size: int = 1 << 16) -> list[Delta]:
    return [delta async for delta in deltas(cut(sse(*bodies), size), WHO)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 1000])
async def test_events_are_whole_however_the_bytes_are_cut(size: int) -> None:
    data = b": ping\r\n\r\ndata: \xd8\xb3\r\n\r\nid: 3\ndata:x\n\ndata: last"
    assert [event.decode() async for event in events(cut(data, size))] == ["س", "x", "last"]


@pytest.mark.parametrize("size", [1, 5, 1000])
async def test_text_keeps_its_characters(size: int) -> None:
    pieces = await read(choice(content="😀"), choice(content="\u200cی"), choice("stop"), b"[DONE]", size=size)
    assert [delta.text for delta in pieces] == ["😀", "\u200cی", ""]


async def test_the_first_says_who_and_the_last_how() -> None:
    usage = {"usage": {"prompt_tokens": 5, "completion_tokens": 2, "prompt_tokens_details": {"cached_tokens": 4}}}
    first, last = await read(choice(content="a"), choice("length"), {"choices": [], **usage}, b"[DONE]")
    assert (first.answerer, first.finish, last.answerer, last.finish) == (WHO, None, None, "length")
    assert last.usage and (last.usage.prompt_tokens, last.usage.cached_tokens) == (5, 4)


async def test_an_empty_answer_still_says_who() -> None:
    (only,) = await read(choice("stop"), b"[DONE]")
    assert only.answerer == WHO and only.usage is not None


async def test_thoughts_tools_and_probabilities_go_their_own_ways() -> None:
    call = [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}]
    body = choice(content="x")
    body["choices"][0]["logprobs"] = {"content": [{"token": "x"}]}
    thought, tool, text, last = await read(
        choice(reasoning_content="hm"), choice(tool_calls=call), body, choice("tool_calls"), b"[DONE]"
    )
    assert (thought.reasoning, thought.text, tool.tool_calls) == ("hm", "", call)
    assert text.logprobs == {"content": [{"token": "x"}]} and last.finish == "tool_calls"


async def test_progress_and_roles_are_no_deltas() -> None:
    progress = {**choice(role="assistant", content=None), "prompt_progress": {"processed": 1}}
    assert len(await read(progress, choice(role="assistant"), choice("stop"))) == 1


async def test_completions_stream_text() -> None:
    body = {"choices": [{"index": 0, "text": "once", "finish_reason": None}]}
    assert (await read(body, {"choices": [{"text": "", "finish_reason": "stop"}]}))[0].text == "once"


async def test_texts_of_a_whole_answer_that_come_together_are_one() -> None:
    call = [{"index": 0, "id": "c", "function": {"name": "f", "arguments": "{}"}}]
    bodies = [choice(reasoning_content="hm"), choice(content="a"), choice(content="b"), choice(tool_calls=call)]
    data = sse(*bodies, choice(content="c"), choice("stop"), b"[DONE]")
    text, tool, after, last = [delta async for delta in deltas(cut(data, 1 << 16), WHO, whole=True)]
    assert (text.reasoning, text.text, text.pieces, text.answerer) == ("hm", "ab", 3, WHO)
    assert (tool.tool_calls, after.text, last.finish) == (call, "c", "stop")


async def test_what_comes_apart_stays_apart_and_nothing_is_lost() -> None:
    data = sse(*(choice(content=word) for word in "abcdef"), choice("stop"), b"[DONE]")
    pieces = [delta async for delta in deltas(cut(data, 150), WHO, whole=True)]
    assert "".join(piece.text for piece in pieces) == "abcdef" and 3 < len(pieces) < 7
    assert sum(piece.pieces for piece in pieces[:-1]) == 6


@pytest.mark.parametrize("bad", [b"{half", b"[1]", {"error": {"message": "broken"}}, {"error": "broken"}])
async def test_what_is_no_event_is_an_error(bad: Any) -> None:
    with pytest.raises(ModelFailed):
        await read(choice(content="a"), bad)


async def test_an_end_without_a_reason_is_cut_short() -> None:
    with pytest.raises(CutShort):
        await read(choice(content="a"))
