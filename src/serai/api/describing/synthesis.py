"""An example for a schema: what the schema itself gives as one, else something plausible that fits it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]

DEEPEST = 12
TIME = 1795254835.0
WORDS: Mapping[str, Any] = {
    "id": "01a1fd86da68c3068f9808e6",
    "session": "ses_01a1fd86e33820c06e7fab03",
    "message": "msg_01a1fd86da68c3068f9808e6",
    "name": "org/name:Q4_K_M",
    "model": "org/name:Q4_K_M",
    "title": "Stopping Serai",
    "text": "How do I stop Serai?",
    "path": "/models/name.gguf",
    "home": "/home/you/.local/share/serai",
    "task": "text-generation",
    "format": "gguf",
    "engine": "llama_cpp",
    "backend": "llama.cpp",
    "device": "CPU",
    "place": "local",
    "version": "0.1.0",
    "url": "https://huggingface.co/org/name",
    "license": "apache-2.0",
    "architecture": "llama",
    "quantisation": "Q4_K_M",
    "languages": ["en", "de", "fa"],
    "kind": "download",
    "role": "user",
    "principal": "owner",
    "request_id": "req_01a1fd86da68c3068f9808e6",
    "size": 4_920_000_000,
    "parameters": 8_030_000_000,
    "context_length": 32768,
    "plain": "serai-…",
    "prefix": "serai-3f",
    "scopes": ["infer"],
    "folder": None,
    "parent": None,
    "error": None,
}
"""What fields of these names say, where it fits."""


def example(schema: Mapping[str, Any], components: Mapping[str, Any], name: str = "", depth: int = 0) -> Any:
    """A value that the schema allows. `components` are the document's schemas by their names."""
    schema = _resolved(schema, components)
    if "example" in schema:
        return schema["example"]
    for told in ("examples", "enum"):
        if schema.get(told):
            return schema[told][0]
    if "const" in schema:
        return schema["const"]
    if choices := schema.get("oneOf") or schema.get("anyOf"):
        return _chosen(choices, components, name, depth)
    return _typed(schema, components, name, depth)


def _chosen(choices: list[Any], components: Mapping[str, Any], name: str, depth: int) -> Any:
    kinds = [_resolved(choice, components) for choice in choices]
    nullable = any(kind.get("type") == "null" for kind in kinds)
    if nullable and (depth > DEEPEST or WORDS.get(name, "") is None):
        return None
    return example(next(kind for kind in kinds if kind.get("type") != "null"), components, name, depth)


def _typed(schema: Mapping[str, Any], components: Mapping[str, Any], name: str, depth: int) -> Any:
    kind = schema.get("type") or ("object" if "properties" in schema else None)
    if kind == "object":
        return _object(schema, components, depth)
    if kind == "array":
        return _array(schema, components, name, depth)
    if kind == "string":
        return _string(schema, name)
    if kind in ("integer", "number"):
        return _number(schema, name, whole=kind == "integer")
    return schema.get("default", False) if kind == "boolean" else {}


def _object(schema: Mapping[str, Any], components: Mapping[str, Any], depth: int) -> Json:
    if depth > DEEPEST:
        return {}
    fields = schema.get("properties") or {}
    return {field: example(inner, components, field, depth + 1) for field, inner in fields.items()}


def _array(schema: Mapping[str, Any], components: Mapping[str, Any], name: str, depth: int) -> list[Any]:
    items = schema.get("items") or {}
    known = WORDS.get(name)
    if isinstance(known, list) and _resolved(items, components).get("type") == "string":
        return known
    if depth > DEEPEST and not schema.get("minItems"):
        return []
    return [example(items, components, name.removesuffix("s"), depth + 1)] * max(1, schema.get("minItems", 1))


def _string(schema: Mapping[str, Any], name: str) -> str:
    if schema.get("format") == "binary":
        return "the file itself"
    known = WORDS.get(name)
    text = schema.get("default") or (known if isinstance(known, str) else name.replace("_", " "))
    return str(text)[: schema.get("maxLength", 1000)] or "x" * schema.get("minLength", 0)


def _number(schema: Mapping[str, Any], name: str, *, whole: bool) -> float:
    known = WORDS.get(name)
    told = schema.get("default")
    value = told if told is not None else known if isinstance(known, int | float) else _measure(name)
    value = max(value, schema.get("minimum", value), schema.get("exclusiveMinimum", value - 1) + 1)
    value = min(value, schema.get("maximum", value), schema.get("exclusiveMaximum", value + 1) - 1)
    return int(value) if whole else float(value)


def _measure(name: str) -> float:
    if name.endswith("_at") or name in ("since", "time"):
        return TIME
    return 0.2 if name.endswith("_s") else 1


def _resolved(schema: Mapping[str, Any], components: Mapping[str, Any]) -> Mapping[str, Any]:
    while ref := schema.get("$ref"):
        schema = components[ref.rpartition("/")[2]]
    return schema
