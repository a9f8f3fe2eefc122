"""Prints the OpenAPI document without starting anything: `python -m serai.api.schema`. With `--types`, only what types
are made of, without examples; the web build reads that."""

from __future__ import annotations

import sys
from typing import Any

import orjson


def main() -> None:
    from serai.api.all import describe

    document = describe().openapi()
    if "--types" in sys.argv:
        document = _without_examples(document)
    sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
    sys.stdout.buffer.write(b"\n")


def _without_examples(document: dict[str, Any]) -> dict[str, Any]:
    from serai.api.describing.document import operations

    for _, operation in operations(document):
        body = operation.get("requestBody") or {}
        for holder in (body, *operation["responses"].values()):
            for media in (holder.get("content") or {}).values():
                media.pop("example", None)
        for parameter in operation.get("parameters", ()):
            parameter.pop("example", None)
    return document


if __name__ == "__main__":
    main()
