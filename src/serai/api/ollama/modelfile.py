"""Modelfiles: how Ollama writes down what a model is made of. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from serai.api.body import fault
from serai.api.ollama import options
from serai.types import Model

_LINE = re.compile(r"[ \t]*([A-Za-z]+)[ \t]+")
_SINGLE = {"from": "from", "system": "system", "template": "template", "license": "license"}
_LISTS = frozenset({"stop"})


def write(model: Model, template: str) -> str:
    """The model as a Modelfile that `read` understands."""
    lines = ["# Made by Serai.", f"FROM {model.name}"]
    if template:
        lines.append(f"TEMPLATE {_quoted(template)}")
    if system := model.settings.get("system"):
        lines.append(f"SYSTEM {_quoted(system)}")
    lines += [f"PARAMETER {name} {_value(value)}" for name, value in _parameters(model)]
    return "\n".join(lines) + "\n"


def parameters(model: Model) -> str:
    """A model's settings, a line each."""
    return "\n".join(f"{name:<30} {_value(value)}" for name, value in _parameters(model))


def read(text: str) -> dict[str, Any]:
    """What a Modelfile says, in the fields of a request to create a model. Raises BadRequest naming its line."""
    made: dict[str, Any] = {"parameters": {}}
    at = 0
    while at < len(text):
        at, word, value = _next(text, at)
        if not word:
            break
        if word in _SINGLE:
            made[_SINGLE[word]] = value
        elif word == "parameter":
            name, _, given = value.partition(" ")
            _add(made["parameters"], name, _typed(given.strip()))
        elif word == "adapter":
            made["adapters"] = {**made.get("adapters", {}), value: value}
        elif word == "message":
            role, _, said = value.partition(" ")
            made.setdefault("messages", []).append({"role": role, "content": _unquoted(said.strip())})
        else:
            raise fault("modelfile", f"A Modelfile has no {word.upper()}.")
    if "from" not in made:
        raise fault("modelfile", "A Modelfile begins with FROM and a model.")
    return made


def _next(text: str, at: int) -> tuple[int, str, str]:
    """The next instruction: where it ends, its word and its value; no word at the end."""
    while at < len(text):
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        line = text[at:end]
        if not line.strip() or line.lstrip().startswith("#"):
            at = end + 1
            continue
        match = _LINE.match(text, at)
        if match is None:
            raise fault("modelfile", f"A Modelfile's lines begin with a word such as FROM; this is {line[:40]!r}.")
        start = match.end()
        for mark in ('"""', '"'):
            if text.startswith(mark, start):
                close = text.find(mark, start + len(mark))
                if close < 0:
                    raise fault("modelfile", f"A text that begins with {mark} has no end.")
                return close + len(mark), match[1].lower(), text[start + len(mark) : close]
        return end + 1, match[1].lower(), text[start:end].strip()
    return at, "", ""


def _parameters(model: Model) -> Iterator[tuple[str, Any]]:
    for name, value in options.words(model.settings, model.loading):
        for one in value if isinstance(value, list) else [value]:
            yield name, one


def _add(known: dict[str, Any], name: str, value: Any) -> None:
    if name in _LISTS:
        known.setdefault(name, []).append(value if isinstance(value, str) else str(value))
    else:
        known[name] = value


def _typed(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text, _unquoted(text))


def _value(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def _quoted(text: str) -> str:
    return f'"""{text}"""'


def _unquoted(text: str) -> str:
    for mark in ('"""', '"'):
        if len(text) >= 2 * len(mark) and text.startswith(mark) and text.endswith(mark):
            return text[len(mark) : -len(mark)]
    return text
