"""The whole document: FastAPI's, with summaries that are sentences, errors in each dialect, and examples everywhere."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import orjson

from serai.api.describing import errors, streams
from serai.api.describing.synthesis import example

Json = dict[str, Any]

LONGEST = 100
"""Characters of a summary."""

EXAMPLES = Path(__file__).with_name("examples.json")
"""By operation: `request`, `answer`, and the answer's `type` where it is not JSON. Recorded from a server; an operation
that is not here gets its examples from its schemas."""

ABOUT = """\
Everything that the page and the command line do. Addresses under `/api/v1` are Serai's own and stay as they are within
version 1: fields are added, none is taken away or changes its meaning. The others speak the dialects of OpenAI,
Anthropic and Ollama as their clients know them, and say more in an object `serai`.

On this machine nobody needs a key. From others, a key goes into `Authorization: Bearer …` or `x-api-key`."""

TAGS = {
    "openai": "OpenAI's API.",
    "anthropic": "Anthropic's API.",
    "ollama": "Ollama's API.",
    "huggingface": "Hugging Face's task API, one address for each model.",
    "simple": "One call, one answer.",
    "system": "For whoever watches the server.",
    "sessions": "Chats that are kept.",
    "messages": "Questions and answers of a chat.",
    "events": "What happens, as it happens.",
    "status": "How it is.",
    "models": "The models on this machine.",
    "hub": "The models of the hub.",
    "store": "Where models lie.",
    "jobs": "Long work.",
    "calls": "What models are answering, and what they answered.",
    "stats": "What calls came to.",
    "hooks": "Who is told of what happens.",
    "batches": "Files of rows, each answered.",
    "cache": "Answers that are known already.",
    "settings": "What can be set.",
    "secrets": "Tokens for other services.",
    "keys": "Who may ask.",
    "providers": "Remote services.",
    "destinations": "Where a text may go.",
    "endpoints": "Dedicated Inference Endpoints at Hugging Face.",
    "routes": "Names that lead to models, and what would happen to a call.",
    "prices": "What models cost.",
    "budgets": "What may be spent.",
    "usage": "What was used, and what it cost.",
    "machine": "The computer.",
    "engines": "What runs models.",
}
SECURITY = {
    "bearer": {"type": "http", "scheme": "bearer"},
    "header": {"type": "apiKey", "in": "header", "name": "x-api-key"},
}


def complete(document: Json) -> Json:
    """Completes FastAPI's document in place."""
    known = orjson.loads(EXAMPLES.read_bytes())
    parts = document.setdefault("components", {})
    schemas = parts.setdefault("schemas", {})
    schemas.update(errors.SCHEMAS)
    parts["securitySchemes"] = SECURITY
    document["info"] |= {"description": ABOUT, "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"}}
    document["security"] = [{}, *({name: []} for name in SECURITY)]
    document["servers"] = [{"url": "/", "description": "This server."}]
    used = {tag for _, operation in operations(document) for tag in operation.get("tags", ())}
    document["tags"] = [{"name": name, "description": TAGS.get(name, name)} for name in sorted(used)]
    for path, operation in operations(document):
        _say(operation)
        _place(path, operation)
        operation["responses"] |= errors.answers(path)
        _exemplify(operation, known.get(operation["operationId"], {}), schemas)
        streams.tell(path, operation)
    return document


def operations(document: Json) -> Iterator[tuple[str, Json]]:
    """Every operation with its address."""
    for path, methods in document["paths"].items():
        for operation in methods.values():
            yield path, operation


def _say(operation: Json) -> None:
    """The first sentence of what a route says of itself."""
    words = " ".join(operation.get("description", "").split())
    first = words.partition(". ")[0].rstrip(".")
    operation["summary"] = first if len(first) <= LONGEST else _cut(first)


def _cut(sentence: str) -> str:
    """A sentence that is too long for a summary, up to where it could have ended."""
    return next(
        start for mark in ("; ", ": ", " of the ", ", ") if len(start := sentence.partition(mark)[0]) <= LONGEST
    )


def _place(path: str, operation: Json) -> None:
    """The parts of an address that its route reads by itself."""
    told = {parameter["name"] for parameter in operation.get("parameters", ())}
    for name in re.findall(r"{([^}]+)}", path):
        if name not in told:
            part = {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "example": name}
            operation.setdefault("parameters", []).append(part)


def _exemplify(operation: Json, known: Json, schemas: Json) -> None:
    for media in ((operation.get("requestBody") or {}).get("content") or {}).values():
        if "request" in known:
            media.pop("examples", None)
            media["example"] = known["request"]
        else:
            media.setdefault("example", example(media.get("schema", {}), schemas))
    for status, answer in operation["responses"].items():
        if status in ("4XX", "5XX"):
            continue
        _exemplify_answer(answer, known if status.startswith("2") else {}, schemas)
    for parameter in operation.get("parameters", ()):
        if parameter.get("required") and "example" not in parameter:
            parameter["example"] = example(parameter["schema"], schemas, parameter["name"])


_KINDS: Mapping[type, str] = {dict: "object", list: "array", str: "string"}


def _exemplify_answer(answer: Json, known: Json, schemas: Json) -> None:
    content = answer.get("content") or {}
    if "answer" in known and not content:
        kind = _KINDS[type(known["answer"])]
        content = answer["content"] = {known.get("type", "application/json"): {"schema": {"type": kind}}}
    for name, media in content.items():
        if "answer" in known and name == known.get("type", "application/json"):
            media["example"] = known["answer"]
        elif "schema" in media:
            media.setdefault("example", example(media["schema"], schemas))
