"""The client for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import aclosing
from pathlib import Path
from typing import Any, Literal, Self, TypeVar, overload

import httpx2

from serai.answers import Answer
from serai.client import exchange, following, streams
from serai.client.following import Event
from serai.client.methods import Methods
from serai.client.retries import Attempts
from serai.client.streams import AsyncStream
from serai.endpoints import Json, Messages, Request, as_it_is, asking
from serai.endpoints.batches import batch_file, batch_output
from serai.endpoints.server import listening
from serai.endpoints.sessions import reading
from serai.types import AUTO

T = TypeVar("T")


class AsyncClient(Methods):
    """`Client` for asyncio: the same methods, awaited; streams are read with `async for`."""

    def __init__(
        self,
        base_url: str | None = None,
        key: str | None = None,
        *,
        timeout: float | None = 60,
        retries: int = 2,
        transport: httpx2.AsyncBaseTransport | None = None,
    ) -> None:
        self._address, key = exchange.known(base_url, key)
        self._timeout, self._retries = timeout, retries
        if self._address.socket and transport is None:
            transport = httpx2.AsyncHTTPTransport(uds=self._address.socket)
        self._http = httpx2.AsyncClient(transport=transport, **exchange.options(self._address, key))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def send(self, request: Request[T]) -> T:
        """`Client.send`."""
        with exchange.in_words(self._address):
            return exchange.read(request, await self._answered(request))

    async def request(self, method: str, path: str, json: Any = None, **params: Any) -> Any:
        """`Client.request`."""
        return await self.send(Request(method, path, as_it_is, json, params, slow=True))

    @overload
    def chat(
        self,
        message: Messages,
        model: str = AUTO,
        *,
        system: str | None = None,
        stream: Literal[False] = False,
        **settings: Any,
    ) -> Coroutine[Any, Any, Answer]: ...
    @overload
    def chat(
        self, message: Messages, model: str = AUTO, *, system: str | None = None, stream: Literal[True], **settings: Any
    ) -> AsyncStream[Answer]: ...

    def chat(
        self,
        message: Messages,
        model: str = AUTO,
        *,
        system: str | None = None,
        stream: bool = False,
        **settings: Any,
    ) -> Coroutine[Any, Any, Answer] | AsyncStream[Answer]:
        """`Client.chat`."""
        return self._ask(asking.chat(message, model, system=system, stream=stream, **settings), stream=stream)

    def stream(
        self, message: Messages, model: str = AUTO, *, system: str | None = None, **settings: Any
    ) -> AsyncStream[Answer]:
        """`Client.stream`."""
        return self.chat(message, model, system=system, stream=True, **settings)

    @overload
    def generate(
        self, prompt: str, model: str = AUTO, *, stream: Literal[False] = False, **settings: Any
    ) -> Coroutine[Any, Any, Answer]: ...
    @overload
    def generate(
        self, prompt: str, model: str = AUTO, *, stream: Literal[True], **settings: Any
    ) -> AsyncStream[Answer]: ...

    def generate(
        self, prompt: str, model: str = AUTO, *, stream: bool = False, **settings: Any
    ) -> Coroutine[Any, Any, Answer] | AsyncStream[Answer]:
        """`Client.generate`."""
        return self._ask(asking.generate(prompt, model, stream=stream, **settings), stream=stream)

    def turn(self, session_id: str, text: str, *, model: str | None = None) -> AsyncStream[Json | None]:
        """`Client.turn`."""
        return AsyncStream(self._turn(session_id, text, model), streams.Turn())

    def read(self, message_id: str, after: int = 0) -> AsyncStream[Json | None]:
        """`Client.read`."""
        return AsyncStream(self._listen(reading(message_id, after)), streams.Turn())

    async def events(self, after: str | None = None) -> AsyncGenerator[Event, None]:
        """`Client.events`."""
        async with aclosing(self._listen(listening(after))) as events:
            async for event in events:
                yield Event.read(event)

    async def pull(self, name: str) -> AsyncGenerator[Json, None]:
        """`Client.pull`."""
        async for job in self.follow(await self.download(name)):
            yield job

    async def follow(self, job: Json) -> AsyncGenerator[Json, None]:
        """`Client.follow`."""
        while True:
            yield following.moving(job)
            if job["state"] not in following.ACTIVE:
                return
            await asyncio.sleep(following.POLL_S)
            job = await self.job(job["id"])

    async def send_batch_file(self, path: str | Path) -> Json:
        """`Client.send_batch_file`."""
        return await self.send(batch_file(Path(path).name, exchange.read_along(path)))

    async def save_batch(self, batch_id: str, path: str | Path, *, whole: bool = True) -> None:
        """`Client.save_batch`."""
        with exchange.in_words(self._address), exchange.arriving(path) as file:
            async with aclosing(await self._answered(batch_output(batch_id, whole=whole), stream=True)) as response:
                async for chunk in response.aiter_bytes():
                    await asyncio.to_thread(file.write, chunk)

    def _ask(self, request: Request[Answer], *, stream: bool) -> Coroutine[Any, Any, Answer] | AsyncStream[Answer]:
        return AsyncStream(self._listen(request), streams.Completion()) if stream else self.send(request)

    async def _turn(
        self, session_id: str, text: str, model: str | None
    ) -> AsyncGenerator[httpx2.ServerSentEvent, None]:
        begun = await self.ask(session_id, text, model=model)
        async with aclosing(self._listen(reading(begun["answer"]["id"]))) as events:
            async for event in events:
                yield event

    async def _listen(self, request: Request[Any]) -> AsyncGenerator[httpx2.ServerSentEvent, None]:
        with exchange.in_words(self._address):
            async with aclosing(await self._answered(request, stream=True)) as response:
                async for event in httpx2.EventSource(response):
                    yield event

    async def _answered(self, request: Request[Any], *, stream: bool = False) -> httpx2.Response:
        """The answer of the first attempt that is not in vain. Raises what the server refused with."""
        attempts = Attempts(self._retries, request)
        while True:
            try:
                made = self._http.build_request(**exchange.arguments(request, self._timeout))
                response = await self._http.send(made, stream=stream)
                if not response.is_error:
                    return response
                await response.aread()
                wait = attempts.after_answer(response)
                if wait is None:
                    raise exchange.failure(response)
            except httpx2.TransportError as error:
                wait = attempts.after_error(error)
            await asyncio.sleep(wait)
