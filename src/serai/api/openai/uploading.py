"""A form with a file in it, read as it comes: what is large never lies in memory whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from aiohttp import BodyPartReader, MultipartReader, StreamReader
from aiohttp.base_protocol import BaseProtocol
from aiohttp.http_exceptions import HttpProcessingError
from starlette.requests import Request

from serai.errors import BadRequest

_AHEAD = 256 * 1024
_CHUNK = 64 * 1024
_LONGEST_FIELD = 64 * 1024
_MOST_FIELDS = 32


class Part:
    """A field of a form. A file's content is read before the next part is asked for."""

    def __init__(self, part: BodyPartReader) -> None:
        self.name = part.name or ""
        self.filename = part.filename
        self.kind = part.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        self._part = part

    async def text(self) -> str:
        """A small field. Raises BadRequest."""
        data = bytearray()
        async for chunk in self.chunks():
            data += chunk
            if len(data) > _LONGEST_FIELD:
                raise BadRequest(f"{self.name} is too long.", param=self.name)
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadRequest(f"{self.name} is not valid UTF-8.", param=self.name) from error

    async def chunks(self) -> AsyncIterator[bytes]:
        while chunk := await self._part.read_chunk(_CHUNK):
            yield bytes(chunk)


async def parts(request: Request) -> AsyncGenerator[Part, None]:
    """The form's fields in their order. Raises BadRequest for what is no such form, or is cut off."""
    kind = request.headers.get("content-type", "")
    if not kind.startswith("multipart/form-data"):
        raise BadRequest("A form is expected as body.", hint="Send it as multipart/form-data, with the field `file`.")
    gate = _Gate()
    content = StreamReader(gate, _AHEAD, loop=asyncio.get_running_loop())
    feeding = asyncio.create_task(_feed(request, content, gate))
    try:
        reader = MultipartReader({"Content-Type": kind}, content)
        count = 0
        while (part := await reader.next()) is not None:
            count += 1
            if not isinstance(part, BodyPartReader) or count > _MOST_FIELDS:
                raise BadRequest("The form holds more than fields and a file.")
            yield Part(part)
    except (ValueError, AssertionError, LookupError, EOFError, HttpProcessingError) as error:
        raise BadRequest("The form cannot be read: it is damaged or cut off.") from error
    finally:
        feeding.cancel()
        await asyncio.wait([feeding])
        if not feeding.cancelled():
            feeding.exception()  # was raised where the form is read


class _Gate(BaseProtocol):
    """Closed while what has come is not read yet."""

    def __init__(self) -> None:
        super().__init__(asyncio.get_running_loop())
        self.open = asyncio.Event()
        self.open.set()

    @property
    def connected(self) -> bool:
        """A reader asks before it waits."""
        return True

    def pause_reading(self) -> None:
        self.open.clear()

    def resume_reading(self, resume_parser: bool = True) -> None:  # noqa: ARG002
        self.open.set()


async def _feed(request: Request, content: StreamReader, gate: _Gate) -> None:
    try:
        async for chunk in request.stream():
            await gate.open.wait()
            content.feed_data(chunk)
        content.feed_eof()
    except Exception as error:  # whoever reads must not wait for ever
        content.set_exception(error)
        raise
