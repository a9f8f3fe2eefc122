"""What people and programs send that they should not, in every dialect: told in its words, at once, and survived."""

from __future__ import annotations

import base64
import json
import struct
import time
import zlib
from collections.abc import Iterator
from typing import Any

import httpx2
import psutil
import pytest

from tests.e2e.conftest import Server

pytestmark = [pytest.mark.engine, pytest.mark.slow]

SOON_S = 15.0
FLAT = 120 << 20
"""So many bytes more at most for whatever comes: a body is 8 MB at most, and is held as text and as objects."""

HI: Any = [{"role": "user", "content": "hi"}]


def openai(messages: Any = HI, **more: Any) -> Any:
    return "/v1/chat/completions", {"model": "serai-guide", "max_tokens": 2, "messages": messages, **more}


def responses(messages: Any = HI, **more: Any) -> Any:
    return "/v1/responses", {"model": "serai-guide", "max_output_tokens": 2, "input": messages, **more}


def anthropic(messages: Any = HI, **more: Any) -> Any:
    return "/v1/messages", {"model": "serai-guide", "max_tokens": 2, "messages": messages, **more}


def ollama(messages: Any = HI, **more: Any) -> Any:
    body = {"model": "serai-guide", "stream": False, "options": {"num_predict": 2}, "messages": messages, **more}
    return "/api/chat", body


DIALECTS = {"openai": openai, "responses": responses, "anthropic": anthropic, "ollama": ollama}
every_dialect = pytest.mark.parametrize("dialect", DIALECTS)


def told(dialect: str, response: httpx2.Response) -> str:
    """An error's words, where the dialect has them."""
    body = response.json()
    if dialect == "anthropic":
        assert body["type"] == "error" and body["error"]["type"]
    if dialect == "ollama":
        assert body["error"] and isinstance(body["error"], str)
        return str(body["error"])
    if dialect in ("openai", "responses"):
        assert {"message", "type", "param", "code"} <= body["error"].keys()
    return str(body["error"]["message"])


@pytest.fixture(autouse=True)
def survived(server: Server) -> Iterator[None]:
    """After whatever was sent the server answers as before, and has not grown."""
    process = psutil.Process(server.process.pid)
    before = process.memory_info().rss
    yield
    began = time.monotonic()
    assert server.get("/health").status_code == 200
    assert time.monotonic() - began < SOON_S
    assert process.memory_info().rss - before < FLAT


def send(server: Server, path: str, body: Any) -> httpx2.Response:
    """A text goes as it is. No answer takes long, and none is a fault of ours."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = httpx2.post(server.url + path, content=content, timeout=SOON_S)
    assert response.status_code < 500, response.text
    return response


def refused(server: Server, dialect: str, messages: Any = HI, **more: Any) -> str:
    response = send(server, *DIALECTS[dialect](messages, **more))
    assert 400 <= response.status_code < 500, response.text
    return told(dialect, response)


BODIES = {
    "nothing": b"",
    "half": b"{",
    "null": b"null",
    "a list": b"[]",
    "a text": b'"hi"',
    "no UTF-8": b'{"model": "\xff\xfe"}',
    "a lone surrogate": b'{"model": "\\ud800"}',
    "UTF-16": '{"model": "x"}'.encode("utf-16"),
    "NaN": b'{"model": "serai-guide", "temperature": NaN}',
    "infinity": b'{"model": "serai-guide", "temperature": 1e400}',
    "a wall of brackets": b'{"messages":' + b"[" * 500_000,
    "deep lists": b'{"model": "x", "messages":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
    "deep objects": b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    "hardly anything": b'{"model": ""}',
    "after the end": b'{"model": "serai-guide"} {"model": "x"}',
    "null bytes": b"\x00" * 1000,
    "a name of a megabyte": b'{"model": "' + b"x" * (1 << 20) + b'"}',
}


@every_dialect
@pytest.mark.parametrize("what", BODIES)
def test_a_broken_body_is_the_askers_fault(server: Server, dialect: str, what: str) -> None:
    path, _ = DIALECTS[dialect]()
    response = send(server, path, BODIES[what])
    assert 400 <= response.status_code < 500
    assert len(told(dialect, response)) < 1000


VALUES: Any = [-0.0, -1, 2**70, 1e308, "NaN", "", {}, [[]], True, "x" * 2000, "\x00", None]
FIELDS = {
    "openai": (
        "model",
        "messages",
        "stream",
        "stream_options",
        "tools",
        "tool_choice",
        "n",
        "seed",
        "temperature",
        "stop",
    ),
    "responses": ("model", "input", "stream", "tools", "text", "reasoning", "include", "metadata", "max_output_tokens"),
    "anthropic": ("model", "messages", "max_tokens", "system", "stop_sequences", "thinking", "tools", "tool_choice"),
    "ollama": ("model", "messages", "stream", "options", "format", "think", "keep_alive", "tools", "logprobs"),
}


@pytest.mark.parametrize(("dialect", "field"), [(dialect, field) for dialect in FIELDS for field in FIELDS[dialect]])
def test_a_field_of_any_value_is_taken_or_refused_by_name(server: Server, dialect: str, field: str) -> None:
    for value in VALUES:
        response = send(server, *DIALECTS[dialect](**{field: value}))
        if response.status_code >= 400:
            words = told(dialect, response)
            assert field.split("_", maxsplit=1)[0] in words or "tokens" in words, (value, words)


@every_dialect
def test_ten_thousand_messages_are_answered_or_refused_in_words(server: Server, dialect: str) -> None:
    many = [{"role": role, "content": "hi"} for role in ("user", "assistant")] * 5000
    response = send(server, *DIALECTS[dialect](many))
    assert response.status_code == 200 or "tokens" in told(dialect, response)


LOOP: Any = {"$ref": "#/$defs/a", "$defs": {"a": {"type": "object", "properties": {"a": {"$ref": "#/$defs/a"}}}}}
DEEP: Any = {"type": "object"}
for _ in range(120):
    DEEP = {"type": "object", "properties": {"a": DEEP}, "required": ["a"]}
SCHEMAS: Any = {
    "a loop": LOOP,
    "a reference to itself": {"$ref": "#"},
    "a reference elsewhere": {"$ref": "http://127.0.0.1:1/x.json"},
    "a reference to nothing": {"$ref": "#/$defs/nothing"},
    "a deep one": DEEP,
    "a wide one": {"type": "object", "properties": {f"p{n}": {"type": "string"} for n in range(5000)}},
    "no type": {"type": "nothing"},
    "a bad pattern": {"type": "string", "pattern": "((((("},
    "a slow pattern": {"type": "string", "pattern": "^(a+)+$"},
    "a huge repeat": {"type": "string", "minLength": 10**9},
    "a huge list": {"type": "array", "minItems": 10**9, "items": {"type": "string"}},
    "many enums": {"enum": [f"value {n}" for n in range(20_000)]},
    "text for properties": {"type": "object", "properties": "x"},
}


def with_schema(dialect: str, schema: Any) -> Any:
    if dialect == "openai":
        return {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}}
    if dialect == "responses":
        return {"text": {"format": {"type": "json_schema", "name": "x", "schema": schema}}}
    if dialect == "anthropic":
        return {"output_config": {"format": {"type": "json_schema", "schema": schema}}}
    return {"format": schema}


def with_tool(dialect: str, schema: Any) -> Any:
    function = {"name": "look", "description": "Looks.", "parameters": schema}
    if dialect == "responses":
        return {"tools": [{"type": "function", **function}]}
    if dialect == "anthropic":
        return {"tools": [{"name": "look", "input_schema": schema}]}
    return {"tools": [{"type": "function", "function": function}]}


@every_dialect
@pytest.mark.parametrize("what", SCHEMAS)
@pytest.mark.parametrize("place", ["answer", "tool"])
def test_no_schema_breaks_a_model(server: Server, dialect: str, what: str, place: str) -> None:
    more = (with_schema if place == "answer" else with_tool)(dialect, SCHEMAS[what])
    response = send(server, *DIALECTS[dialect](**more))
    if response.status_code >= 400:
        assert told(dialect, response)


@every_dialect
def test_a_tool_of_twenty_thousand_tokens_is_told_as_too_long(server: Server, dialect: str) -> None:
    large = {"type": "object", "properties": {f"field_{n}": {"type": "string", "title": "x y"} for n in range(2000)}}
    response = send(server, *DIALECTS[dialect](**with_tool(dialect, large)))
    assert response.status_code in (200, 400)


def png(width: int, height: int) -> bytes:
    """One that claims to be so large, and is some bytes long."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 99)) + chunk(b"IEND", b"")


def gif(frames: int) -> bytes:
    frame = b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\0\0\0\xff\xff\xff" + frame * frames + b"\x3b"


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


PICTURES = {
    "a bomb": encoded(png(50_000, 50_000)),
    "an empty one": encoded(png(0, 0)),
    "ten thousand frames": encoded(gif(10_000)),
    "no base64": "!!!!",
    "nothing": "",
    "a text": encoded(b"hello"),
    "half a head": encoded(b"\x89PNG\r\n\x1a\n\0\0"),
    "null bytes": encoded(b"\0" * 100),
    "a program": encoded(b"MZ" + b"\0" * 500),
    "another alphabet": "سلام",
}


def with_picture(dialect: str, data: str) -> Any:
    if dialect == "anthropic":
        source = {"type": "base64", "media_type": "image/png", "data": data}
        return [{"role": "user", "content": [{"type": "image", "source": source}]}]
    if dialect == "ollama":
        return [{"role": "user", "content": "look", "images": [data]}]
    if dialect == "responses":
        url = f"data:image/png;base64,{data}"
        return [{"role": "user", "content": [{"type": "input_image", "image_url": url}]}]
    url = {"url": f"data:image/png;base64,{data}"}
    return [{"role": "user", "content": [{"type": "image_url", "image_url": url}]}]


@every_dialect
def test_no_picture_breaks_a_model(server: Server, dialect: str) -> None:
    for what, data in PICTURES.items():
        assert refused(server, dialect, with_picture(dialect, data)), what


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "http://169.254.169.254/x", "ftp://x/y", "data:text/html,x", "x"]
)
@pytest.mark.parametrize("dialect", ["openai", "responses", "anthropic"])
def test_no_picture_is_fetched_from_where_it_must_not(server: Server, dialect: str, url: str) -> None:
    pictures = {
        "openai": {"type": "image_url", "image_url": {"url": url}},
        "responses": {"type": "input_image", "image_url": url},
        "anthropic": {"type": "image", "source": {"type": "url", "url": url}},
    }
    assert "root:" not in refused(server, dialect, [{"role": "user", "content": [pictures[dialect]]}])


@every_dialect
@pytest.mark.parametrize(
    "text", ["\x00", "a\x00b", "\u202e\ufeff", "", " ", "<|im_start|>system", "\U0001f468\u200d" * 50]
)
def test_odd_text_is_taken_as_text(server: Server, dialect: str, text: str) -> None:
    response = send(server, *DIALECTS[dialect]([{"role": "user", "content": text}]))
    if response.status_code >= 400:
        assert told(dialect, response)


@every_dialect
def test_a_name_that_is_there_twice_counts_once(server: Server, dialect: str) -> None:
    path, body = DIALECTS[dialect]()
    twice = json.dumps(body)[:-1] + ', "model": "no-such-model"}'
    response = send(server, path, twice.encode())
    assert response.status_code == 404
    assert "no-such-model" in told(dialect, response)


@every_dialect
def test_what_nobody_knows_is_let_through_and_named(server: Server, dialect: str) -> None:
    response = send(server, *DIALECTS[dialect](frobnicate=1))
    assert (response.status_code, response.headers["x-serai-ignored-fields"]) == (200, "frobnicate")


CANNOT = [
    ("openai", "audio", {"voice": "x"}),
    ("openai", "functions", [{"name": "x"}]),
    ("openai", "web_search_options", {}),
    ("responses", "background", True),
    ("responses", "conversation", "conv_1"),
    ("anthropic", "container", "x"),
    ("anthropic", "mcp_servers", [{"url": "x"}]),
    ("ollama", "width", 512),
]


@pytest.mark.parametrize(("dialect", "field", "value"), CANNOT)
def test_what_cannot_be_honoured_is_refused_by_name(server: Server, dialect: str, field: str, value: Any) -> None:
    assert field in refused(server, dialect, **{field: value})


@every_dialect
@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data", "x" * 200, "", "image/png"])
def test_json_under_another_name_is_still_read_or_refused(server: Server, dialect: str, kind: str) -> None:
    path, body = DIALECTS[dialect]()
    response = httpx2.post(server.url + path, content=json.dumps(body), headers={"content-type": kind}, timeout=SOON_S)
    assert response.status_code in (200, 400, 415, 422)


@every_dialect
def test_a_body_over_the_limit_is_refused(server: Server, dialect: str) -> None:
    path, _ = DIALECTS[dialect]()
    response = send(server, path, b" " * 8_000_001)
    assert response.status_code == 413
    assert "8 MB" in told(dialect, response)
