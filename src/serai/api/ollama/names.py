"""Ollama's names of models. There every name has a tag, and `latest` is the one that need not be said. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from serai.api.body import fault, kind

LATEST = ":latest"
_HUBS = ("hf.co/", "huggingface.co/")
_REGISTRY = ("registry.ollama.ai/", "library/")
_ADOPTED = "ollama/"
"""How names of models begin that Ollama itself has downloaded."""


def shown(name: str) -> str:
    """A model's name as Ollama's clients expect it."""
    return name if ":" in name.rpartition("/")[2] else name + LATEST


def asked(body: dict[str, object], *fields: str) -> str:
    """The name in the first of these fields that is there. Raises BadRequest."""
    for field in (*fields, "model", "name"):
        if body.get(field):
            return plain(str(kind(field, body[field], str, "a model's name")))
    raise fault((*fields, "model")[0], "model is required.")


def plain(name: str) -> str:
    """A name without the address of the place that it is fetched from."""
    for start in (*_HUBS, *_REGISTRY):
        name = name.removeprefix(start)
    return name.strip()


def meant(name: str, known: Iterable[str]) -> str:
    """The model of these that is meant, or else what is to be looked for."""
    by_name = {one.casefold(): one for one in known}
    bare = name.removesuffix(LATEST)
    for candidate in (name, bare, _ADOPTED + name, _ADOPTED + bare + LATEST):
        if candidate.casefold() in by_name:
            return by_name[candidate.casefold()]
    return bare
