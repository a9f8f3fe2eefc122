"""What every remote service has in common: one session kept open, keys that rotate, errors that say who failed.

A service overrides `listed`, `request` and `read`; it may override what says so; the rest stays as it is."""

from __future__ import annotations

import asyncio
import contextlib
import time
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Any

import aiohttp
import orjson
from yarl import URL

from serai.errors import BadRequest, Busy, ModelFailed, ModelNotFound, NotFound, SeraiError
from serai.providers import _faults, _lines, _models
from serai.providers._keys import REFUSED_S, Keys
from serai.providers._listing import Listing
from serai.providers.declaration import ProviderConfig
from serai.providers.refusal import refused
from serai.types import Answerer, Call, Delta, Model

_CONNECT_S = 10.0
_LIST_S = 20.0
_DRAIN_S = 0.05
_HEADERS = {"User-Agent": "serai", "Accept-Encoding": "identity"}
_FINE = (200, 201, 202, 204)
_NONSENSE = (KeyError, TypeError, AttributeError, IndexError, ValueError)


Reads = Callable[[Call, aiohttp.ClientResponse, Answerer], AsyncGenerator[Delta, None]]


@dataclass(frozen=True, slots=True)
class Request:
    """What is posted, and to which path under the service's URL; one that begins with / is under its origin. A body of
    bytes goes as it stands. `headers` go along with those that show the key. `reads` takes the place of the service's
    `read` for this answer."""

    path: str
    body: Mapping[str, Any] | bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    reads: Reads | None = None


class Service(ABC):
    """A remote service as a Backend. Redirects are refused, so a key reaches no host but the configured one."""

    def __init__(self, config: ProviderConfig) -> None:
        self.name = config.name
        self.place = config.name
        self.config = config
        self.whose = config.whose
        self.at_once = config.at_once
        self.url = config.url.rstrip("/")
        self._told = [_models.told(self.name, text) for text in config.models]
        self.listing = Listing(self._list, self._told)
        self._keys = Keys(config.keys)
        self._session: aiohttp.ClientSession | None = None
        self._running = 0
        self.heard_at = 0.0
        """When it last answered anything, on the monotonic clock."""
        self.refused = False
        """Whether its last answer was that the key, or the lack of one, does not do."""
        self.quotes: Mapping[str, Mapping[str, Any]] = {}
        """What `listed` found of prices, by the service's own names."""
        self._idle = asyncio.Event()
        self._idle.set()

    @abstractmethod
    async def listed(self) -> list[Model]:
        """The service's models, by `get`."""

    @abstractmethod
    def request(self, call: Call, model: str) -> Request:
        """The request that asks the call of `model`, which is the service's own name. Raises BadRequest or WrongTask
        for what the service does not have, before anything is sent."""

    @abstractmethod
    def read(self, call: Call, response: aiohttp.ClientResponse, who: Answerer) -> AsyncGenerator[Delta, None]:
        """The Deltas of an answer that is no refusal, by Backend's contract. What it raises of Python's own on nonsense
        becomes a ModelFailed."""

    async def prepare(self, call: Call, model: str) -> None:  # noqa: B027 - a hook that most do not need
        """Asks, by `get`, what must be known before the request can be made. Raises what is wrong with the call before
        it asks anything. May be overridden."""

    def refusal(self, model: str, status: int, body: bytes, headers: Mapping[str, str]) -> SeraiError:
        """The error for an answer that is a refusal. May be overridden."""
        return refused(self.name, model, status, body, headers)

    def credentials(self, key: str) -> Mapping[str, str]:
        """The headers that show a key."""
        return {"authorization": f"Bearer {key}"} if key else {}

    @property
    def tells_key(self) -> bool:
        """Whether `listed` and `probe` together show that a key is accepted. May be overridden."""
        return True

    async def probe(self) -> None:  # noqa: B027 - a hook that most do not need
        """Asks what only an accepted key is told, where the list of models is for everybody. May be overridden."""

    def unlisted(self, name: str) -> Model | None:
        """A model by its whole name that is not listed, as long as the service could not say what it has: it will say
        itself."""
        model = name.partition("/")[2]
        if self.listing.seen_at is not None or not _models.named(model):
            return None
        return _models.model(self.name, model, {})

    async def find(self, name: str) -> Model | None:
        """A model by its whole name that is not listed, where the service can be asked for it. Raises SeraiError. May
        be overridden."""
        return self.unlisted(name)

    def quoted(self, model: str) -> Mapping[str, Any] | None:
        """What a model costs, by the service's own name for it and as the service itself says it: `input` and `output`
        for a million tokens, `currency`, and when that was `seen_at`. None where it says nothing."""
        seen_at, quote = self.listing.seen_at, self.quotes.get(model)
        return None if quote is None or seen_at is None else {**quote, "currency": "USD", "seen_at": seen_at}

    async def models(self) -> Sequence[Model]:
        return await self.listing.get()

    async def run(self, call: Call) -> AsyncGenerator[Delta, None]:
        start, _, model = call.model.partition("/")
        if start != self.name or not model:
            raise ModelNotFound(call.model, who=self.name)
        who = Answerer(model=call.model, backend=self.name, place=self.place)
        with self._at_work():
            try:
                await self._prepared(call, model)
                request = self._written(call, model)
                async with contextlib.aclosing(self._answer(call, request, who)) as deltas:
                    async for delta in deltas:
                        yield delta
            except (aiohttp.ClientError, TimeoutError, OSError) as error:
                raise _faults.broken(self.name, error, self.config.patience_s) from error
            except _NONSENSE as error:
                raise ModelFailed(f"{self.name} sent something that is no answer.", who=self.name) from error
            except SeraiError as error:
                _faults.without(self.config.keys, error)
                raise

    async def get(self, path: str) -> Any:
        """The JSON at a path. Raises SeraiError."""
        try:
            async with asyncio.timeout(_LIST_S):
                response = await self._send("GET", Request(path, b""), "")
                try:
                    return orjson.loads(await _lines.whole(response, self.name))
                finally:
                    response.release()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _faults.broken(self.name, error, _LIST_S) from error
        except orjson.JSONDecodeError as error:
            raise ModelFailed(f"{self.name} sent something that is not JSON.", who=self.name) from error

    async def look(self, url: str) -> Any:
        """The JSON at an address of anybody's, who is shown no key. Raises SeraiError, NotFound for what is not for
        everybody."""
        try:
            async with asyncio.timeout(_LIST_S):
                response = await self._http().get(url, allow_redirects=False)
                if response.status in (401, 403, 404):
                    response.release()
                    raise NotFound(f"{URL(url).host} does not have this for everybody.")
                if response.status != 200:
                    raise await self.refused_by(response, url)
                try:
                    return orjson.loads(await _lines.whole(response, self.name))
                finally:
                    response.release()
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise _faults.broken(self.name, error, _LIST_S) from error
        except orjson.JSONDecodeError as error:
            raise ModelFailed(f"{URL(url).host} sent something that is not JSON.", who=self.name) from error

    async def body(self, response: aiohttp.ClientResponse) -> Any:
        """The JSON of a whole answer."""
        return orjson.loads(await self.content(response))

    async def content(self, response: aiohttp.ClientResponse) -> bytes:
        """The bytes of a whole answer."""
        async with asyncio.timeout(self.config.patience_s):
            return await _lines.whole(response, self.name)

    def lines(self, response: aiohttp.ClientResponse) -> _lines.Lines:
        """The bytes of a streamed answer, within bounds; to be closed."""
        return _lines.Lines(response.content, self.name, self.config.patience_s)

    async def retire(self) -> None:
        """Closes once the answers that are being written are whole."""
        await self._idle.wait()
        await self.close()

    async def close(self) -> None:
        await self.listing.close()
        if self._session is not None:
            session, self._session = self._session, None
            await session.close()

    async def _list(self) -> list[Model]:
        try:
            models = await self.listed()
        except _NONSENSE as error:
            raise ModelFailed(f"{self.name} sent something that is no list of models.", who=self.name) from error
        return list({model.name: model for model in (*self._told, *models)}.values())

    async def _prepared(self, call: Call, model: str) -> None:
        try:
            await self.prepare(call, model)
        except _NONSENSE as error:
            raise self._unfit() from error

    def _written(self, call: Call, model: str) -> Request:
        """The request with its body in bytes."""
        try:
            request = self.request(call, model)
            if isinstance(request.body, bytes):
                return request
            headers = {"content-type": "application/json", **request.headers}
            return Request(request.path, orjson.dumps(request.body), headers, request.reads)
        except _NONSENSE as error:  # a message without a role, half of a surrogate pair, …
            raise self._unfit() from error

    def _unfit(self) -> BadRequest:
        return BadRequest(f"{self.name} cannot be asked this: something in it does not fit.")

    async def _answer(self, call: Call, request: Request, who: Answerer) -> AsyncGenerator[Delta, None]:
        if call.trace is not None:
            request = replace(request, headers={**request.headers, "traceparent": call.trace.header})
        response = await self._send("POST", request, call.model)
        try:
            async with contextlib.aclosing((request.reads or self.read)(call, response, who)) as deltas:
                async for delta in deltas:
                    yield delta
            if not response.content.at_eof():
                await _drained(response)
        finally:
            # An answer that is not at its end is left by closing the connection: only that stops the service.
            response.release() if response.content.at_eof() else response.close()

    async def _send(self, method: str, request: Request, model: str) -> aiohttp.ClientResponse:
        """A response that is no refusal. Shows one key after the other while they are refused or have had enough."""
        refusal: SeraiError | None = None
        for key in self._keys.order():
            response = await self.ask(method, request, key)
            self.heard_at, self.refused = time.monotonic(), response.status == 401
            if response.status in _FINE:
                return response
            error = await self.refused_by(response, model)
            if response.status not in (401, 429):
                raise error
            self._keys.rest(key, error.retry_after if isinstance(error, Busy) else REFUSED_S)
            refusal = refusal if isinstance(refusal, Busy) else error
        assert refusal is not None
        raise refusal

    async def ask(self, method: str, request: Request, key: str) -> aiohttp.ClientResponse:
        """Its response to this key, whatever its status. Raises aiohttp's errors."""
        path, headers = request.path, {**request.headers, **self.credentials(key)}
        url = _address(self.url, path)
        body = request.body or None
        async with asyncio.timeout(self.config.patience_s):
            return await self._http().request(method, url, data=body, headers=headers, allow_redirects=False)

    async def refused_by(self, response: aiohttp.ClientResponse, model: str) -> SeraiError:
        """The error of a response that is a refusal, which is read and closed."""
        try:
            body = await _lines.whole(response, self.name, 1 << 20)
        except (ModelFailed, aiohttp.ClientError):
            body = b""
        finally:
            response.close()
        error = self.refusal(model, response.status, body, response.headers)
        if self.whose and response.status == 401:
            error.hint = f"Check the key of your own for {self.name}, or give it another."
        return _faults.without(self.config.keys, error)

    def _http(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(limit=0),
                cookie_jar=aiohttp.DummyCookieJar(),
                headers=_HEADERS,
                timeout=aiohttp.ClientTimeout(total=None, sock_connect=_CONNECT_S),
            )
        return self._session

    @contextlib.contextmanager
    def _at_work(self) -> Iterator[None]:
        self._running += 1
        self._idle.clear()
        try:
            yield
        finally:
            self._running -= 1
            if not self._running:
                self._idle.set()


async def _drained(response: aiohttp.ClientResponse) -> None:
    """Reads what follows the end, so that the connection can be used again."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_DRAIN_S):
            await response.content.readany()


@lru_cache(1000)
def _address(url: str, path: str) -> URL:
    return URL(f"{URL(url).origin()}{path}" if path.startswith("/") else f"{url}/{path}")
