"""What models answer, over the real API with scripted engines."""

from __future__ import annotations

import base64
import struct
from typing import Any

import httpx2
import pytest

import serai
from serai.answers import Ranked

FACTS = {"model": "m", "usage": {"prompt_tokens": 4}, "serai": {"answerer": {"model": "m", "backend": "onnx"}}}


def client(answer: Any, asked: list[Any] | None = None, **headers: str) -> serai.Client:
    import orjson

    def respond(request: httpx2.Request) -> httpx2.Response:
        if asked is not None:
            asked.append((request.url.path, orjson.loads(request.content)))
        if isinstance(answer, bytes):
            return httpx2.Response(200, content=answer, headers={"content-type": "text/event-stream"})
        return httpx2.Response(200, json=answer)

    return serai.Client("http://127.0.0.1:1", transport=httpx2.MockTransport(respond))


def test_embed_gives_the_vectors_in_their_order() -> None:
    def told(*numbers: float) -> str:
        return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()

    rows = [{"index": 1, "embedding": told(0, 1)}, {"index": 0, "embedding": told(0.5, -0.5)}]
    with client({"data": rows, **FACTS}) as found:
        vectors = found.embed(["a", "b"], "m")
    assert (list(vectors), vectors[1], len(vectors)) == ([(0.5, -0.5), (0.0, 1.0)], (0.0, 1.0), 2)
    assert (vectors.model, vectors.usage.prompt_tokens) == ("m", 4)


def test_embed_reads_plain_numbers_too() -> None:
    with client({"data": [{"index": 0, "embedding": [1, 2]}], **FACTS}) as found:
        assert found.embed("a")[0] == (1, 2)


def test_rerank_gives_the_best_first_with_its_text() -> None:
    rows = [{"index": 1, "relevance_score": 0.9, "document": {"text": "b"}}]
    asked: list[Any] = []
    with client({"results": rows, **FACTS}, asked) as found:
        ranking = found.rerank("q", ["a", "b"], top_n=1)
    assert (ranking[0], len(ranking)) == (Ranked(1, 0.9, "b"), 1)
    assert asked[0][1]["top_n"] == 1


def test_generate_goes_on_with_a_text() -> None:
    asked: list[Any] = []
    with client({"choices": [{"index": 0, "text": " time", "finish_reason": "length"}], **FACTS}, asked) as found:
        answer = found.generate("Once upon a", "m", max_tokens=3)
    assert (answer.text, answer.finish) == (" time", "length")
    assert asked == [("/v1/completions", {"model": "m", "prompt": "Once upon a", "max_tokens": 3})]


def test_several_answers_are_all_there() -> None:
    choices = [{"index": i, "message": {"content": t}, "finish_reason": "stop"} for i, t in enumerate("abc")]
    with client({"choices": choices[::-1], **FACTS}) as found:
        answer = found.chat("hi", n=3)
    assert (answer.text, answer.others) == ("a", ("b", "c"))


STREAM = b"""data: {"choices": [{"index": 1, "delta": {"content": "B"}}], "model": "m"}

data: {"choices": [{"index": 0, "delta": {"content": "A", "reasoning_content": "hm"}}]}

data: {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "id": "c1", "type": "function",
data: "function": {"name": "f", "arguments": "{\\"a\\""}}]}}]}

data: {"choices": [{"index": 0, "delta": {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]},
data: "finish_reason": "tool_calls"}]}

data: [DONE]

"""


def test_a_stream_gathers_tools_reasoning_and_other_answers() -> None:
    with client(STREAM) as found:
        stream = found.chat("hi", stream=True, n=2)
        assert list(stream) == ["A"]
    answer = stream.answer
    assert answer.tool_calls == ({"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a":1}'}},)
    assert (answer.reasoning, answer.others, answer.finish) == ("hm", ("B",), "tool_calls")


def test_a_stream_ends_with_its_answer() -> None:
    def whole(stream: Any) -> Any:
        return (yield from stream)

    with client(b'data: {"choices": [{"index": 0, "text": "x"}]}\n\n') as found:
        pieces = whole(found.generate("a", stream=True))
        assert next(pieces) == "x"
        with pytest.raises(StopIteration) as end:
            next(pieces)
    assert end.value.value.text == "x"


def test_tokens_are_counted_before_they_are_sent() -> None:
    asked: list[Any] = []
    with client({"input_tokens": 12}, asked) as found:
        assert found.count_tokens("hi", "m", system="Be brief.") == 12
    assert asked[0][1]["system"] == "Be brief."


TURN = b"""event: state
data: {"state": "streaming", "note": ""}

id: 1
event: piece
data: {"seq": 1, "text": "Hello"}

event: end
data: {"id": "msg_2", "text": "Hello", "state": "done"}

"""


def test_an_answer_of_a_session_is_read_to_its_message() -> None:
    def respond(request: httpx2.Request) -> httpx2.Response:
        if request.method == "POST":
            return httpx2.Response(202, json={"question": {"id": "msg_1"}, "answer": {"id": "msg_2"}})
        assert request.url.path == "/api/v1/messages/msg_2/stream"
        return httpx2.Response(200, content=TURN, headers={"content-type": "text/event-stream"})

    with serai.Client("http://127.0.0.1:1", transport=httpx2.MockTransport(respond)) as found:
        turn = found.turn("ses_1", "Hi")
        assert "".join(turn) == "Hello"
    assert turn.answer == {"id": "msg_2", "text": "Hello", "state": "done"}


def test_an_answer_that_fails_in_a_session_is_raised() -> None:
    body = b'event: error\ndata: {"error": {"code": "model_crashed", "message": "Gone.", "who": "model"}}\n\n'
    from serai.errors import ModelCrashed

    with client(body) as found, pytest.raises(ModelCrashed, match="Gone"):
        next(found.read("msg_1"))
