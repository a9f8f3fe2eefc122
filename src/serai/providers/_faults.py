"""What became of a connection to a service, in words."""

from __future__ import annotations

from collections.abc import Sequence

import aiohttp

from serai.errors import ModelFailed, SeraiError, TimedOut, Unreachable

_HIDDEN = "[redacted]"


def broken(service: str, error: Exception, seconds: float) -> SeraiError:
    """The error for one of the library's. Its own words are left out: they may hold what was sent."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError | aiohttp.ClientConnectorSSLError):
        hint = "Check the URL, and the date of this machine."
        return Unreachable(f"{service} cannot prove that it is who it should be.", hint=hint, who=service)
    if isinstance(error, aiohttp.ClientConnectorError | aiohttp.ConnectionTimeoutError):
        return Unreachable(f"{service} does not answer.", hint="Check its URL and the network.", who=service)
    if isinstance(error, TimeoutError):
        hint = "Try again, or give it more patience."
        return TimedOut(f"{service} was silent for {seconds:g} seconds.", hint=hint, who=service)
    return ModelFailed(f"The connection to {service} broke.", hint="Try again.", who=service)


def without(keys: Sequence[str], error: SeraiError) -> SeraiError:
    """The error without the keys, which some services repeat in their words: not everyone who asks may know them."""
    for key in keys:
        error.message, error.hint = error.message.replace(key, _HIDDEN), error.hint.replace(key, _HIDDEN)
    error.args = (error.message,)
    return error
