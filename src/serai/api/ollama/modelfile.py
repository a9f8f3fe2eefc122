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
_NAMED = frozenset({"parameter", "message"})
_NAME = re.compile(r"(\S+)[ \t]+")
_MARK = '"""'


def write(model: Model, template: str) -> str:
    """The model as a Modelfile that `read` understands."""
    lines = ["# Made by Serai.", f"FROM {model.name}"]
    for word, text in (("TEMPLATE", template), ("SYSTEM", model.settings.get("system", ""))):
        if _MARK in text:
            lines.append(f"# Its {word} holds {_MARK}, for which a Modelfile has no words.")
        elif text:
            lines.append(f"{word} {_MARK}{text}{_MARK}")
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
        at, word, name, value = _next(text, at)
        if not word:
            break
        if word in _SINGLE:
            made[_SINGLE[word]] = value
        elif word == "parameter":
            _add(made["parameters"], name, value)
        elif word == "adapter":
            made["adapters"] = {**made.get("adapters", {}), value: value}
        elif word == "message":
            made.setdefault("messages", []).append({"role": name, "content": value})
        else:
            raise fault("modelfile", f"A Modelfile has no {word.upper()}.")
    if "from" not in made:
        raise fault("modelfile", "A Modelfile begins with FROM and a model.")
    return made


def _next(text: str, at: int) -> tuple[int, str, str, str]:
    """The next instruction: where it ends, its word, its name where such have one, and its value; no word at the
    end."""
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
        word, name, start = match[1].lower(), "", match.end()
        if word in _NAMED and (named := _NAME.match(text, start)):
            name, start = named[1], named.end()
        ended, value = _text(text, start, end)
        return ended, word, name, value
    return at, "", "", ""


def _text(text: str, start: int, end: int) -> tuple[int, str]:
    """A value, and where it ends: with its quotes, which may be many lines on, or with its line."""
    if text.startswith(_MARK, start):
        close = text.find(_MARK, start + len(_MARK))
        if close < 0:
            raise fault("modelfile", f"A text that begins with {_MARK} has no end.")
        return close + len(_MARK), text[start + len(_MARK) : close]
    value = text[start:end].strip()
    quoted = len(value) > 1 and value[0] == value[-1] == '"'
    return end + 1, value[1:-1] if quoted else value


def _parameters(model: Model) -> Iterator[tuple[str, Any]]:
    for name, value in options.words(model.settings, model.loading):
        for one in value if isinstance(value, list) else [value]:
            yield name, one


def _add(known: dict[str, Any], name: str, value: str) -> None:
    if name in _LISTS:
        known.setdefault(name, []).append(value)
    else:
        known[name] = _typed(value)


def _typed(text: str) -> Any:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            continue
    return {"true": True, "false": False}.get(text, text)


def _value(value: Any) -> str:
    if isinstance(value, str):
        return f"{_MARK}{value}{_MARK}" if "\n" in value else f'"{value}"'
    return str(value).lower() if isinstance(value, bool) else str(value)
