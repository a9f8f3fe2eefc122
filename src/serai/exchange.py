"""One exchange with a server over HTTP: how it is asked, how its answer is read, and what goes wrong in words."""

from __future__ import annotations

import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx2
import orjson

from serai import __version__
from serai.answers import revive
from serai.endpoints import Request
from serai.errors import SeraiError, TimedOut, Unreachable

T = TypeVar("T")

PROMPT = httpx2.Timeout(60, connect=5)
PATIENT = httpx2.Timeout(None, connect=5)


def options(base_url: str, key: str | None) -> dict[str, Any]:
    """What both flavours give to httpx2. Proxies of the environment never stand before this very machine, and
    certificates are read only where they are needed."""
    url = httpx2.URL(base_url)
    headers = {"user-agent": f"serai-python/{__version__}"} | ({"authorization": f"Bearer {key}"} if key else {})
    plain = url.scheme == "http"
    return {
        "base_url": url,
        "headers": headers,
        "timeout": PROMPT,
        "verify": ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else True,
        "trust_env": not (plain and is_loopback(url.host)),
    }


def arguments(request: Request[Any]) -> dict[str, Any]:
    arguments = {"method": request.method, "url": request.path, "params": dict(request.params) or None}
    if request.json is not None:
        arguments["json"] = request.json
    return arguments | {"timeout": PATIENT if request.slow else PROMPT}


def read(request: Request[T], response: httpx2.Response) -> T:
    if response.is_error:
        raise failure(response)
    try:
        return request.read(orjson.loads(response.content) if response.content else None)
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
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
def in_words(http: httpx2.Client | httpx2.AsyncClient) -> Iterator[None]:
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
