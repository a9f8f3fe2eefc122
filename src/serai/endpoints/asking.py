"""Asking models: chats, completions, vectors and rankings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from serai.answers import Answer, Embeddings, Ranking
from serai.endpoints._request import Json, Messages, Request, given
from serai.types import AUTO

STREAMED: Json = {"stream": True, "stream_options": {"include_usage": True}}


def chat(message: Messages, model: str = AUTO, *, system: str | None = None, **settings: Any) -> Request[Answer]:
    """A chat completion, whole or, with `stream`, with its measurements at the end."""
    messages: list[Mapping[str, Any]] = [{"role": "system", "content": system}] if system else []
    messages += [{"role": "user", "content": message}] if isinstance(message, str) else message
    return _asked("/v1/chat/completions", {"model": model, "messages": messages, **settings})


def generate(prompt: str, model: str = AUTO, **settings: Any) -> Request[Answer]:
    """A completion of a text, whole or streamed."""
    return _asked("/v1/completions", {"model": model, "prompt": prompt, **settings})


def embed(texts: str | Sequence[str], model: str = AUTO, *, dimensions: int | None = None) -> Request[Embeddings]:
    """A vector of length 1 for each text, in their order."""
    body = {"model": model, "input": texts if isinstance(texts, str) else list(texts), "encoding_format": "base64"}
    return _read("/v1/embeddings", Embeddings.from_list, body | given(dimensions=dimensions))


def rerank(query: str, documents: Sequence[str], model: str = AUTO, *, top_n: int | None = None) -> Request[Ranking]:
    """The documents by how well they answer the query, the best first."""
    asked = {"model": model, "query": query, "documents": list(documents), "return_documents": True}
    return _read("/v1/rerank", Ranking.from_results, asked | given(top_n=top_n))


def count_tokens(
    message: Messages, model: str = AUTO, *, system: str | None = None, tools: Sequence[Json] | None = None
) -> Request[int]:
    """How many tokens a chat has for a model, with its template and tools (in Anthropic's shape), before it is sent."""
    messages = [{"role": "user", "content": message}] if isinstance(message, str) else list(message)
    body = {"model": model, "messages": messages, **given(system=system, tools=tools)}
    return _read("/v1/messages/count_tokens", lambda counted: int(counted["input_tokens"]), body)


def _asked(path: str, body: Json) -> Request[Answer]:
    body = {name: value for name, value in body.items() if name != "stream"} | (STREAMED if body.get("stream") else {})
    return _read(path, Answer.from_completion, body)


def _read(path: str, read: Any, body: Json) -> Request[Any]:
    return Request("POST", path, read, body, slow=True, repeatable=True)
