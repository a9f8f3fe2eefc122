"""The Python client: `serai.Client` and `serai.AsyncClient`, two thin transports over the same requests.

    with serai.Client() as client:
        print(client.chat("What is Serai?"))
        for piece in client.stream("Tell me a story", temperature=0.8):
            print(piece, end="", flush=True)

Every method raises a SeraiError of `serai.errors` with the server's message, hint and facts."""

from __future__ import annotations

import asyncio
import functools
import time
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator, Iterator
from contextlib import aclosing, closing
from typing import Any, Generic, NamedTuple, ParamSpec, Self, TypeVar, overload

import httpx2
import orjson

from serai import endpoints, exchange
from serai.answers import AsyncTextStream, TextStream, revive
from serai.endpoints import Json, Messages, Request
from serai.types import AUTO

P = ParamSpec("P")
T = TypeVar("T")

DEFAULT_URL = "http://127.0.0.1:7372"
CHAT = "/v1/chat/completions"
POLL_S = 0.25
ACTIVE = ("queued", "running")
"""The states in which a job still moves by itself."""


class Event(NamedTuple):
    """One event of `events()`; `id` goes into `after` to resume."""

    id: str
    topic: str
    data: Json


class Endpoint(Generic[P, T]):
    """A request's shape as a method of both clients: it returns the answer, or an awaitable of it."""

    def __init__(self, shape: Callable[P, Request[T]]) -> None:
        self._shape = shape
        self.__doc__ = shape.__doc__

    @overload
    def __get__(self, client: Client, owner: type | None = None) -> Callable[P, T]: ...
    @overload
    def __get__(self, client: AsyncClient, owner: type | None = None) -> Callable[P, Coroutine[Any, Any, T]]: ...
    @overload
    def __get__(self, client: None, owner: type | None = None) -> Endpoint[P, T]: ...

    def __get__(self, client: Client | AsyncClient | None, owner: type | None = None) -> Any:
        if client is None:
            return self

        @functools.wraps(self._shape)
        def method(*args: P.args, **kwargs: P.kwargs) -> Any:
            return client.send(self._shape(*args, **kwargs))

        return method


class _Methods:
    """The methods that both clients have."""

    chat = Endpoint(endpoints.chat)
    models = Endpoint(endpoints.models)
    model = Endpoint(endpoints.model)
    add = Endpoint(endpoints.add)
    forget = Endpoint(endpoints.forget)
    change_model = Endpoint(endpoints.change_model)
    change_data_set = Endpoint(endpoints.change_data_set)
    remove_data_set = Endpoint(endpoints.remove_data_set)
    running = Endpoint(endpoints.running)
    fit = Endpoint(endpoints.fit)
    search = Endpoint(endpoints.search)
    hub_model = Endpoint(endpoints.hub_model)
    load = Endpoint(endpoints.load)
    unload = Endpoint(endpoints.unload)
    download = Endpoint(endpoints.download)
    store = Endpoint(endpoints.store)
    stored = Endpoint(endpoints.stored)
    verify = Endpoint(endpoints.verify)
    gc = Endpoint(endpoints.gc)
    adopt = Endpoint(endpoints.adopt)
    updates = Endpoint(endpoints.updates)
    suggestions = Endpoint(endpoints.suggestions)
    jobs = Endpoint(endpoints.jobs)
    job = Endpoint(endpoints.job)
    pause = Endpoint(endpoints.pause)
    resume = Endpoint(endpoints.resume)
    cancel = Endpoint(endpoints.cancel)
    prioritise = Endpoint(endpoints.prioritise)
    forget_job = Endpoint(endpoints.forget_job)
    clear_jobs = Endpoint(endpoints.clear_jobs)
    engines = Endpoint(endpoints.engines)
    build_engine = Endpoint(endpoints.build_engine)
    use_engine = Endpoint(endpoints.use_engine)
    remove_engine = Endpoint(endpoints.remove_engine)
    sessions = Endpoint(endpoints.sessions)
    session = Endpoint(endpoints.session)
    export_session = Endpoint(endpoints.export_session)
    import_session = Endpoint(endpoints.import_session)
    settings = Endpoint(endpoints.settings)
    set = Endpoint(endpoints.set_)
    keys = Endpoint(endpoints.keys)
    key = Endpoint(endpoints.key)
    create_key = Endpoint(endpoints.create_key)
    change_key = Endpoint(endpoints.change_key)
    rotate_key = Endpoint(endpoints.rotate_key)
    revoke_key = Endpoint(endpoints.revoke_key)
    status = Endpoint(endpoints.status)
    hardware = Endpoint(endpoints.hardware)
    doctor = Endpoint(endpoints.doctor)
    logs = Endpoint(endpoints.logs)
    version = Endpoint(endpoints.version)


class Client(_Methods):
    """Talks to a running Serai; `key` is needed when it listens on more than loopback. Close it, or use `with`."""

    def __init__(
        self, base_url: str = DEFAULT_URL, key: str | None = None, *, transport: httpx2.BaseTransport | None = None
    ) -> None:
        self._http = httpx2.Client(transport=transport, **exchange.options(base_url, key))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def send(self, request: Request[T]) -> T:
        """Sends one shaped request and reads its answer."""
        with exchange.in_words(self._http):
            return exchange.read(request, self._http.request(**exchange.arguments(request)))

    def request(self, method: str, path: str, json: Any = None, **params: Any) -> Any:
        """Any other request, such as `request("GET", "/api/v1/calls")`; returns its JSON, None when there is none."""
        return self.send(Request(method, path, _as_it_is, json, params, slow=True))

    def stream(self, message: Messages, model: str = AUTO, *, system: str | None = None, **settings: Any) -> TextStream:
        """Asks and returns the pieces of the answer as they come; arguments as in `chat`."""
        return TextStream(self._listen("POST", CHAT, endpoints.stream_body(message, model, system, settings)))

    def events(self, after: str | None = None) -> Generator[Event, None, None]:
        """Everything that happens, as it happens. A topic `reset` says: fetch everything anew."""
        with closing(self._listen("GET", f"{endpoints.NATIVE}/events", headers=_resume(after))) as events:
            for event in events:
                yield Event(event.id, event.event, orjson.loads(event.data))

    def pull(self, name: str) -> Iterator[Json]:
        """Downloads a model and yields the job as it moves; the last one is `done`, `paused` or `cancelled`.
        Raises the job's error when it failed. Leaving the loop leaves the download running: `pause` it."""
        return self.follow(self.download(name))

    def follow(self, job: Json) -> Iterator[Json]:
        """A job as it moves, as in `pull`."""
        while True:
            yield _moving(job)
            if job["state"] not in ACTIVE:
                return
            time.sleep(POLL_S)
            job = self.job(job["id"])

    def _listen(
        self, method: str, path: str, json: Any = None, headers: dict[str, str] | None = None
    ) -> Generator[httpx2.ServerSentEvent, None, None]:
        with (
            exchange.in_words(self._http),
            self._http.stream(method, path, json=json, headers=headers, timeout=exchange.PATIENT) as response,
        ):
            if response.is_error:
                response.read()
                raise exchange.failure(response)
            yield from httpx2.EventSource(response)


class AsyncClient(_Methods):
    """`Client` for asyncio: the same methods, awaited."""

    def __init__(
        self, base_url: str = DEFAULT_URL, key: str | None = None, *, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        self._http = httpx2.AsyncClient(transport=transport, **exchange.options(base_url, key))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def send(self, request: Request[T]) -> T:
        """Sends one shaped request and reads its answer."""
        with exchange.in_words(self._http):
            return exchange.read(request, await self._http.request(**exchange.arguments(request)))

    async def request(self, method: str, path: str, json: Any = None, **params: Any) -> Any:
        """Any other request, such as `request("GET", "/api/v1/calls")`; returns its JSON, None when there is none."""
        return await self.send(Request(method, path, _as_it_is, json, params, slow=True))

    def stream(
        self, message: Messages, model: str = AUTO, *, system: str | None = None, **settings: Any
    ) -> AsyncTextStream:
        """Asks and returns the pieces of the answer as they come; arguments as in `chat`."""
        return AsyncTextStream(self._listen("POST", CHAT, endpoints.stream_body(message, model, system, settings)))

    async def events(self, after: str | None = None) -> AsyncGenerator[Event, None]:
        """Everything that happens, as it happens. A topic `reset` says: fetch everything anew."""
        async with aclosing(self._listen("GET", f"{endpoints.NATIVE}/events", headers=_resume(after))) as events:
            async for event in events:
                yield Event(event.id, event.event, orjson.loads(event.data))

    async def pull(self, name: str) -> AsyncGenerator[Json, None]:
        """`Client.pull`, for `async for`."""
        async for job in self.follow(await self.download(name)):
            yield job

    async def follow(self, job: Json) -> AsyncGenerator[Json, None]:
        """A job as it moves, as in `pull`."""
        while True:
            yield _moving(job)
            if job["state"] not in ACTIVE:
                return
            await asyncio.sleep(POLL_S)
            job = await self.job(job["id"])

    async def _listen(
        self, method: str, path: str, json: Any = None, headers: dict[str, str] | None = None
    ) -> AsyncGenerator[httpx2.ServerSentEvent, None]:
        with exchange.in_words(self._http):
            async with self._http.stream(
                method, path, json=json, headers=headers, timeout=exchange.PATIENT
            ) as response:
                if response.is_error:
                    await response.aread()
                    raise exchange.failure(response)
                async for event in httpx2.EventSource(response):
                    yield event


def _resume(after: str | None) -> dict[str, str]:
    return {"last-event-id": after} if after else {}


def _moving(job: Json) -> Json:
    if job["state"] == "failed":
        raise revive(job.get("error") or {"message": f"{job.get('title')} failed."})
    return job


def _as_it_is(body: Any) -> Any:
    return body
