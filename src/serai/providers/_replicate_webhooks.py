"""Whether a message is Replicate's: signed, fresh, and not heard before (https://www.standardwebhooks.com)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Mapping, Sequence

WINDOW_S = 300
"""So far may its time be from ours."""

MOST = 10_000
MOST_BYTES = 4 * 1024 * 1024
_PREFIX = "whsec_"


class Heard:
    """The messages that were heard within the window."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._ids: dict[str, float] = {}

    def is_new(self, headers: Mapping[str, str], body: bytes, secrets: Sequence[str]) -> bool | None:
        """None where it is not the service's, or too old; False where it was heard before."""
        name, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        now = self._clock()
        if not name or len(at) > 15 or not at.isdecimal() or abs(now - int(at)) > WINDOW_S:
            return None
        signed = b"%b.%b.%b" % (name.encode(), at.encode(), body)
        if not any(_signs(secret, signed, headers.get("webhook-signature", "")) for secret in secrets):
            return None
        self._ids = {one: heard for one, heard in self._ids.items() if now - heard <= 2 * WINDOW_S}
        if name in self._ids or len(self._ids) >= MOST:
            return False
        self._ids[name] = now
        return True


def _signs(secret: str, signed: bytes, signatures: str) -> bool:
    """Whether one of the signatures, between spaces, is made with this secret."""
    key = base64.b64decode(secret.removeprefix(_PREFIX))
    wanted = b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
    return any(hmac.compare_digest(wanted, one.encode()) for one in signatures.split())
