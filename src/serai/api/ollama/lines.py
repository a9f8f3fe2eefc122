"""Ollama's streams: lines of JSON."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping

from serai.api import envelopes, errors, sse
from serai.api.ollama import answer

_NEVER = 365 * 86_400.0
"""As near to it as every event loop can count."""


class Lines(sse.EventStream):
    """Sends lines as they come, by the promises of EventStream. Between them is silence: JSON has no comments."""

    media_type = "application/x-ndjson"

    def __init__(
        self, source: AsyncGenerator[bytes, None], request_id: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(source, failed=lambda error: failed(error, request_id), headers=headers, keep_alive_s=_NEVER)


def failed(error: Exception, request_id: str) -> bytes:
    """The last line of a stream that broke off."""
    return answer.line(envelopes.ollama(errors.understood(error), request_id))
