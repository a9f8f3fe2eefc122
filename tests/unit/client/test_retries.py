from __future__ import annotations

from collections.abc import Iterator

import httpx2
import pytest

import serai
from serai.client import retries
from serai.endpoints import Request
from serai.errors import Busy, SeraiError, Unreachable

BUSY = {"error": {"code": "busy", "message": "All places are taken.", "facts": {"retry_after": 0}}}
ANSWER = {"choices": [{"index": 0, "message": {"content": "yes"}, "finish_reason": "stop"}], "model": "m"}


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "BASE_S", 0)


class Line:
    """A server that gives these answers, or breaks this way, one after the other; the last one for ever."""

    def __init__(self, *told: httpx2.Response | Exception) -> None:
        self.told = list(told)
        self.asked: list[str] = []

    def __call__(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(f"{request.method} {request.url.path}")
        what = self.told.pop(0) if len(self.told) > 1 else self.told[0]
        if isinstance(what, Exception):
            raise what
        return what

    def client(self, **options: int) -> serai.Client:
        return serai.Client("http://127.0.0.1:1", transport=httpx2.MockTransport(self), **options)


def models() -> httpx2.Response:
    return httpx2.Response(200, json={"models": []})


def busy(status: int = 503, **headers: str) -> httpx2.Response:
    return httpx2.Response(status, json=BUSY, headers={name.replace("_", "-"): v for name, v in headers.items()})


@pytest.mark.parametrize("status", [429, 503, 529])
def test_a_full_server_is_asked_again(status: int) -> None:
    line = Line(busy(status, retry_after="0"), busy(status, retry_after="0"), models())
    with line.client() as client:
        assert client.models() == []
    assert len(line.asked) == 3


def test_not_for_ever() -> None:
    line = Line(busy(retry_after="0"))
    with line.client(retries=3) as client, pytest.raises(Busy, match="All places"):
        client.models()
    assert len(line.asked) == 4


def test_a_server_that_wants_to_be_left_alone_is_left_alone() -> None:
    line = Line(busy(retry_after="3600"))
    with line.client() as client, pytest.raises(Busy):
        client.models()
    assert len(line.asked) == 1


def test_what_the_server_asks_for_is_waited() -> None:
    attempt = retries.Attempts(1, _request("GET"))
    assert attempt.after_answer(busy(retry_after="7")) == 7.0
    assert attempt.after_answer(busy(retry_after="7")) is None


def test_a_refusal_that_says_nothing_of_later_stands() -> None:
    line = Line(busy(503))
    with line.client() as client, pytest.raises(SeraiError):
        client.models()
    assert len(line.asked) == 1


@pytest.mark.parametrize("error", [httpx2.ConnectError("refused"), httpx2.ConnectTimeout("slow")])
def test_a_connection_that_never_was_is_tried_again_for_everything(error: Exception) -> None:
    line = Line(error, httpx2.Response(202, json={"id": "job_1"}))
    with line.client() as client:
        assert client.download("org/x") == {"id": "job_1"}


def test_a_connection_that_broke_is_tried_again_where_nothing_is_done_twice() -> None:
    line = Line(httpx2.RemoteProtocolError("gone"), httpx2.Response(200, json=ANSWER))
    with line.client() as client:
        assert client.chat("hello").text == "yes"


def test_what_may_have_been_done_is_not_done_twice() -> None:
    line = Line(httpx2.ReadError("gone"), httpx2.Response(202, json={"id": "job_1"}))
    with line.client() as client, pytest.raises(Unreachable, match="broke"):
        client.download("org/x")
    assert len(line.asked) == 1


def test_a_stream_that_has_begun_is_never_asked_again() -> None:
    def broken() -> Iterator[bytes]:
        yield b'data: {"choices": [{"index": 0, "delta": {"content": "o"}}]}\n\n'
        raise httpx2.ReadError("gone")

    headers = {"content-type": "text/event-stream"}
    line = Line(httpx2.Response(200, content=broken(), headers=headers))
    with line.client() as client:
        stream = client.chat("hello", stream=True)
        assert next(stream) == "o"
        with pytest.raises(Unreachable):
            next(stream)
    assert len(line.asked) == 1


def test_a_stream_that_was_refused_is_asked_again() -> None:
    line = Line(busy(retry_after="0"), httpx2.Response(200, headers={"content-type": "text/event-stream"}))
    with line.client() as client:
        assert list(client.chat("hello", stream=True)) == []
    assert len(line.asked) == 2


async def test_the_asynchronous_client_tries_again_too() -> None:
    line = Line(busy(retry_after="0"), httpx2.ConnectError("gone"), models())
    async with serai.AsyncClient("http://127.0.0.1:1", transport=httpx2.MockTransport(line)) as client:
        assert await client.models() == []
    assert len(line.asked) == 3


@pytest.mark.parametrize("header", ["soon", "", "Wed, 21 Oct 2026 07:28:00 GMT"])
def test_a_time_that_cannot_be_read_is_none(header: str) -> None:
    assert retries.Attempts(1, _request("GET")).after_answer(busy(503, retry_after=header)) is None


def test_waits_grow_and_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retries, "BASE_S", 1)
    attempt = retries.Attempts(3, _request("GET"))
    for most in (2, 4, 8):
        assert 0 <= attempt.after_error(httpx2.ConnectError("no")) <= most


def _request(method: str) -> Request[None]:
    return Request(method, "/", lambda _: None)
