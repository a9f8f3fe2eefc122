"""Which dialect an error is told in, also by the guard before any route is asked."""

from __future__ import annotations

from typing import Any

import pytest
from tests.unit.api.conftest import Api

from serai.api import envelopes

ADDRESSES = [
    ("/v1/messages", {}, "anthropic"),
    ("/v1/messages/batches", {}, "anthropic"),
    ("/v1/models", {}, "openai"),
    ("/v1/models/x", {b"anthropic-version": b"1"}, "anthropic"),
    ("/v1/chat/completions", {b"anthropic-version": b"1"}, "openai"),
    ("/api/chat", {}, "ollama"),
    ("/api/tags", {}, "ollama"),
    ("/api/v1/models", {}, "native"),
    ("/hub/api/models/x", {}, "hub"),
    ("/ws/chat", {}, "native"),
]


@pytest.mark.parametrize(("path", "headers", "dialect"), ADDRESSES)
def test_the_address_says_the_dialect(path: str, headers: Any, dialect: str) -> None:
    scope = {"type": "http", "path": path, "headers": list(headers.items())}
    assert envelopes.dialect_of(scope) == dialect
    assert envelopes.dialect_of({**scope, envelopes.DIALECT: "native"}) == "native"


async def test_the_guards_own_refusals_are_in_the_dialect_that_is_spoken(api: Api) -> None:
    elsewhere = {"host": "evil.example"}
    told = [(await api.post(path, headers=elsewhere, json={})).json() for path in ("/v1/messages", "/api/generate")]
    assert told[0]["type"] == "error" and told[0]["error"]["type"] == "permission_error"
    assert isinstance(told[1]["error"], str) and told[1]["serai"]["code"]


async def test_an_address_that_is_not_there_is_told_in_the_dialect_too(api: Api) -> None:
    assert (await api.get("/v1/messages/batches")).json()["error"]["type"] == "not_found_error"
    assert isinstance((await api.get("/api/nothing")).json()["error"], str)
