"""One prediction of Replicate: watched, read as it comes, fetched, cancelled."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator, Mapping
from typing import Any

import aiohttp
import orjson
from yarl import URL

from serai.errors import ModelFailed, SeraiError
from serai.providers import _lines, _replicate_events
from serai.providers._base import Request, Service
from serai.stream import CutShort
from serai.tasks import media

_ENDED = ("succeeded", "failed", "canceled", "aborted")
_ID = re.compile(r"[A-Za-z0-9]{1,64}")
_FIRST_S, _LONGEST_S = 0.1, 1.0
_LATER = (429, 500, 502, 503, 504)


class Prediction:
    """`now` is what the service said of it last. It is asked for with the key that made it: with another, of another
    account, it could not be seen."""

    def __init__(self, service: Service, said: Any, key: str) -> None:
        self._service = service
        self._key = key
        self._news = asyncio.Event()
        self.now: Mapping[str, Any] = said
        if not _ID.fullmatch(str(said["id"])) or not isinstance(said["status"], str):
            raise ValueError("no prediction")

    @classmethod
    async def made_by(cls, service: Service, response: aiohttp.ClientResponse) -> Prediction:
        """The one that a response tells of."""
        key = response.request_info.headers.get("authorization", "").removeprefix("Bearer ")
        return cls(service, await service.body(response), key)

    async def states(self) -> AsyncGenerator[Mapping[str, Any], None]:
        """The prediction now, and whenever something about it is new, to its end. Raises TimeoutError when nothing has
        been for too long."""
        loop, patience = asyncio.get_running_loop(), self._service.config.patience_s
        due, pause = loop.time() + patience, _FIRST_S
        yield self.now
        while self.now["status"] not in _ENDED:
            await self._wait(pause)
            before, self.now = self.now, await self._asked()
            if _mark(self.now) != _mark(before):
                due, pause = loop.time() + patience, _FIRST_S
                yield self.now
            elif loop.time() > due:
                raise TimeoutError
            else:
                pause = min(pause * 1.5, _LONGEST_S)

    def look(self) -> None:
        """Has it looked at now, since there may be something new."""
        self._news.set()

    async def _wait(self, seconds: float) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._news.wait()
        self._news.clear()

    def check(self) -> None:
        """Raises ModelFailed unless it has succeeded."""
        service = self._service.name
        if self.now["status"] == "failed":
            words = str(self.now.get("error") or "it does not say why.")[:500]
            raise ModelFailed(f"{service} failed: {words}", hint="Try again, or ask otherwise.", who=service)
        if self.now["status"] != "succeeded":
            raise ModelFailed(f"The prediction was cancelled at {service}.", hint="Try again.", who=service)

    async def pieces(self) -> AsyncGenerator[str, None]:
        """Its text as it streams; none where it has no stream. Raises Forbidden where that may not be read, before
        anything is."""
        url = (self.now.get("urls") or {}).get("stream")
        if not url:
            return
        name, patience = self._service.name, self._service.config.patience_s
        async with contextlib.AsyncExitStack() as stack:
            lines = _lines.Lines(await self._opened(stack, str(url)), name, patience)
            await stack.enter_async_context(contextlib.aclosing(lines))
            events = await stack.enter_async_context(contextlib.aclosing(_replicate_events.events(lines)))
            async for event, data in events:
                if event == "output":
                    yield data
                elif event == "error":
                    raise ModelFailed(f"{name} failed: {_words(data)}", hint="Try again.", who=name)
                elif event == "done":
                    return
        raise CutShort(f"The stream of {name} ended before the answer did.", hint="Try again.", who=name)

    async def fetched(self, url: str, start: str) -> tuple[bytes, str]:
        """What it made, and its kind, which begins with `start`. Raises ModelFailed."""
        name = self._service.name
        if url.startswith("data:"):
            content = media.unpack(url)[0]
        elif self._own(url):
            response = await self._service.ask("GET", Request(URL(url).raw_path_qs, b""), self._key)
            if response.status != 200:
                raise await self._service.refused_by(response, "")
            content = await self._service.content(response)
        else:
            content = await self._delivered(url, start)
        kind = media.kind_of(content)
        if not kind.startswith(start):
            raise ModelFailed(f"{name} made something of another kind.", hint="Choose another model.", who=name)
        return content, kind

    async def cancel(self) -> None:
        """Ends it there, if it has not ended. Raises nothing: nobody is left who could be told."""
        if self.now["status"] not in _ENDED:
            with contextlib.suppress(aiohttp.ClientError, OSError):
                request = Request(f"predictions/{self.now['id']}/cancel", b"")
                (await self._service.ask("POST", request, self._key)).close()

    async def _asked(self) -> Mapping[str, Any]:
        """As it is now; as it was, where the service is too busy to say."""
        response = await self._service.ask("GET", Request(f"predictions/{self.now['id']}", b""), self._key)
        try:
            if response.status in _LATER:
                return self.now
            if response.status != 200:
                raise await self._service.refused_by(response, "")
            found = await self._service.body(response)
            return {**found, "id": self.now["id"], "status": str(found["status"])}
        finally:
            response.release()

    async def _opened(self, stack: contextlib.AsyncExitStack, url: str) -> aiohttp.StreamReader:
        """Its own address with the key, any other without it and under guard."""
        if not self._own(url):
            stream = self._service.config.outside.stream(url, kind="text/event-stream")
            return await stack.enter_async_context(stream)
        request = Request(URL(url).raw_path_qs, b"", {"accept": "text/event-stream"})
        response = await self._service.ask("GET", request, self._key)
        stack.callback(response.close)
        if response.status != 200:
            raise await self._service.refused_by(response, "")
        return response.content

    async def _delivered(self, url: str, start: str) -> bytes:
        name, outside = self._service.name, self._service.config.outside
        try:
            return (await outside.fetch(url, most=_lines.MOST, kinds=(start, "application/"))).content
        except SeraiError as error:
            text = f"What {name} made could not be fetched: {error.message}"
            raise ModelFailed(text, hint=error.hint or "Try again.", who=name) from error

    def _own(self, url: str) -> bool:
        """Whether this is where the key is for."""
        return URL(url).origin() == URL(self._service.url).origin()


def _mark(said: Mapping[str, Any]) -> tuple[str, int, int]:
    """What shows that it goes on."""
    output = said.get("output")
    return said["status"], len(said.get("logs") or ""), len(output) if isinstance(output, list | str) else 0


def _words(data: str) -> str:
    """An error of a stream is words, or an object with them."""
    try:
        told = orjson.loads(data)
    except orjson.JSONDecodeError:
        told = None
    return str(told["detail"] if isinstance(told, dict) and "detail" in told else data)[:500]
