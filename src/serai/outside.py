"""The one fetcher for addresses that people, clients, cards and models name: what must never reach into this network.

An address is looked up once, and what is connected to is what was looked at; every redirect is looked at anew. Hubs and
services that the owner configured are not fetched by this."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from serai.errors import BadRequest, Forbidden, SeraiError, TimedOut, TooLarge, Unreachable

_REDIRECTS = 5
_CHUNK = 1 << 16
_HEADERS = {"User-Agent": "serai", "Accept-Encoding": "identity"}
_TRANSLATED = tuple(ipaddress.ip_network(net) for net in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32"))
"""Ranges of IPv6 behind which an IPv4 address stands that could be anyone's."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """What an address gave: its bytes, and their kind as the server says it (`image/png`)."""

    content: bytes
    kind: str


class Outside:
    """`allowed` and `private` are the owner's settings, asked anew each time: whether anything is fetched at all, and
    whether from private networks too."""

    def __init__(self, allowed: Callable[[], bool], private: Callable[[], bool], *, seconds: float = 30.0) -> None:
        self._allowed = allowed
        self._private = private
        self._timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=10)

    async def fetch(self, url: str, *, most: int, kinds: Sequence[str]) -> Fetched:
        """At most `most` bytes of a kind that begins with one of `kinds`. Raises BadRequest, Forbidden, TooLarge,
        TimedOut or Unreachable, in words that name the server and nothing of what it said."""
        async with self._session(self._timeout) as session:
            here = _parse(url)
            for _ in range(_REDIRECTS + 1):
                _check_literal(here, allowed=self._private())
                try:
                    async with session.get(here, headers=_HEADERS, allow_redirects=False) as response:
                        if response.status not in {301, 302, 303, 307, 308}:
                            return await _read(response, most, kinds)
                        here = _parse(str(here.join(URL(response.headers.get("Location", "")))))
                except (aiohttp.ClientError, OSError, ValueError) as error:
                    raise _failed(here, error) from error
        raise BadRequest(f"{here.host} redirects more than {_REDIRECTS} times.")

    async def send(self, url: str, body: bytes, headers: Mapping[str, str], *, private: bool = False) -> int:
        """Posts to an address that the owner named, and gives the status of the answer; what it says is not read.
        Redirects are not followed. `private`: this one may lie in a private network whatever the settings say. Raises
        BadRequest, Forbidden, TimedOut or Unreachable."""
        here, private = _parse(url), private or self._private()
        _check_literal(here, allowed=private)
        async with _opened(self._timeout, private=private) as session:
            try:
                sent = {**_HEADERS, **headers}
                async with session.post(here, data=body, headers=sent, allow_redirects=False) as response:
                    return response.status
            except (aiohttp.ClientError, OSError, ValueError) as error:
                raise _failed(here, error) from error

    @asynccontextmanager
    async def stream(self, url: str, *, kind: str) -> AsyncGenerator[aiohttp.StreamReader, None]:
        """What the address tells, of this kind, as it comes and for as long as it is read. No redirect is followed.
        Raises as `fetch`, and aiohttp's errors while it is read."""
        unbounded = aiohttp.ClientTimeout(total=None, sock_connect=self._timeout.sock_connect)
        async with self._session(unbounded) as session:
            here = _parse(url)
            _check_literal(here, allowed=self._private())
            try:
                async with asyncio.timeout(self._timeout.total):
                    response = await session.get(here, headers={**_HEADERS, "Accept": kind}, allow_redirects=False)
            except (aiohttp.ClientError, OSError, ValueError) as error:
                raise _failed(here, error) from error
            try:
                _check(response, (kind,))
                yield response.content
            finally:
                response.close()

    def _session(self, timeout: aiohttp.ClientTimeout) -> aiohttp.ClientSession:
        if not self._allowed():
            raise Forbidden("Serai is set to fetch nothing from outside.", hint="The setting outside.fetch allows it.")
        return _opened(timeout, private=self._private())


def _opened(timeout: aiohttp.ClientTimeout, *, private: bool) -> aiohttp.ClientSession:
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=_Checked(private), use_dns_cache=False),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=timeout,
        auto_decompress=False,
    )


def _parse(text: str) -> URL:
    try:
        url = URL(text)
    except ValueError as error:
        raise BadRequest("This is not an address that can be fetched.", hint="Write https://…") from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise BadRequest("Only addresses with http:// or https:// are fetched.")
    if url.user or url.password:
        raise BadRequest("An address that holds a name or a password is not fetched.")
    return url


class _Checked(AbstractResolver):
    """Looks names up once, and lets none through of which an address is private."""

    def __init__(self, private: bool) -> None:
        self._resolver = ThreadedResolver()
        self._private = private

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if not self._private and any(not _public(row["host"]) for row in found):
            raise _Private(host)
        return found

    async def close(self) -> None:
        await self._resolver.close()


class _Private(OSError):
    """Raised where a name leads into a private network."""


def _check_literal(url: URL, *, allowed: bool) -> None:
    """Addresses that are written as numbers are asked of no resolver. Raises Forbidden."""
    host = url.host or ""
    try:
        ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return
    if not allowed and not _public(host):
        raise _forbidden(host)


def _public(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return _public(str(address.ipv4_mapped))
        if any(address in net for net in _TRANSLATED):
            return False
    return address.is_global and not address.is_multicast


async def _read(response: aiohttp.ClientResponse, most: int, kinds: Sequence[str]) -> Fetched:
    host, kind = response.url.host, _check(response, kinds)
    content = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        content += chunk
        if len(content) > most:
            raise TooLarge(f"What {host} sends is larger than {most / 1e6:.0f} MB.", limit=most)
    return Fetched(bytes(content), kind)


def _check(response: aiohttp.ClientResponse, kinds: Sequence[str]) -> str:
    """The kind of what it sends. Raises BadRequest for another than these."""
    host = response.url.host
    if response.status != 200:
        raise BadRequest(f"{host} answered with status {response.status}.")
    kind = response.content_type.lower()
    if not kind.startswith(tuple(kinds)) or response.headers.get("Content-Encoding", "identity") != "identity":
        raise BadRequest(f"{host} sent {kind or 'nothing'}, where {' or '.join(kinds)}… is wanted.")
    return kind


def _failed(url: URL, error: Exception) -> SeraiError:
    if _is_private(error):
        return _forbidden(str(url.host))
    if isinstance(error, TimeoutError):
        return TimedOut(f"{url.host} took too long.", who=url.host)
    return Unreachable(f"{url.host} cannot be reached.", who=url.host)


def _is_private(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, _Private):
            return True
        error = getattr(error, "os_error", None) or error.__cause__
    return False


def _forbidden(host: str) -> Forbidden:
    hint = "The setting outside.private allows it, for everyone who may ask this Serai."
    return Forbidden(f"{host} lies in a private network, from which nothing is fetched.", hint=hint)
