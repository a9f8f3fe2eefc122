"""The Python client: `serai.Client` and `serai.AsyncClient`, two thin transports over the same requests.

    with serai.Client() as client:
        print(client.chat("What is Serai?"))
        for piece in client.stream("Tell me a story", temperature=0.8):
            print(piece, end="", flush=True)

Every method raises a SeraiError of `serai.errors` with the server's message, hint and facts."""

from __future__ import annotations

import asyncio
import functools
import ipaddress
import ssl
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from typing import Any, Generic, NamedTuple, ParamSpec, Self, TypeVar, overload

import httpx2
import orjson

from serai import __version__, endpoints
from serai.answers import Answer, Gatherer, revive
from serai.endpoints import Json, Messages, Request
from serai.errors import SeraiError, TimedOut, Unreachable
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
    running = Endpoint(endpoints.running)
    load = Endpoint(endpoints.load)
    unload = Endpoint(endpoints.unload)
    download = Endpoint(endpoints.download)
    suggestions = Endpoint(endpoints.suggestions)
    jobs = Endpoint(endpoints.jobs)
    job = Endpoint(endpoints.job)
    pause = Endpoint(endpoints.pause)
    resume = Endpoint(endpoints.resume)
    cancel = Endpoint(endpoints.cancel)
    sessions = Endpoint(endpoints.sessions)
    session = Endpoint(endpoints.session)
    export_session = Endpoint(endpoints.export_session)
    import_session = Endpoint(endpoints.import_session)
    settings = Endpoint(endpoints.settings)
    set = Endpoint(endpoints.set_)
    keys = Endpoint(endpoints.keys)
    create_key = Endpoint(endpoints.create_key)
    revoke_key = Endpoint(endpoints.revoke_key)
    status = Endpoint(endpoints.status)
    hardware = Endpoint(endpoints.hardware)
    doctor = Endpoint(endpoints.doctor)
    logs = Endpoint(endpoints.logs)
    version = Endpoint(endpoints.version)


class TextStream:
    """The pieces of an answer as they come. Closing it cancels the call; `answer` holds what has arrived."""

    def __init__(self, events: Generator[httpx2.ServerSentEvent, None, None]) -> None:
        self._events = events
        self._gatherer = Gatherer()

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        for event in self._events:
            if piece := self._gatherer.feed(event.data):
                return piece
        raise StopIteration

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stops the answer where it is."""
        self._events.close()

    @property
    def answer(self) -> Answer:
        return self._gatherer.answer()


class AsyncTextStream:
    """`TextStream` for `async for`."""

    def __init__(self, events: AsyncGenerator[httpx2.ServerSentEvent, None]) -> None:
        self._events = events
        self._gatherer = Gatherer()

    def __aiter__(self) -> AsyncIterator[str]:
        return self

    async def __anext__(self) -> str:
        async for event in self._events:
            if piece := self._gatherer.feed(event.data):
                return piece
        raise StopAsyncIteration

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Stops the answer where it is."""
        await self._events.aclose()

    @property
    def answer(self) -> Answer:
        return self._gatherer.answer()


class Client(_Methods):
    """Talks to a running Serai; `key` is needed when it listens on more than loopback. Close it, or use `with`."""

    def __init__(
        self, base_url: str = DEFAULT_URL, key: str | None = None, *, transport: httpx2.BaseTransport | None = None
    ) -> None:
        self._http = httpx2.Client(transport=transport, **_options(base_url, key))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def send(self, request: Request[T]) -> T:
        """Sends one shaped request and reads its answer."""
        with _in_words(self._http):
            return _read(request, self._http.request(**_arguments(request)))

    def request(self, method: str, path: str, json: Any = None, **params: Any) -> Any:
        """Any other request, such as `request("GET", "/api/v1/calls")`; returns its JSON, None when there is none."""
        return self.send(Request(method, path, _as_it_is, json, params, slow=True))

    def stream(self, message: Messages, model: str = AUTO, *, system: str | None = None, **settings: Any) -> TextStream:
        """Asks and returns the pieces of the answer as they come; arguments as in `chat`."""
        return TextStream(self._listen("POST", CHAT, endpoints.stream_body(message, model, system, settings)))

    def events(self, after: str | None = None) -> Generator[Event, None, None]:
        """Everything that happens, as it happens. A topic `reset` says: fetch everything anew."""
        for event in self._listen("GET", f"{endpoints.NATIVE}/events", headers=_resume(after)):
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
            _in_words(self._http),
            self._http.stream(method, path, json=json, headers=headers, timeout=_PATIENT) as response,
        ):
            if response.is_error:
                response.read()
                raise _failure(response)
            yield from httpx2.EventSource(response)


class AsyncClient(_Methods):
    """`Client` for asyncio: the same methods, awaited."""

    def __init__(
        self, base_url: str = DEFAULT_URL, key: str | None = None, *, transport: httpx2.AsyncBaseTransport | None = None
    ) -> None:
        self._http = httpx2.AsyncClient(transport=transport, **_options(base_url, key))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def send(self, request: Request[T]) -> T:
        """Sends one shaped request and reads its answer."""
        with _in_words(self._http):
            return _read(request, await self._http.request(**_arguments(request)))

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
        async for event in self._listen("GET", f"{endpoints.NATIVE}/events", headers=_resume(after)):
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
        with _in_words(self._http):
            async with self._http.stream(method, path, json=json, headers=headers, timeout=_PATIENT) as response:
                if response.is_error:
                    await response.aread()
                    raise _failure(response)
                async for event in httpx2.EventSource(response):
                    yield event


_PROMPT = httpx2.Timeout(60, connect=5)
_PATIENT = httpx2.Timeout(None, connect=5)


def _options(base_url: str, key: str | None) -> dict[str, Any]:
    """What both flavours give to httpx2. Proxies of the environment never stand before this very machine, and
    certificates are read only where they are needed."""
    url = httpx2.URL(base_url)
    headers = {"user-agent": f"serai-python/{__version__}"} | ({"authorization": f"Bearer {key}"} if key else {})
    plain = url.scheme == "http"
    return {
        "base_url": url,
        "headers": headers,
        "timeout": _PROMPT,
        "verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else True,
        "trust_env": not (plain and is_loopback(url.host)),
    }


def _arguments(request: Request[Any]) -> dict[str, Any]:
    arguments = {"method": request.method, "url": request.path, "params": dict(request.params) or None}
    if request.json is not None:
        arguments["json"] = request.json
    return arguments | {"timeout": _PATIENT if request.slow else _PROMPT}


def _read(request: Request[T], response: httpx2.Response) -> T:
    if response.is_error:
        raise _failure(response)
    try:
        return request.read(orjson.loads(response.content) if response.content else None)
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise SeraiError(
            f"{response.request.url} answered with something that is not Serai's.",
            hint="Is this the address of Serai, and is it of the same version as this client?",
        ) from error


def _failure(response: httpx2.Response) -> SeraiError:
    """The server's own error, or one made of the status when something else than Serai answered."""
    try:
        return revive(orjson.loads(response.content)["error"], response.status_code)
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        words = f"{response.request.url} answered {response.status_code} {response.reason_phrase}"
        return revive({"message": f"{words}: {response.text[:200].strip() or 'no reason given'}"}, response.status_code)


@contextmanager
def _in_words(http: httpx2.Client | httpx2.AsyncClient) -> Iterator[None]:
    """Turns what goes wrong on the way to the server into words."""
    try:
        yield
    except httpx2.TimeoutException as error:
        raise TimedOut(f"Serai at {http.base_url} did not answer in time.", hint="`serai logs` may say why.") from error
    except (httpx2.ConnectError, httpx2.UnsupportedProtocol) as error:
        raise Unreachable(
            f"No Serai answers at {http.base_url}.", hint="Start it with `serai serve`, or check the address."
        ) from error
    except httpx2.TransportError as error:
        raise Unreachable(
            f"The connection to Serai at {http.base_url} broke: {error or type(error).__name__}.",
            hint="Is it still running? `serai logs` tells what happened.",
        ) from error


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be reached from this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _resume(after: str | None) -> dict[str, str]:
    return {"last-event-id": after} if after else {}


def _moving(job: Json) -> Json:
    if job["state"] == "failed":
        raise revive(job.get("error") or {"message": f"{job.get('title')} failed."})
    return job


def _as_it_is(body: Any) -> Any:
    return body
