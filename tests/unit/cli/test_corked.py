from __future__ import annotations

import asyncio

import pytest

from serai.cli.corked import Corked


class Line:
    """A transport that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[object] = []
        self.closing = False

    def write(self, data: bytes) -> None:
        self.told.append(data)

    def write_eof(self) -> None:
        self.told.append("eof")

    def close(self) -> None:
        self.closing = True
        self.told.append("close")

    def is_closing(self) -> bool:
        return self.closing

    def get_extra_info(self, name: str) -> str:
        return f"the {name}"


@pytest.fixture
async def line() -> Line:
    return Line()


def corked(line: Line) -> Corked:
    return Corked(line, asyncio.get_running_loop())  # type: ignore[arg-type]


async def test_what_is_written_before_the_loop_turns_leaves_together(line: Line) -> None:
    out = corked(line)
    out.write(b"head ")
    out.writelines([b"and ", b"body"])
    assert line.told == []
    await asyncio.sleep(0)
    assert line.told == [b"head and body"]
    out.write(b"more")
    await asyncio.sleep(0)
    assert line.told == [b"head and body", b"more"]


async def test_much_leaves_at_once_so_that_its_writer_hears_when_to_wait(line: Line) -> None:
    out = corked(line)
    out.write(b"head ")
    out.write(b"x" * 70_000)
    assert line.told == [b"head " + b"x" * 70_000]
    await asyncio.sleep(0)
    assert len(line.told) == 1


@pytest.mark.parametrize("end", ["close", "write_eof"])
async def test_an_end_comes_after_all_that_was_written(line: Line, end: str) -> None:
    out = corked(line)
    out.write(b"last words")
    getattr(out, end)()
    assert line.told == [b"last words", "close" if end == "close" else "eof"]
    await asyncio.sleep(0)
    assert len(line.told) == 2


async def test_nothing_is_written_to_a_connection_that_was_cut(line: Line) -> None:
    out = corked(line)
    out.write(b"too late")
    line.closing = True
    await asyncio.sleep(0)
    assert line.told == []


async def test_all_else_is_the_transports_own(line: Line) -> None:
    assert corked(line).get_extra_info("peername") == "the peername" and not corked(line).is_closing()
