"""The OpenAPI document is valid, complete, and its examples are true to their schemas."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest

from serai import __version__
from serai.api.all import describe
from serai.api.describing.document import TAGS, operations

DOCUMENT = describe().openapi()
OPERATIONS = [pytest.param(path, operation, id=operation["operationId"]) for path, operation in operations(DOCUMENT)]
each = pytest.mark.parametrize(("path", "operation"), OPERATIONS)


def test_the_document_is_valid() -> None:
    validator = pytest.importorskip("openapi_spec_validator")
    validator.validate(DOCUMENT)


def test_it_is_versioned() -> None:
    assert (DOCUMENT["info"]["version"], DOCUMENT["openapi"]) == (__version__, "3.1.0")


def test_names_are_told_apart() -> None:
    names = [operation.values[1]["operationId"] for operation in OPERATIONS]  # type: ignore[index]
    assert len(set(names)) == len(names)


@each
def test_it_has_a_name_and_a_sentence(path: str, operation: dict[str, Any]) -> None:
    assert re.fullmatch(r"[a-z]+(_[a-z]+)*", operation["operationId"])
    summary = operation["summary"]
    assert summary[0].isupper() or summary[0].isdigit()
    assert 5 <= len(summary) <= 100 and "\n" not in summary
    assert set(operation["tags"]) <= set(TAGS)


@each
def test_its_examples_fit_their_schemas(path: str, operation: dict[str, Any]) -> None:
    for where, media in contents(operation):
        if "schema" in media:
            assert "example" in media, where
            for example in events(media["example"]) if "event-stream" in where else [media["example"]]:
                fits(media["schema"], example, where)


@each
def test_a_body_has_an_example_that_says_something(path: str, operation: dict[str, Any]) -> None:
    for where, media in contents(operation):
        if where == "request":
            assert media["example"]


@each
def test_its_parameters_have_examples_that_fit(path: str, operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", ()):
        if parameter["required"]:
            fits(parameter["schema"], parameter["example"], parameter["name"])


@each
def test_it_says_what_it_answers(path: str, operation: dict[str, Any]) -> None:
    for status, answer in operation["responses"].items():
        if status.startswith("2"):
            silent = status == "204" or operation["operationId"] in SILENT
            assert bool(answer.get("content")) is not silent


SILENT = {"copy_ollama_model", "delete_ollama_model", "push_ollama_model", "send_ollama_blob", "has_ollama_blob"}


@each
def test_its_errors_are_described_in_its_dialect(path: str, operation: dict[str, Any]) -> None:
    for status in ("4XX", "5XX"):
        schema = operation["responses"][status]["content"]["application/json"]["schema"]["$ref"]
        assert schema.rpartition("/")[2] == _envelope(path)


def test_the_example_of_an_error_is_what_a_server_says() -> None:
    told = DOCUMENT["paths"]["/v1/chat/completions"]["post"]["responses"]["4XX"]["content"]["application/json"]
    assert told["example"]["error"]["code"] == "model_not_found"


def _envelope(path: str) -> str:
    if path.startswith("/v1/messages"):
        return "AnthropicError"
    if path.startswith(("/v1/", "/v2/")):
        return "OpenAIError"
    if path == "/api/chat":
        return "EitherError"
    return "ErrorAnswer" if path.startswith(("/api/v1/", "/health", "/ready", "/metrics")) else "PlainError"


def contents(operation: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for media in operation.get("requestBody", {}).get("content", {}).values():
        yield "request", media
    for status, answer in operation["responses"].items():
        for name, media in answer.get("content", {}).items():
            yield f"{status} {name}", media


def events(stream: str) -> list[dict[str, str]]:
    """A stream's events, each by its fields."""
    lines = [piece.splitlines() for piece in stream.strip().split("\n\n")]
    return [dict(line.split(": ", 1) for line in piece) for piece in lines]


def fits(schema: dict[str, Any], value: Any, where: str) -> None:
    whole = {**schema, "components": DOCUMENT["components"]}
    faults = [f"{where}: {fault.instance_path}: {fault.message}" for fault in validator(whole).iter_errors(value)]
    assert faults == []


def validator(schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(schema)
