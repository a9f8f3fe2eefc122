"""Answers that must follow a grammar or a JSON schema: which tokens may come next."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from serai.engines._serving.refused import Refused
from serai.engines._serving.vocabulary import Vocabulary

_ANYTHING = {"type": "object"}
_FORM: Any = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
"""Where any space would do, small models write spaces without end."""


class Rule(Protocol):
    """What an answer follows, with the place it has reached."""

    def allowed(self) -> NDArray[np.bool_]:
        """Which tokens may come next."""
        ...

    def take(self, token: int) -> None:
        """Goes on by a token."""
        ...

    @property
    def complete(self) -> bool:
        """Whether the answer is whole and nothing may follow."""
        ...


class Grammars:
    """Makes rules for one model; what it needs for that it makes once, at the first."""

    def __init__(self, vocabulary: Vocabulary, size: int) -> None:
        self._vocabulary = vocabulary
        self._size = size
        self._tokenizer: Any = None

    def rule(self, grammar: str) -> Rule:
        """The rule by llguidance's form of a grammar. Raises Refused where it is broken."""
        from llguidance import LLMatcher, LLTokenizer

        if self._tokenizer is None:
            ends = sorted(end for end in self._vocabulary.ends if end < self._size)
            text = self._vocabulary.tokenizer.to_str()
            self._tokenizer = LLTokenizer(text, n_vocab=self._size, eos_token=ends or None)
        matcher = LLMatcher(self._tokenizer, grammar, log_level=0)
        if matcher.is_error():
            raise Refused(f"The grammar cannot be followed: {_first_line(matcher.get_error())}.")
        return _Matching(matcher, self._size)


class _Matching:
    def __init__(self, matcher: Any, size: int) -> None:
        self._matcher = matcher
        self._size = size

    def allowed(self) -> NDArray[np.bool_]:
        bits = np.frombuffer(self._matcher.compute_bitmask(), dtype=np.uint8)
        return np.unpackbits(bits, bitorder="little")[: self._size].astype(bool)

    def take(self, token: int) -> None:
        self._matcher.consume_token(token)

    @property
    def complete(self) -> bool:
        return bool(self._matcher.is_stopped())


def wanted(body: Mapping[str, Any]) -> str | None:
    """The grammar that a request asks for, if any: by `grammar` (GBNF), `response_format`, or a call of a tool that
    `tool_choice` demands. Raises Refused."""
    if grammar := body.get("grammar"):
        return _from_gbnf(str(grammar))
    form = body.get("response_format") or {}
    kind = form.get("type", "text")
    if kind == "json_object":
        return _from_schema(form.get("schema") or _ANYTHING)
    if kind == "json_schema":
        return _from_schema((form.get("json_schema") or {}).get("schema") or _ANYTHING)
    if kind != "text":
        raise Refused(f"response_format takes text, json_object or json_schema, not {kind!r}.")
    return _from_choice(body.get("tools") or [], body.get("tool_choice"))


def _from_gbnf(text: str) -> str:
    from llguidance import grammar_from

    try:
        return str(grammar_from("gbnf", text))
    except ValueError as error:
        raise Refused(f"The grammar is not GBNF: {_first_line(str(error))}.") from error


def _from_schema(schema: Any) -> str:
    from llguidance import LLMatcher

    try:
        return str(LLMatcher.grammar_from_json_schema(json.dumps(schema), overrides=_FORM))
    except ValueError as error:
        raise Refused(f"The JSON schema cannot be followed: {_first_line(str(error))}.") from error


def _from_choice(tools: list[Any], choice: Any) -> str | None:
    """The JSON of a call of one of the tools, where one must be called."""
    functions = [tool.get("function", tool) for tool in tools if isinstance(tool, dict)]
    if isinstance(choice, dict):
        name = (choice.get("function") or {}).get("name")
        functions = [function for function in functions if function.get("name") == name]
        if not functions:
            raise Refused(f"tool_choice names {name!r}, which is not among the tools.")
    elif choice != "required" or not functions:
        return None
    calls = [_call_of(function) for function in functions]
    return _from_schema(calls[0] if len(calls) == 1 else {"anyOf": calls})


def _call_of(function: Mapping[str, Any]) -> dict[str, Any]:
    properties = {"name": {"const": function.get("name")}, "arguments": function.get("parameters") or _ANYTHING}
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def _first_line(text: str) -> str:
    return text.strip().splitlines()[0][:300].rstrip(".") if text.strip() else "no reason was given"
