"""Which model an address below `/hf/models` means, and what is wanted of it. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

VERBS = (
    "v1/chat/completions",
    "v1/completions",
    "v1/embeddings",
    "v1/models",
    "generate_stream",
    "generate",
    "chat_tokenize",
    "tokenize",
    "decode",
    "embed_sparse",
    "embed_all",
    "embed",
    "rerank",
    "similarity",
    "predict",
    "invocations",
    "info",
    "health",
)
"""What may stand after a model's name; none is the end of another with a slash before it."""


class Address(NamedTuple):
    """`verb` is empty for the model itself; `task` is what `/pipeline/{task}` names."""

    model: str
    verb: str = ""
    task: str = ""


def read(path: str, names: Collection[str]) -> Address:
    """A model that is called just so is meant before anything else: `org/info` is then no question about `org`."""
    path = path.strip("/")
    if path.casefold() in {name.casefold() for name in names}:
        return Address(path)
    for verb in VERBS:
        if path.endswith(f"/{verb}"):
            return Address(path[: -len(verb) - 1], verb)
    model, found, task = path.rpartition("/pipeline/")
    return Address(model, task=task) if found and "/" not in task else Address(path)
