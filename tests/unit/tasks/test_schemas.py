from __future__ import annotations

from typing import Any

import pytest

from serai.errors import BadRequest
from serai.tasks import schemas, text_generation

TEXT = {"type": "string"}


def nested(levels: int) -> Any:
    schema: Any = TEXT
    for _ in range(levels):
        schema = {"type": "object", "properties": {"a": schema}}
    return schema


def wide(count: int, **more: Any) -> Any:
    return {"type": "object", "properties": {f"p{number}": TEXT for number in range(count)}, **more}


@pytest.mark.parametrize(
    "schema",
    [TEXT, {}, nested(99), wide(300), wide(2000, required=[f"p{n}" for n in range(2000)]), {"enum": ["x"] * 2000}],
)
def test_what_people_write_fits(schema: Any) -> None:
    schemas.check(schema, "response_format")


@pytest.mark.parametrize(
    ("schema", "said"),
    [
        (nested(102), "deeper than 100"),
        (wide(301), "more than 300 properties"),
        ({"enum": ["x"] * 2001}, "more than 2,000 values"),
        ({"anyOf": [{"enum": ["x"] * 1500}, {"enum": ["x"] * 1500}]}, "more than 2,000 values"),
        ({"anyOf": [TEXT] * 20_001}, "more than 20,000 parts"),
    ],
)
def test_what_an_engine_would_brood_over_is_refused(schema: Any, said: str) -> None:
    with pytest.raises(BadRequest, match=said) as caught:
        schemas.check(schema, "response_format")
    assert caught.value.facts["field"] == "response_format"


def test_a_setting_with_such_a_schema_does_not_fit() -> None:
    shape = {"type": "json_schema", "json_schema": {"name": "x", "schema": wide(1000)}}
    with pytest.raises(BadRequest, match="response_format"):
        text_generation.check({"response_format": shape})
