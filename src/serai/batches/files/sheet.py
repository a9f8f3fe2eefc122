"""The rows of files as people have them: JSONL, CSV, TSV and plain lines; Parquet comes through a process of its own.
Files are not trusted: nothing is read whole, and what is wrong with one row is said of that row alone."""

from __future__ import annotations

import csv
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from itertools import islice
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple, get_args

import orjson

from serai.errors import BadRequest

Kind = Literal["jsonl", "csv", "tsv", "txt", "parquet"]
KINDS: tuple[str, ...] = get_args(Kind)

MOST_BYTES = 16_000_000
"""The longest row. A longer one is passed over, and that is its answer."""

MOST_COLUMNS = 4096
TEXT = "text"
"""The column of a file that has lines only."""

_BOM = b"\xef\xbb\xbf"
_ALIASES = {"ndjson": "jsonl", "json": "jsonl", "tab": "tsv", "text": "txt", "pq": "parquet"}
_TOO_LONG = f"This row is longer than {MOST_BYTES // 1_000_000} MB."


class Row(NamedTuple):
    """A row by its number from 1, or what is wrong with it."""

    number: int
    values: Mapping[str, Any]
    fault: str = ""


Values = tuple[Mapping[str, Any], str]


def kind_of(name: str) -> Kind:
    """What a file is, by the end of its name. Raises BadRequest for what is no table."""
    ending = name.rpartition(".")[2].lower()
    kind = _ALIASES.get(ending, ending)
    if kind not in KINDS:
        raise BadRequest(f"{name[:200]!r} is no table that can be read.", hint=f"It can be: {', '.join(KINDS)}.")
    return kind  # type: ignore[return-value]


def rows(files: Sequence[tuple[Path, Kind]]) -> Generator[Row, None, None]:
    """All rows of these files, numbered throughout: always alike while the files stay. Close it. Raises BadRequest
    for a file that cannot be read at all, MissingExtra for Parquet where nothing reads it, and OSError."""
    number = 0
    for path, kind in files:
        with closing(_READERS[kind](path)) as values:
            for found, fault in values:
                number += 1
                yield Row(number, found, fault)


def count(files: Sequence[tuple[Path, Kind]], most: int) -> int:
    """How many rows there are, as far as that. Raises as `rows` does."""
    found = 0
    for path, kind in files:
        if kind == "parquet":
            from serai.batches.files import parquet_process

            found += parquet_process.count(path)
        else:
            with closing(_lines(path) if kind in ("jsonl", "txt") else _READERS[kind](path)) as lines:
                found += sum(not isinstance(line, bytes) or bool(line.strip()) for line in islice(lines, most))
        if found >= most:
            return most
    return found


def _lines(path: Path) -> Generator[bytes | None, None, None]:
    """The lines as they are; None stands for one that is too long."""
    with path.open("rb") as file:
        yield from bounded(file)


def bounded(file: IO[bytes], most: int = MOST_BYTES) -> Generator[bytes | None, None, None]:
    """A file's lines, none of them longer than that; None stands for one that is."""
    first = True
    while line := file.readline(most + 1):
        if first and line.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise BadRequest("The file is UTF-16.", hint="Save it as UTF-8.")
        if len(line) > most and not line.endswith(b"\n"):
            while (rest := file.readline(most)) and not rest.endswith(b"\n"):
                pass
            yield None
        else:
            yield line.removeprefix(_BOM) if first else line
        first = False


def objects(lines: Iterator[bytes | None]) -> Generator[Values, None, None]:
    """Lines of JSON, each an object."""
    for line in lines:
        if line is None:
            yield {}, _TOO_LONG
        elif line.strip():
            yield _object(line)


def _object(line: bytes) -> Values:
    try:
        found = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return {}, f"This row is not JSON: {error.msg}."
    return (found, "") if isinstance(found, dict) else ({}, "This row is not a JSON object.")


def _jsonl(path: Path) -> Generator[Values, None, None]:
    with closing(_lines(path)) as lines:
        yield from objects(lines)


def _txt(path: Path) -> Generator[Values, None, None]:
    with closing(_lines(path)) as lines:
        for line in lines:
            if line is None:
                yield {}, _TOO_LONG
            elif line.strip():
                try:
                    yield {TEXT: line.decode("utf-8").rstrip("\r\n")}, ""
                except UnicodeDecodeError:
                    yield {}, _NOT_UTF8


def _csv(path: Path) -> Generator[Values, None, None]:
    return _table(path, ",")


def _tsv(path: Path) -> Generator[Values, None, None]:
    return _table(path, "\t")


def _parquet(path: Path) -> Generator[Values, None, None]:
    from serai.batches.files import parquet_process

    return parquet_process.rows(path)


_READERS: Mapping[Kind, Callable[[Path], Generator[Values, None, None]]] = {
    "jsonl": _jsonl,
    "csv": _csv,
    "tsv": _tsv,
    "txt": _txt,
    "parquet": _parquet,
}
_NOT_UTF8 = "This row is not UTF-8."


class _Texts:
    """The lines as the csv module wants them. `lost` says that one which was too long is not among them."""

    def __init__(self, lines: Iterator[bytes | None]) -> None:
        self._lines = lines
        self.lost = False

    def __iter__(self) -> Iterator[str]:
        for line in self._lines:
            self.lost = self.lost or line is None
            # Half characters stay visible as such, to be found in the row that they are in.
            yield "\n" if line is None else line.decode("utf-8", "surrogateescape")


def _table(path: Path, delimiter: str) -> Generator[Values, None, None]:
    with closing(_lines(path)) as lines:
        texts = _Texts(lines)
        csv.field_size_limit(MOST_BYTES)
        reader = csv.reader(texts, delimiter=delimiter)
        names = _header(reader)
        while True:
            texts.lost = False
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error as error:
                yield {}, f"This row is no {'CSV' if delimiter == ',' else 'TSV'}: {error}."
                continue
            if texts.lost:
                yield {}, _TOO_LONG
            elif cells:
                yield _record(names, cells)


def _header(reader: Iterator[list[str]]) -> list[str]:
    try:
        names = [name.strip() for name in next(reader, [])]
    except csv.Error as error:
        raise BadRequest(f"The file's first row cannot be read: {error}.") from error
    if not any(names):
        raise BadRequest("The file has no first row that names its columns.")
    if len(set(names)) < len(names) or len(names) > MOST_COLUMNS:
        twice = next((name for name in names if names.count(name) > 1), "")
        raise BadRequest(f"Two columns are called {twice[:80]!r}." if twice else "The file has too many columns.")
    if not _whole("".join(names)):
        raise BadRequest("The file is not UTF-8.", hint="Save it as UTF-8.")
    return names


def _record(names: Sequence[str], cells: Sequence[str]) -> Values:
    if len(cells) > len(names):
        return {}, f"This row has {len(cells)} cells, and there are {len(names)} columns."
    if not _whole("".join(cells)):
        return {}, _NOT_UTF8
    return dict(zip(names, cells, strict=False)), ""


def _whole(text: str) -> bool:
    return not any("\udc80" <= letter <= "\udcff" for letter in text) if not text.isascii() else True
