"""How each dialect tells of errors: the schema of its envelope, and one error as it would be told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from serai.api import envelopes
from serai.errors import Internal, ModelNotFound

Json = dict[str, Any]

REQUEST = "req_01a1fd86da68c3068f9808e6"
_TEXT = {"type": "string"}
_SERAI = {"$ref": "#/components/schemas/ErrorBody"}


def _object(**properties: Any) -> Json:
    return {"type": "object", "properties": properties, "required": sorted(properties)}


_OR_NULL = {"anyOf": [{"type": "string"}, {"type": "null"}]}
_OPENAI = _object(message=_TEXT, type=_TEXT, param=_OR_NULL, code=_OR_NULL, serai=_SERAI)
_ANTHROPIC = _object(type=_TEXT, message=_TEXT, serai=_SERAI)

SCHEMAS: Mapping[str, Json] = {
    "OpenAIError": _object(error=_OPENAI) | {"description": "An error as OpenAI tells it, with Serai's own beside it."},
    "AnthropicError": _object(type={"const": "error"}, error=_ANTHROPIC, request_id=_TEXT)
    | {"description": "An error as Anthropic tells it, with Serai's own beside it."},
    "PlainError": _object(error=_TEXT, serai=_SERAI)
    | {"description": "An error as one text, with Serai's own beside it."},
    "EitherError": {
        "anyOf": [{"$ref": "#/components/schemas/PlainError"}, {"$ref": "#/components/schemas/ErrorAnswer"}],
        "description": "An error in the dialect of whoever asks.",
    },
}
SHARED = "/api/chat"
"""Serai's own simple call and Ollama's have this address."""

_NAMES = {"openai": "OpenAIError", "anthropic": "AnthropicError"}


def answers(path: str) -> dict[str, Json]:
    """What a route at that address answers when something is wrong, in its own dialect."""
    dialect = envelopes.dialect_of({"path": path, "headers": []})
    name = "ErrorAnswer" if dialect == "native" else _NAMES.get(dialect, "PlainError")
    name = "EitherError" if path == SHARED else name
    told = getattr(envelopes, dialect)
    yours, ours = ModelNotFound("gide", ["serai-guide"]), Internal("Something went wrong inside Serai.")
    return {
        "4XX": _answer(
            "What was asked cannot be done; the message says why, and the way forward.", name, told(yours, REQUEST)
        ),
        "5XX": _answer("Serai, a model or a service failed; the message says who.", name, told(ours, REQUEST)),
    }


def _answer(words: str, name: str, told: Json) -> Json:
    schema = {"$ref": f"#/components/schemas/{name}"}
    return {"description": words, "content": {"application/json": {"schema": schema, "example": told}}}
