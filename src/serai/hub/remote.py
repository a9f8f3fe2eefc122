"""What Serai asks of the hub: which files a repository has, and the bytes of one, from any offset."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import quote

import aiohttp
from yarl import URL

from serai.errors import Busy, Forbidden, ModelNotFound, SeraiError
from serai.types import ModelRef

Token = Callable[[], Awaitable[str | None]]
_REDIRECTS = 5
_TIMEOUT = aiohttp.ClientTimeout(total=None, sock_connect=15, sock_read=60)


class HubUnreachable(SeraiError):
    """The hub did not answer, or not sensibly."""

    status = 502
    code = "hub_unreachable"
    who = "hub"


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file of a repository; `sha256` is None for small files that Git itself keeps."""

    path: str
    size: int
    sha256: str | None


@dataclass(frozen=True, slots=True)
class Repository:
    """A repository at one commit."""

    id: str
    commit: str
    files: tuple[RemoteFile, ...]
    license: str | None = None


class Hub:
    """One hub, or a mirror of it. The token goes to its own origin and nowhere else."""

    def __init__(self, endpoint: Callable[[], str], token: Token, offline: Callable[[], bool]) -> None:
        self._endpoint = endpoint
        self._token = token
        self._offline = offline

    async def repository(self, ref: ModelRef) -> Repository:
        """Raises ModelNotFound, Forbidden (gated), Busy (rate limit) or HubUnreachable."""
        revision = quote(ref.revision or "main", safe="")
        url = URL(f"{self._base()}/api/models/{ref.name}/revision/{revision}?blobs=true", encoded=True)
        async with self._get(url, ref.name) as response:
            try:
                body = await response.json()
                files = tuple(_file(row) for row in body["siblings"])
                license_ = (body.get("cardData") or {}).get("license")
                return Repository(ref.name, body["sha"], files, license_ if isinstance(license_, str) else None)
            except (ValueError, KeyError, TypeError, aiohttp.ContentTypeError) as error:
                raise HubUnreachable("The hub's answer could not be understood.", hint=_ENDPOINT_HINT) from error

    @asynccontextmanager
    async def open(
        self, repository: Repository, file: RemoteFile, offset: int
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        """The bytes of a file from `offset` on: status 206, or 200 where the server ignored the offset."""
        url = URL(f"{self._base()}/{repository.id}/resolve/{repository.commit}/{quote(file.path)}", encoded=True)
        async with self._get(url, repository.id, {"Range": f"bytes={offset}-"} if offset else {}) as response:
            yield response

    async def read(self, repository: Repository, file: RemoteFile, begin: int, end: int) -> bytes:
        """The bytes of a file from `begin` up to `end`, and no others. Raises as `repository`, and HubUnreachable where
        they do not all arrive."""
        if begin >= end:
            return b""
        url = URL(f"{self._base()}/{repository.id}/resolve/{repository.commit}/{quote(file.path)}", encoded=True)
        async with self._get(url, repository.id, {"Range": f"bytes={begin}-{end - 1}"}) as response:
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

    @asynccontextmanager
    async def _get(
        self, url: URL, name: str, headers: dict[str, str] | None = None
    ) -> AsyncIterator[aiohttp.ClientResponse]:
        home = url.origin()
        token = await self._token()
        async with aiohttp.ClientSession(timeout=_TIMEOUT, trust_env=True) as session:
            for _ in range(_REDIRECTS):
                sent = {"Accept-Encoding": "identity", **(headers or {})}
                if token and url.origin() == home:
                    sent["Authorization"] = f"Bearer {token}"
                try:
                    response = await session.get(url, headers=sent, allow_redirects=False)
                except (aiohttp.ClientError, OSError) as error:
                    raise HubUnreachable(f"{url.host} cannot be reached.", hint=_OFFLINE_HINT) from error
                async with response:
                    if response.status in {301, 302, 303, 307, 308}:
                        url = url.join(URL(response.headers["Location"], encoded=True))
                        continue
                    _check(response, name, bool(token))
                    yield response
                    return
            raise HubUnreachable("The hub redirects without end.", hint=_ENDPOINT_HINT)


_OFFLINE_HINT = "Look at the network connection; models that are on this machine work without it."
_ENDPOINT_HINT = "Look at hub.endpoint in Settings: is it a Hugging Face hub?"


def _file(row: dict[str, object]) -> RemoteFile:
    lfs = row.get("lfs")
    digest = lfs.get("sha256") if isinstance(lfs, dict) else None
    size = row.get("size")
    return RemoteFile(
        str(row["rfilename"]), size if isinstance(size, int) else 0, digest if isinstance(digest, str) else None
    )


async def _skip(response: aiohttp.ClientResponse, count: int) -> None:
    while count:
        chunk = await response.content.read(min(count, 1 << 20))
        if not chunk:
            raise HubUnreachable("The hub's answer ended too early.", hint="Try again in a while.")
        count -= len(chunk)


def _check(response: aiohttp.ClientResponse, name: str, has_token: bool) -> None:
    status = response.status
    if status in {200, 206}:
        return
    if status == 404:
        raise ModelNotFound(name, who="hub", hint="Look at the spelling: organisation/name, as on the hub.")
    if status in {401, 403}:
        need = "This token may not read it" if has_token else "It may be private or gated, or not exist"
        hint = f"Accept its licence on {response.url.host} and put a token into Settings → Secrets (hf_token)."
        raise Forbidden(f"The hub does not give {name}. {need}.", hint=hint, who="hub")
    if status == 429:
        after = response.headers.get("Retry-After", "")
        raise Busy("The hub asks to slow down.", retry_after=int(after) if after.isdigit() else 30)
    raise HubUnreachable(f"The hub answered {status}.", hint="Try again in a while.")
