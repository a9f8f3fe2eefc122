"""One exchange with a server over HTTP: how it is asked, how its answer is read, and what goes wrong in words."""

from __future__ import annotations

import asyncio
import ipaddress
import ssl
from collections.abc import AsyncGenerator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, NamedTuple, TypeVar

import httpx2
import orjson

from serai import __version__
from serai.answers import revive
from serai.endpoints import Request
from serai.errors import SeraiError, TimedOut, Unreachable

T = TypeVar("T")

DEFAULT_URL = "http://127.0.0.1:7372"
CONNECT_S = 5.0
UNIX = "unix:"
_CHUNK = 1 << 18


class Address(NamedTuple):
    """Where a server is: its URL and, where it listens on one, the path of its unix socket."""

    url: httpx2.URL
    socket: str | None = None

    @classmethod
    def parse(cls, text: str) -> Address:
        """Reads `http://host:port`, `https://…` or `unix:/path/of/socket`."""
        if text.startswith(UNIX):
            path = text.removeprefix(UNIX)
            return cls(httpx2.URL("http://localhost"), f"/{path.lstrip('/')}" if path.startswith("/") else path)
        return cls(httpx2.URL(text))


def options(address: Address, key: str | None) -> dict[str, Any]:
    """What both flavours give to httpx2. Proxies of the environment never stand before this very machine, and
    certificates are read only where they are needed."""
    url = address.url
    headers = {"user-agent": f"serai-python/{__version__}"} | ({"authorization": f"Bearer {key}"} if key else {})
    plain = url.scheme == "http"
    return {
        "base_url": url,
        "headers": headers,
        "verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else True,
        "trust_env": not (plain and is_loopback(url.host)),
    }


def known(base_url: str | None, key: str | None) -> tuple[Address, str | None]:
    """The address and the key, as given or else as the environment names them."""
    if base_url is None or key is None:
        from serai import settings

        environment = settings.client()
        base_url, key = base_url or environment.url, key or environment.key
    return Address.parse(base_url or DEFAULT_URL), key


def arguments(request: Request[Any], timeout: float | None) -> dict[str, Any]:
    """What httpx2 makes a request of. What is slow has all the time it needs once it is connected."""
    made: dict[str, Any] = {"method": request.method, "url": request.path, "params": dict(request.params) or None}
    if request.json is not None:
        made["json"] = request.json
    if request.content is not None:
        made["content"] = request.content
    if request.headers:
        made["headers"] = dict(request.headers)
    return made | {"timeout": httpx2.Timeout(None if request.slow else timeout, connect=CONNECT_S)}


def read(request: Request[T], response: httpx2.Response) -> T:
    """The answer. Raises SeraiError when it is not what Serai answers."""
    try:
        if request.plain:
            return request.read(response.text)
        return request.read(orjson.loads(response.content) if response.content else None)
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise SeraiError(
            f"{response.request.url} answered with something that is not Serai's.",
            hint="Is this the address of Serai, and is it of the same version as this client?",
        ) from error


def failure(response: httpx2.Response) -> SeraiError:
    """The server's own error, or one made of the status when something else than Serai answered."""
    try:
        return revive(orjson.loads(response.content)["error"], response.status_code)
    except (orjson.JSONDecodeError, KeyError, TypeError, AttributeError):
        words = f"{response.request.url} answered {response.status_code} {response.reason_phrase}"
        return revive({"message": f"{words}: {response.text[:200].strip() or 'no reason given'}"}, response.status_code)


@contextmanager
def in_words(address: Address) -> Iterator[None]:
    """Turns what goes wrong on the way to the server into words."""
    where = f"{UNIX}{address.socket}" if address.socket else str(address.url)
    try:
        yield
    except httpx2.TimeoutException as error:
        raise TimedOut(f"Serai at {where} did not answer in time.", hint="`serai logs` may say why.") from error
    except (httpx2.ConnectError, httpx2.UnsupportedProtocol) as error:
        raise Unreachable(
            f"No Serai answers at {where}.", hint="Start it with `serai serve`, or check the address."
        ) from error
    except httpx2.TransportError as error:
        raise Unreachable(
            f"The connection to Serai at {where} broke: {error or type(error).__name__}.",
            hint="Is it still running? `serai logs` tells what happened.",
        ) from error


@contextmanager
def arriving(path: str | Path) -> Iterator[IO[bytes]]:
    """A file that gets its name when it is whole."""
    target = Path(path)
    partial = target.with_name(f"{target.name}.partial")
    try:
        with partial.open("wb") as file:
            yield file
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)


async def read_along(path: str | Path) -> AsyncGenerator[bytes, None]:
    """A file as it is sent."""
    with await asyncio.to_thread(Path(path).open, "rb") as file:
        while chunk := await asyncio.to_thread(file.read, _CHUNK):
            yield chunk


def is_loopback(host: str) -> bool:
    """Whether a host name or address can only be reached from this machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
