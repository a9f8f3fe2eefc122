"""The key or token that a request shows, wherever its client can put one."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode

from starlette.types import Scope

KEY_PROTOCOL = "serai-key."
"""A browser cannot set headers on a WebSocket; it offers the subprotocol `serai-key.<key>` instead."""

_IN_ADDRESS = ("key", "api_key")


def shown(scope: Scope, headers: Mapping[bytes, bytes]) -> str | None:
    """What OpenAI's and Anthropic's clients send; for a WebSocket also what a browser can: a subprotocol, or `?key=`
    and `?api_key=`, which is taken out of the address so that nothing writes it down. Anywhere else an address holds
    no key: addresses are logged and remembered on the way."""
    kind, _, value = headers.get(b"authorization", b"").partition(b" ")
    if kind.lower() == b"bearer" and value:
        return value.strip().decode("latin-1")
    if key := headers.get(b"x-api-key"):
        return key.decode("latin-1")
    if scope["type"] != "websocket":
        return None
    in_address = _taken_out(scope)
    offered = headers.get(b"sec-websocket-protocol", b"").decode("latin-1").split(",")
    protocols = (p.strip().removeprefix(KEY_PROTOCOL) for p in offered if p.strip().startswith(KEY_PROTOCOL))
    return next(protocols, in_address)


def _taken_out(scope: Scope) -> str | None:
    pairs = parse_qsl(scope.get("query_string", b"").decode("latin-1"), keep_blank_values=True)
    rest = [pair for pair in pairs if pair[0] not in _IN_ADDRESS]
    if len(rest) != len(pairs):
        scope["query_string"] = urlencode(rest).encode("latin-1")
    return next((value for name, value in pairs if name in _IN_ADDRESS and value), None)
