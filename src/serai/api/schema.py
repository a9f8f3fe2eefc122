"""Prints the OpenAPI document without starting anything: `python -m serai.api.schema`. The web build reads it."""

from __future__ import annotations

import sys

import orjson


def main() -> None:
    from serai.api.all import describe

    sys.stdout.buffer.write(orjson.dumps(describe().openapi(), option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
    sys.stdout.buffer.write(b"\n")


if __name__ == "__main__":
    main()
