from __future__ import annotations

import asyncio

import pytest

from serai.telemetry import tracing
from serai.types import Trace

IDS = "0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331"


@pytest.mark.parametrize(
    ("header", "sampled"),
    [(f"00-{IDS}-01", True), (f"00-{IDS}-00", False), (f"00-{IDS}-03", True), (f"cc-{IDS}-01-what-comes-later", True)],
)
def test_a_caller_is_read(header: str, sampled: bool) -> None:
    trace_id, span_id = IDS.split("-")
    assert tracing.read(header.encode()) == Trace(trace_id, span_id, sampled=sampled)


@pytest.mark.parametrize(
    "header",
    [
        *("", "00", f"ff-{IDS}-01", f"00-{IDS}-01-more", f"00-{IDS}", f"00-{IDS.upper()}-01", f"00-{IDS}-0g"),
        *(f"00-{'0' * 32}-{'1' * 16}-01", f"00-{'1' * 32}-{'0' * 16}-01", f"cc-{IDS}-01-{'x' * 300}", f"00-{IDS}-01\n"),
    ],
)
def test_what_is_none_is_as_if_it_were_not_there(header: str) -> None:
    assert tracing.read(header.encode()) is None


async def test_a_call_is_below_its_caller_and_so_are_the_tasks_that_it_begins() -> None:
    tracing.hear(f"00-{IDS}-00".encode())
    first = tracing.begin()
    second = await asyncio.create_task(_begin())
    assert f"{first.trace_id}-{first.parent_id}" == IDS and not first.sampled
    assert (second.trace_id, second.parent_id) == (first.trace_id, first.parent_id)
    assert second.span_id != first.span_id
    tracing.hear(b"nonsense")
    third = tracing.begin()
    assert third.trace_id != first.trace_id and third.parent_id == "" and third.sampled


def test_whoever_is_asked_next_reads_what_we_write() -> None:
    ours = tracing.begin()
    assert tracing.read(ours.header.encode()) == Trace(ours.trace_id, ours.span_id, sampled=True)


async def _begin() -> Trace:
    return tracing.begin()
