"""What Serai asks of the hub: which files a repository has, and the bytes of one, from any offset."""

from __future__ import annotations

import asyncio
import difflib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import aiohttp
from yarl import URL

from serai.errors import Forbidden, NotFound, SeraiError
from serai.hub import refusals
from serai.hub.faults import HubUnreachable
from serai.hub.names import is_digest
from serai.types import ModelRef, new_id

__all__ = ["Hub", "HubUnreachable", "RemoteFile", "Repository", "repository_of", "unread"]

Token = Callable[[], Awaitable[str | None]]
_REDIRECTS = 5
_BUFFER = 1 << 18
_CONNECTIONS = 64
_FOUND = 1024
_FOUND_S = 300.0


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository; `sha256` is None for small files that Git itself keeps: those have Git's `oid`."""

    path: str
    size: int
    sha256: str | None
    oid: str | None = None

    @property
    def etag(self) -> str:
        """What the file's content is known by, and its blob named; empty where the hub does not tell."""
        return self.sha256 or self.oid or ""


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository at one commit."""

    id: str
    commit: str
    files: tuple[RemoteFile, ...]
    license: str | None = None


class Hub:
    """One hub, or a mirror of it. The token goes to its own origin and nowhere else."""

    def __init__(
        self, endpoint: Callable[[], str], token: Token, offline: Callable[[], bool], *, stall_s: float = 60.0
    ) -> None:
        """A connection over which nothing comes for `stall_s` counts as broken."""
        self._endpoint = endpoint
        self._token = token
        self._offline = offline
        self._timeout = aiohttp.ClientTimeout(total=None, sock_connect=15, sock_read=stall_s)
        self._session: aiohttp.ClientSession | None = None
        self._holders = 0
        self._found: dict[URL, tuple[float, URL]] = {}
        self.id = new_id("hub")
        """Sent with every request as `Via`, so that a Serai which is its own hub notices."""

    @property
    def offline(self) -> bool:
        """Whether Serai is set to ask no hub."""
        return self._offline()

    @asynccontextmanager
    async def held(self) -> AsyncIterator[aiohttp.ClientSession]:
        """Keeps connections open for what is asked within the block."""
        self._holders += 1
        try:
            if self._session is None:
                connector = aiohttp.TCPConnector(limit=_CONNECTIONS)
                self._session = aiohttp.ClientSession(
                    timeout=self._timeout, trust_env=True, connector=connector, read_bufsize=_BUFFER
                )
            yield self._session
        finally:
            self._holders -= 1
            if not self._holders and self._session is not None:
                session, self._session = self._session, None
                await session.close()

    async def repository(self, ref: ModelRef) -> Repository:
        """Raises ModelNotFound with the nearest names, Forbidden (gated), Busy (rate limit) or HubUnreachable."""
        revision = quote(ref.revision or "main", safe="")
        url = URL(f"{self._base()}/api/models/{ref.name}/revision/{revision}?blobs=true", encoded=True)
        async with self._get(url, ref.name, near=True) as response:
            return repository_of(ref.name, await _json(response))

    @asynccontextmanager
    async def ask(
        self, path: str, name: str, query: Sequence[tuple[str, str]] = (), etag: str = "", *, near: bool = False
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """An answer of the hub's API below /api/models; its status is 304 where it is still as at `etag`. With `near`,
        a miss comes with the nearest names. Raises as `repository`."""
        url = URL(f"{self._base()}/api/models{path}", encoded=True).extend_query(query)
        async with self._get(url, name, {"If-None-Match": etag} if etag else None, near=near) as response:
            yield response

    async def search(self, text: str, limit: int = 20) -> list[str]:
        """Names of models that have this in their name, the most downloaded first. Raises as `repository`."""
        url = URL(f"{self._base()}/api/models").with_query(search=text, limit=limit, sort="downloads")
        async with self._get(url, text) as response:
            rows = await _json(response)
        return (
            [str(row["id"]) for row in rows if isinstance(row, dict) and "id" in row] if isinstance(rows, list) else []
        )

    async def answer(self, path: str, name: str) -> Any:
        """What the hub says at `api/{path}`, which is quoted, about a repository, as it says it. Raises as
        `repository`."""
        async with self._get(URL(f"{self._base()}/api/{path}", encoded=True), name) as response:
            return await _json(response)

    @asynccontextmanager
    async def open(
        self, repository: Repository, file: RemoteFile, begin: int = 0, end: int | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The bytes of a file from `begin` up to `end`: status 206, or 200 where the server ignored the range."""
        last = "" if end is None or end >= file.size else str(end - 1)
        headers = {"Range": f"bytes={begin}-{last}"} if begin or last else {}
        place = self._place(repository, file)
        async with AsyncExitStack() as stack:
            yield await self._open(stack, place, repository.id, headers)

    async def _open(
        self, stack: AsyncExitStack, place: URL, name: str, headers: dict[str, str]
    ) -> aiohttp.ClientResponse:
        """Goes straight to where the file was last found; that address is not good for ever."""
        asked_at, found = self._found.get(place, (0.0, None))
        if found is not None and time.monotonic() - asked_at < _FOUND_S:
            try:
                return await stack.enter_async_context(self._get(found, name, headers, home=place.origin()))
            except (Forbidden, NotFound):
                del self._found[place]
        response = await stack.enter_async_context(self._get(place, name, headers))
        if response.url.origin() != place.origin():
            if len(self._found) >= _FOUND:
                self._found.clear()
            self._found[place] = (time.monotonic(), response.url)
        return response

    async def read(self, repository: Repository, file: RemoteFile, begin: int, end: int) -> bytes:
        """The bytes of a file from `begin` up to `end`, and no others. Raises as `repository`, and HubUnreachable where
        they do not all arrive."""
        if begin >= end:
            return b""
        headers = {"Range": f"bytes={begin}-{end - 1}"}
        async with self._get(self._place(repository, file), repository.id, headers) as response:
            try:
                if response.status == 200:  # the server ignored the range: what comes before is thrown away
                    await _skip(response, begin)
                return await response.content.readexactly(end - begin)
            except (aiohttp.ClientError, TimeoutError, asyncio.IncompleteReadError) as error:
                raise HubUnreachable("The connection to the hub broke.", hint="Try again in a while.") from error

    def _base(self) -> str:
        if self._offline():
            raise HubUnreachable("Serai is set to stay offline.", hint="Change hub.offline in Settings.", who="you")
        return self._endpoint().rstrip("/")

    def _place(self, repository: Repository, file: RemoteFile) -> URL:
        path = f"{repository.id}/resolve/{repository.commit}/{quote(file.path)}"
        return URL(f"{self._base()}/{path}", encoded=True)

    @asynccontextmanager
    async def _get(
        self,
        url: URL,
        name: str,
        headers: dict[str, str] | None = None,
        *,
        near: bool = False,
        home: URL | None = None,
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        home = home or url.origin()
        token = await self._token()
        async with self.held() as session:
            for _ in range(_REDIRECTS):
                sent = {"Accept-Encoding": "identity", "Via": f"1.1 {self.id}", **(headers or {})}
                if token and url.origin() == home:
                    sent["Authorization"] = f"Bearer {token}"
                try:
                    response = await session.get(url, headers=sent, allow_redirects=False)
                except (aiohttp.ClientError, OSError, ValueError) as error:
                    raise HubUnreachable(f"{url.host} cannot be reached.", hint=_OFFLINE_HINT) from error
                async with response:
                    if response.status in {301, 302, 303, 307, 308}:
                        url = _next(url, response)
                        continue
                    missing = near and response.status in {401, 404}
                    nearest = await self._nearest(name) if missing else []
                    if refused := refusals.of(response, name, has_token=bool(token), nearest=nearest):
                        raise refused
                    yield response
                    return
            raise HubUnreachable("The hub redirects without end.", hint=_ENDPOINT_HINT)

    async def _nearest(self, name: str) -> list[str]:
        """Names on the hub like one that is not there; none where it cannot be asked."""
        try:
            found = await self.search(name.rpartition("/")[2])
        except SeraiError:
            return []
        return difflib.get_close_matches(name, found, n=3, cutoff=0.5) or found[:3]


_OFFLINE_HINT = "Look at the network connection; models that are on this machine work without it."
_ENDPOINT_HINT = "Look at hub.endpoint in Settings: is it a Hugging Face hub?"


def _next(url: URL, response: aiohttp.ClientResponse) -> URL:
    found = url.join(URL(response.headers.get("Location", ""), encoded=True))
    if found.scheme not in {"http", "https"} or "Location" not in response.headers:
        raise HubUnreachable("The hub redirects to nowhere.", hint=_ENDPOINT_HINT)
    return found


async def _json(response: aiohttp.ClientResponse) -> Any:
    try:
        return await response.json()
    except (ValueError, aiohttp.ClientError, TimeoutError) as error:
        raise HubUnreachable("The hub's answer could not be understood.", hint=_ENDPOINT_HINT) from error


def unread(response: aiohttp.ClientResponse) -> bytes:
    """What has come of an answer and nobody has read, also where the connection broke after it."""
    response.content.set_exception(None)  # type: ignore[arg-type] # it would be raised in place of the bytes
    return response.content.read_nowait()


def repository_of(name: str, body: Any) -> Repository:
    """What the hub says of a repository. Raises HubUnreachable where that is not what a hub says."""
    try:
        files = tuple(_file(row) for row in body["siblings"])
        license_ = (body.get("cardData") or {}).get("license")
        if not is_digest(body["sha"]):
            raise ValueError(body["sha"])
        return Repository(name, body["sha"], files, license_ if isinstance(license_, str) else None)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise HubUnreachable("The hub's answer could not be understood.", hint=_ENDPOINT_HINT) from error


def _file(row: dict[str, object]) -> RemoteFile:
    lfs = row.get("lfs")
    digest = lfs.get("sha256") if isinstance(lfs, dict) else None
    size, oid = row.get("size"), row.get("blobId")
    return RemoteFile(
        str(row["rfilename"]),
        size if isinstance(size, int) and size >= 0 else 0,
        digest if isinstance(digest, str) and len(digest) == 64 and is_digest(digest) else None,
        oid if isinstance(oid, str) and len(oid) == 40 and is_digest(oid) else None,
    )


async def _skip(response: aiohttp.ClientResponse, count: int) -> None:
    while count:
        chunk = await response.content.read(min(count, 1 << 20))
        if not chunk:
            raise HubUnreachable("The hub's answer ended too early.", hint="Try again in a while.")
        count -= len(chunk)
