"""Whether an answer of the hub is the part of the file that was asked for."""

from __future__ import annotations

import aiohttp

from serai.hub.faults import Damaged
from serai.hub.remote import RemoteFile


class IgnoresRanges(Exception):
    """The server sends the whole file whatever is asked."""


def check(response: aiohttp.ClientResponse, file: RemoteFile, begin: int, end: int) -> None:
    """Whether the answer is what was asked for. Raises IgnoresRanges or Damaged."""
    if response.status == 200 and (begin or end < file.size):
        raise IgnoresRanges
    if response.status == 206:
        span, _, whole = response.headers.get("Content-Range", "").removeprefix("bytes ").partition("/")
        if whole.isdigit() and int(whole) != file.size:
            raise _other_length(file, int(whole))
        if not span.startswith(f"{begin}-"):
            raise IgnoresRanges
    elif response.content_length not in {None, file.size}:
        raise _other_length(file, response.content_length or 0)


def longer(file: RemoteFile) -> Damaged:
    """The fault of an answer that does not end where the file does."""
    return Damaged(f"{file.path} is longer than the hub says.", hint="Start it again.")


def _other_length(file: RemoteFile, length: int) -> Damaged:
    return Damaged(
        f"{file.path} has {file.size:,} bytes by the hub's list, and {length:,} by its server.",
        hint="A mirror may be out of date: start it again later, or change hub.endpoint.",
    )
