"""One message to a hook: how it is written and signed (as https://www.standardwebhooks.com says), and sent once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import orjson

from serai.errors import Forbidden, SeraiError
from serai.monitor.occurrences import Occurrence
from serai.outside import Outside

PREFIX = "whsec_"
"""How what messages are signed with begins."""

_LATER = frozenset({408, 425, 429})
"""Refusals that may be none at the next attempt, as all of 500 and above."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """`error` is empty where the message was taken; `again` is whether another attempt may help."""

    error: str = ""
    again: bool = False


async def send(outside: Outside, url: str, secret: str, occurrence: Occurrence, *, private: bool) -> Outcome:
    """One attempt. Raises nothing that the network or the other side can cause."""
    at = datetime.fromtimestamp(occurrence.at, UTC).isoformat()
    body = orjson.dumps(
        {"id": occurrence.id, "type": occurrence.kind, "timestamp": at, "data": dict(occurrence.data)}, default=str
    )
    headers = {"Content-Type": "application/json", **signed(secret, occurrence.id, int(time.time()), body)}
    try:
        status = await outside.send(url, body, headers, private=private)
    except Forbidden:
        return Outcome("It lies in a private network; a hook that is added with `private` may do that.")
    except SeraiError as error:
        return Outcome(error.message, again=error.status >= 500)
    if 200 <= status < 300:
        return Outcome()
    return Outcome(f"It answered with status {status}.", again=status in _LATER or status >= 500)


def signed(secret: str, message_id: str, at: int, body: bytes) -> dict[str, str]:
    """The headers by which a receiver knows whom a message is from, and when it was sent."""
    key = base64.b64decode(secret.removeprefix(PREFIX))
    digest = hmac.new(key, f"{message_id}.{at}.".encode() + body, hashlib.sha256).digest()
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(at),
        "webhook-signature": f"v1,{base64.b64encode(digest).decode()}",
    }
