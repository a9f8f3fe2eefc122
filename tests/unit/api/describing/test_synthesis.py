from __future__ import annotations

from typing import Any

import jsonschema_rs
import pytest

from serai.api.describing.synthesis import example

TREE = {"type": "object", "properties": {"inner": {"anyOf": [{"$ref": "#/components/schemas/Tree"}, {"type": "null"}]}}}


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "minLength": 3},
        {"type": "string", "maxLength": 2},
        {"type": "integer", "minimum": 7, "maximum": 9},
        {"type": "number", "exclusiveMinimum": 0, "maximum": 0.5},
        {"type": "array", "items": {"type": "integer"}, "minItems": 3},
        {"anyOf": [{"type": "integer"}, {"type": "null"}]},
        {"enum": ["a", "b"]},
        {"const": 4},
        {"type": "object", "properties": {"a": {"type": "boolean"}}, "required": ["a"]},
        {},
    ],
)
def test_an_example_fits(schema: dict[str, Any]) -> None:
    jsonschema_rs.validate(schema, example(schema, {}, "thing"))


def test_what_the_schema_gives_is_taken() -> None:
    assert example({"type": "string", "examples": ["org/name"]}, {}) == "org/name"


def test_a_schema_that_holds_itself_ends() -> None:
    assert str(example({"$ref": "#/components/schemas/Tree"}, {"Tree": TREE})).count("inner") < 20


def test_a_name_says_what_it_is_like() -> None:
    assert example({"type": "integer"}, {}, "context_length") == 32768
    assert example({"type": "number"}, {}, "created_at") > 1e9
