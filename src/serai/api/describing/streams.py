"""What comes in pieces, told beside what comes whole."""

from __future__ import annotations

from typing import Any

from serai.api.sse import DESCRIBED

Json = dict[str, Any]

_EVENTS: Json = DESCRIBED[200]["content"]["text/event-stream"]
_LINES: Json = {"schema": {"type": "string", "description": "Objects, one on each line."}}


def _events(data: str, before: str = "") -> Json:
    return {"text/event-stream": {**_EVENTS, "example": f"{before}data: {data}\n\n"}}


_OLLAMA = {"application/x-ndjson": {**_LINES, "example": '{"model":"serai-guide","response":"Hello","done":false}\n'}}
_BY_DIALECT = {
    "openai": _events('{"object":"chat.completion.chunk","choices":[{"index":0,"delta":{"content":"Hello"}}]}'),
    "anthropic": _events('{"type":"ping"}', "event: ping\n"),
    "huggingface": _events('{"index":1,"token":{"id":7,"text":"Hello","logprob":-0.1,"special":false}}'),
    "ollama": _OLLAMA,
    "simple": _OLLAMA,
}
_ALWAYS = {"/api/pull", "/api/create"}
"""They stream without saying so in their described fields."""

_NEVER = {"/v1/messages/count_tokens"}
"""It takes what a message takes, and answers with a number."""

ANY = "/hf/models/{path}"
"""What comes back there has the shape of whatever task the model does."""


def tell(path: str, operation: Json) -> None:
    """Adds the stream to an operation's answer, if it has one, and takes a shape away that holds for one task only."""
    content = operation["responses"].get("200", {}).get("content")
    if content is None:
        return
    if path == ANY and "application/json" in content:
        content["application/json"]["schema"] = {}
    asked: Json = (
        ((operation.get("requestBody") or {}).get("content") or {}).get("application/json", {}).get("schema", {})
    )
    shapes = asked.get("oneOf", [asked])
    if path in _ALWAYS or (path not in _NEVER and any("stream" in shape.get("properties", ()) for shape in shapes)):
        for tag in operation.get("tags", ()):
            for kind, shape in _BY_DIALECT.get(tag, {}).items():
                content[kind] = {**shape, **content.get(kind, {})}
