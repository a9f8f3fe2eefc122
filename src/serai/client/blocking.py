"""The client that waits."""

from __future__ import annotations

import time
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, Literal, Self, TypeVar, overload

import httpx2

from serai.answers import Answer
from serai.client import exchange, following, streams
from serai.client.following import Event
from serai.client.methods import Methods
from serai.client.retries import Attempts
from serai.client.streams import Stream
from serai.endpoints import Json, Messages, Request, as_it_is, asking
from serai.endpoints.batches import batch_file, batch_output
from serai.endpoints.server import listening
from serai.endpoints.sessions import reading
from serai.types import AUTO

T = TypeVar("T")


class Client(Methods):
    """Talks to a running Serai at `http://…`, `https://…` or `unix:/path`. `key` is needed when it listens on more
    than loopback; what is left out is read from SERAI_URL and SERAI_API_KEY. `timeout` holds for answers that need no
    model; a model has all the time it needs. A server that is full, or gone for a moment, is asked again up to
    `retries` times, if it had not begun to answer. Close it, or use `with`."""

    def __init__(
        self,
        base_url: str | None = None,
        key: str | None = None,
        *,
        timeout: float | None = 60,
        retries: int = 2,
        transport: httpx2.BaseTransport | None = None,
    ) -> None:
        self._address, key = exchange.known(base_url, key)
        self._timeout, self._retries = timeout, retries
        if self._address.socket and transport is None:
            transport = httpx2.HTTPTransport(uds=self._address.socket)
        self._http = httpx2.Client(transport=transport, **exchange.options(self._address, key))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def send(self, request: Request[T]) -> T:
        """Sends one shaped request and reads its answer."""
        with exchange.in_words(self._address):
            return exchange.read(request, self._answered(request))

    def request(self, method: str, path: str, json: Any = None, **params: Any) -> Any:
        """Any other request, such as `request("GET", "/api/v1/calls")`; returns its JSON, None when there is none."""
        return self.send(Request(method, path, as_it_is, json, params, slow=True))

    @overload
    def chat(
        self,
        message: Messages,
        model: str = AUTO,
        *,
        system: str | None = None,
        stream: Literal[False] = False,
        **settings: Any,
    ) -> Answer: ...
    @overload
    def chat(
        self, message: Messages, model: str = AUTO, *, system: str | None = None, stream: Literal[True], **settings: Any
    ) -> Stream[Answer]: ...

    def chat(
        self,
        message: Messages,
        model: str = AUTO,
        *,
        system: str | None = None,
        stream: bool = False,
        **settings: Any,
    ) -> Answer | Stream[Answer]:
        """Asks and waits for the whole answer or, with `stream`, returns its pieces as they come. `message` is a text
        or a list of messages in OpenAI's shape; settings are OpenAI's too (`temperature`, `max_tokens`, `tools`, …)."""
        return self._ask(asking.chat(message, model, system=system, stream=stream, **settings), stream=stream)

    def stream(
        self, message: Messages, model: str = AUTO, *, system: str | None = None, **settings: Any
    ) -> Stream[Answer]:
        """`chat(…, stream=True)`."""
        return self.chat(message, model, system=system, stream=True, **settings)

    @overload
    def generate(
        self, prompt: str, model: str = AUTO, *, stream: Literal[False] = False, **settings: Any
    ) -> Answer: ...
    @overload
    def generate(self, prompt: str, model: str = AUTO, *, stream: Literal[True], **settings: Any) -> Stream[Answer]: ...

    def generate(
        self, prompt: str, model: str = AUTO, *, stream: bool = False, **settings: Any
    ) -> Answer | Stream[Answer]:
        """Goes on with a text, without a chat's template. It stops after 16 tokens unless `max_tokens` says more."""
        return self._ask(asking.generate(prompt, model, stream=stream, **settings), stream=stream)

    def turn(self, session_id: str, text: str, *, model: str | None = None) -> Stream[Json | None]:
        """Asks in a session and returns the pieces of the answer, which is saved; at the end its message."""
        return Stream(self._turn(session_id, text, model), streams.Turn())

    def read(self, message_id: str, after: int = 0) -> Stream[Json | None]:
        """Reads along an answer of a session from the piece that follows the one with that number."""
        return Stream(self._listen(reading(message_id, after)), streams.Turn())

    def events(self, after: str | None = None) -> Generator[Event, None, None]:
        """Everything that happens, as it happens. A topic `reset` says: fetch everything anew."""
        with closing(self._listen(listening(after))) as events:
            for event in events:
                yield Event.read(event)

    def pull(self, name: str) -> Iterator[Json]:
        """Downloads a model and yields the job as it moves; the last one is `done`, `paused` or `cancelled`.
        Raises the job's error when it failed. Leaving the loop leaves the download running: `pause` it."""
        return self.follow(self.download(name))

    def follow(self, job: Json) -> Iterator[Json]:
        """A job as it moves, as in `pull`."""
        while True:
            yield following.moving(job)
            if job["state"] not in following.ACTIVE:
                return
            time.sleep(following.POLL_S)
            job = self.job(job["id"])

    def send_batch_file(self, path: str | Path) -> Json:
        """Sends a file of rows for `create_batch`; `{id, name, size, created_at}`."""
        with Path(path).open("rb") as file:
            return self.send(batch_file(Path(path).name, file))

    def save_batch(self, batch_id: str, path: str | Path, *, whole: bool = True) -> None:
        """Writes a batch's answers to a file, which is there when all of it is. Raises Conflict while they are not
        `whole`, unless what there is so far will do."""
        asked = batch_output(batch_id, whole=whole)
        with (
            exchange.in_words(self._address),
            closing(self._answered(asked, stream=True)) as response,
            exchange.arriving(path) as file,
        ):
            for chunk in response.iter_bytes():
                file.write(chunk)

    def _ask(self, request: Request[Answer], *, stream: bool) -> Answer | Stream[Answer]:
        return Stream(self._listen(request), streams.Completion()) if stream else self.send(request)

    def _turn(self, session_id: str, text: str, model: str | None) -> Generator[httpx2.ServerSentEvent, None, None]:
        begun = self.ask(session_id, text, model=model)
        yield from self._listen(reading(begun["answer"]["id"]))

    def _listen(self, request: Request[Any]) -> Generator[httpx2.ServerSentEvent, None, None]:
        with exchange.in_words(self._address), closing(self._answered(request, stream=True)) as response:
            yield from httpx2.EventSource(response)

    def _answered(self, request: Request[Any], *, stream: bool = False) -> httpx2.Response:
        """The answer of the first attempt that is not in vain. Raises what the server refused with."""
        attempts = Attempts(self._retries, request)
        while True:
            try:
                made = self._http.build_request(**exchange.arguments(request, self._timeout))
                response = self._http.send(made, stream=stream)
                if not response.is_error:
                    return response
                response.read()
                wait = attempts.after_answer(response)
                if wait is None:
                    raise exchange.failure(response)
            except httpx2.TransportError as error:
                wait = attempts.after_error(error)
            time.sleep(wait)
