"""Reads Replicate's streams: events with names, whose data are the words as they stand."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterable


async def events(chunks: AsyncIterable[bytes]) -> AsyncGenerator[tuple[str, str], None]:
    """Each event's name and data, however the bytes were cut. A line of data is a line of the text; one space after
    the colon is no part of it, any more is."""
    rest, name, data = b"", "", []
    async for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            field, _, value = line.removesuffix(b"\r").partition(b":")
            value = value.removeprefix(b" ")
            if field == b"event":
                name = value.decode("utf-8", "replace")
            elif field == b"data":
                data.append(value.decode("utf-8", "replace"))
            elif name and line in (b"", b"\r"):
                yield name, "\n".join(data)
                name, data = "", []
