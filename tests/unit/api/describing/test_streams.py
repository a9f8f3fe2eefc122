from __future__ import annotations

import pytest

from serai.api.all import describe

PATHS = describe().openapi()["paths"]


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/v1/chat/completions", "text/event-stream"),
        ("/v1/responses", "text/event-stream"),
        ("/v1/messages", "text/event-stream"),
        ("/hf/models/{path}", "text/event-stream"),
        ("/api/chat", "application/x-ndjson"),
        ("/api/pull", "application/x-ndjson"),
    ],
)
def test_what_can_stream_says_so(path: str, kind: str) -> None:
    assert {"application/json", kind} <= PATHS[path]["post"]["responses"]["200"]["content"].keys()


@pytest.mark.parametrize("path", ["/v1/messages/count_tokens", "/v1/embeddings"])
def test_what_cannot_does_not(path: str) -> None:
    assert PATHS[path]["post"]["responses"]["200"]["content"].keys() == {"application/json"}
