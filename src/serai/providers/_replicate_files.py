"""What is too large to be part of a request is kept at Replicate for as long as the prediction takes."""

from __future__ import annotations

import re
import secrets
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import orjson

from serai.providers._base import Request
from serai.tasks import media

LARGEST = 256 * 1024
"""So much may a data: address be, by the service's own advice."""

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")

Send = Callable[[Request], Awaitable[Any]]
"""Posts, and gives the JSON that is answered."""


@asynccontextmanager
async def placed(request: Request, send: Send, forget: Callable[[str], None]) -> AsyncGenerator[Request, None]:
    """The request, in which addresses of files stand for what was too large; `forget` is told of each file's id once
    nobody needs it. Raises what `send` raises."""
    body = request.body
    assert isinstance(body, bytes)
    if len(body) <= LARGEST:
        yield request
        return
    files: list[str] = []
    asked = orjson.loads(body)
    try:
        for name, value in asked["input"].items():
            if isinstance(value, list):
                asked["input"][name] = [await _place(one, send, files) for one in value]
            else:
                asked["input"][name] = await _place(value, send, files)
        yield replace(request, body=orjson.dumps(asked))
    finally:
        for file in files:
            forget(file)


async def _place(value: Any, send: Send, files: list[str]) -> Any:
    """The address of a file in the place of what it holds; all else as it is."""
    if not isinstance(value, str) or len(value) <= LARGEST or not value.startswith("data:"):
        return value
    told = await send(_upload(*media.unpack(value)))
    if not _ID.fullmatch(str(told["id"])):
        raise ValueError("no file")
    files.append(str(told["id"]))
    return str(told["urls"]["get"])


def _upload(content: bytes, kind: str) -> Request:
    edge = secrets.token_hex(16)
    head = (
        f'--{edge}\r\nContent-Disposition: form-data; name="content"; filename="input"\r\nContent-Type: {kind}\r\n\r\n'
    )
    body = head.encode() + content + f"\r\n--{edge}--\r\n".encode()
    return Request("files", body, {"content-type": f"multipart/form-data; boundary={edge}"})
