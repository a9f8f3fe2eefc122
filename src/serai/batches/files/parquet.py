"""A program of its own: Parquet to lines of JSON, and back. Such files are dense, and what they unpack to is not known
before: whoever runs this bounds its memory, so that a hostile one ends this process and no other.

`python -m serai.batches.files.parquet read FILE`, `… count FILE`, `… write LINES FILE`."""

from __future__ import annotations

import base64
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from serai.tasks import media

_AT_ONCE = 64
_WRITTEN_AT_ONCE = 1000
_MOST_HEAD = 64_000_000


def read(path: Path) -> None:
    """Writes the rows to stdout, each as a line of JSON."""
    from pyarrow import parquet

    limits = {"thrift_string_size_limit": _MOST_HEAD, "thrift_container_size_limit": 1_000_000}
    with parquet.ParquetFile(path, pre_buffer=False, buffer_size=1 << 16, **limits) as file:
        for batch in file.iter_batches(batch_size=_AT_ONCE, use_threads=False):
            names = batch.schema.names
            for index in range(batch.num_rows):
                row = {name: batch.column(at)[index].as_py() for at, name in enumerate(names)}
                sys.stdout.buffer.write(orjson.dumps(plain(row)) + b"\n")
            sys.stdout.buffer.flush()


def count(path: Path) -> None:
    """Writes the number of rows to stdout."""
    from pyarrow import parquet

    sys.stdout.write(f"{parquet.read_metadata(path).num_rows}\n")


def write(lines: Path, path: Path) -> None:
    """Writes answers as a table; what is no plain value stands there as JSON."""
    import pyarrow
    from pyarrow import parquet

    text, whole, real = pyarrow.string(), pyarrow.int64(), pyarrow.float64()
    types = {"row": whole, "prompt_tokens": whole, "completion_tokens": whole, "cost": real}
    names = ("row", "input", "output", "error", "finish", "model", *list(types)[1:], "from_cache")
    types["from_cache"] = pyarrow.bool_()
    schema = pyarrow.schema([(name, types.get(name, text)) for name in names])
    with parquet.ParquetWriter(path, schema, compression="zstd") as writer:
        for part in _parts(lines):
            columns = {name: [_cell(row.get(name), plain=name in types) for row in part] for name in names}
            writer.write_table(pyarrow.table(columns, schema=schema))


def plain(value: Any) -> Any:
    """A value as JSON has it. A picture or sound becomes a `data:` address, other bytes base64, a time ISO 8601."""
    if isinstance(value, dict):
        if value.keys() == {"bytes", "path"} and isinstance(value["bytes"], bytes):
            return media.pack(value["bytes"], media.kind_of(value["bytes"]) or "application/octet-stream")
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(part) for part in value]
    if isinstance(value, bytes):
        return base64.b64encode(value).decode("ascii")
    if isinstance(value, int) and not -(2**63) <= value < 2**64:
        return str(value)
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _parts(lines: Path) -> Iterator[Sequence[dict[str, Any]]]:
    part: list[dict[str, Any]] = []
    with lines.open("rb") as file:
        for line in file:
            part.append(orjson.loads(line))
            if len(part) == _WRITTEN_AT_ONCE:
                yield part
                part = []
    yield part


def _cell(value: Any, *, plain: bool) -> Any:
    return value if value is None or plain or isinstance(value, str) else orjson.dumps(value).decode()


def main(arguments: Sequence[str]) -> None:
    what, *paths = arguments
    first, *others = map(Path, paths)
    if what == "write":
        write(first, *others)
    else:
        (count if what == "count" else read)(first)


if __name__ == "__main__":
    main(sys.argv[1:])
