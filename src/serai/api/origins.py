"""Whether a request may come in at all: the name it calls us by, and the web page it comes from."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from starlette.types import Scope

from serai.api import wishes
from serai.errors import Forbidden
from serai.settings import Settings

_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_HOST = re.compile(r"(?:\[(?P<address>[0-9a-f:.]+)\]|(?P<name>[^\s:@/\[\]?#\\]+))(?::\d{1,5})?")
_RATES = [b"x-ratelimit-%b-%b" % (what, of) for of in (b"requests", b"tokens") for what in (b"limit", b"remaining")]
_EXPOSED = [b"x-request-id", b"x-serai-ignored-fields", b"retry-after", *wishes.TOLD, *_RATES]
_FORWARDED = (b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip")


class Origin(NamedTuple):
    """Where a request comes from. `trusted`: from this machine, with nothing between."""

    host: str
    page: str | None
    site: str
    socket: bool
    trusted: bool
    navigation: bool
    preflight: bool
    foreign: bool

    def cors(self) -> list[tuple[bytes, bytes]]:
        """What the browser of an allowed other origin needs to be told."""
        if not self.foreign or self.page is None:
            return []
        every = [(b"access-control-allow-origin", self.page.encode("latin-1")), (b"vary", b"origin")]
        if self.preflight:
            return [
                *every,
                (b"access-control-allow-methods", b"GET, POST, PUT, PATCH, DELETE"),
                (
                    b"access-control-allow-headers",
                    b"authorization, content-type, x-api-key, last-event-id, " + wishes.HEADERS,
                ),
                (b"access-control-max-age", b"600"),
            ]
        return [*every, (b"access-control-expose-headers", b", ".join(_EXPOSED))]


def read(scope: Scope, headers: Mapping[bytes, bytes], settings: Settings) -> Origin:
    """What the request says of where it comes from."""
    server = scope.get("server")
    socket = server is not None and server[1] is None
    host = headers.get(b"host", b"").decode("latin-1")
    page = headers[b"origin"].decode("latin-1") if b"origin" in headers else None
    local = is_loopback(settings.server.host) and _name(host) in _LOOPBACK_NAMES
    navigates = headers.get(b"sec-fetch-mode") == b"navigate" and headers.get(b"sec-fetch-dest") == b"document"
    return Origin(
        host=host,
        page=page,
        site=headers.get(b"sec-fetch-site", b"").decode("latin-1"),
        socket=socket,
        trusted=(socket or local) and not any(name in headers for name in _FORWARDED),
        navigation=navigates and scope.get("method") == "GET",
        preflight=scope.get("method") == "OPTIONS" and b"access-control-request-method" in headers,
        foreign=page is not None and not _same(page, host) and page in settings.server.allowed_origins,
    )


def check(origin: Origin, settings: Settings) -> None:
    """Raises Forbidden for a name that is not ours (DNS rebinding) and for pages of other sites (request forgery)."""
    if not origin.socket and not _known(origin.host, settings):
        hint = "If it is a name of this server, add it to the setting server.allowed_hosts."
        raise Forbidden(f"This server is not called {_name(origin.host) or 'that'!r}.", hint=hint)
    if origin.foreign:
        return
    elsewhere = origin.page is not None and not _same(origin.page, origin.host)
    if elsewhere or (origin.site in ("cross-site", "same-site") and not origin.navigation):
        hint = "If you trust it, add it to the setting server.allowed_origins."
        raise Forbidden(f"Web pages of {origin.page or 'other sites'} may not call this server.", hint=hint)


@lru_cache(64)
def is_loopback(host: str) -> bool:
    """Whether a server bound there is reached from this machine alone."""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _known(host: str, settings: Settings) -> bool:
    name = _name(host)
    if name in _LOOPBACK_NAMES or name == settings.server.host.lower():
        return True
    public = settings.server.public_url.rpartition("//")[2].rstrip("/")
    if name in {allowed.lower() for allowed in settings.server.allowed_hosts} or (public and name == _name(public)):
        return True
    return not is_loopback(settings.server.host) and _is_address(name)


def _is_address(name: str) -> bool:
    """An address cannot be rebound to another machine, as a name can."""
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


@lru_cache(64)
def _name(host: str) -> str:
    """The name in a Host header, without the port; empty when it is not one."""
    match = _HOST.fullmatch(host.lower())
    return (match["address"] or match["name"]).rstrip(".") if match else ""


def _same(page: str, host: str) -> bool:
    scheme, _, netloc = page.partition("://")
    port = {"http": ":80", "https": ":443"}.get(scheme)
    return port is not None and netloc.lower().removesuffix(port) == host.lower().removesuffix(port)
