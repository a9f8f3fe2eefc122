"""Sentences for people in their own language: said in English where they are made, translated where they go out.

`de.toml` and kin hold each translation under its English template; a test keeps them whole."""

from __future__ import annotations

import string
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Literal

Language = Literal["en", "de", "fa"]

_NUMBERS: Mapping[str, dict[int, str]] = {
    "de": str.maketrans({".": ",", ",": "."}),
    "fa": str.maketrans({**dict(zip("0123456789", "۰۱۲۳۴۵۶۷۸۹", strict=True)), ".": "٫", ",": "٬"}),
}

_MARKS = {"fa": "\u200f"}
"""Begins a right-to-left sentence, so that one which opens with a foreign name is still read from the right."""

_ISOLATE, _POP = "\u2068", "\u2069"
"""Around a foreign name or path, so that it does not turn the sentence around."""


class Saying(str):
    """An English sentence that remembers its template and its facts. Joined to other text it is but that text: put a
    saying into another one as a fact."""

    template: str
    facts: Mapping[str, Any]


def say(template: str, **facts: Any) -> Saying:
    """The sentence with its facts, in English for all who ask for nothing else."""
    saying = Saying(_Formatter("en").vformat(template, (), facts))
    saying.template, saying.facts = template, facts
    return saying


def translated(text: str, language: Language) -> str:
    """The text in this language, with its numbers written as there; what is no saying, or has no translation, stays."""
    if language == "en" or not isinstance(text, Saying):
        return str(text)
    return _MARKS.get(language, "") + _Formatter(language).within(text)


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """A language's translations by their English templates; none for one that has not been written yet."""
    file = files("serai.wording") / f"{language}.toml"
    return tomllib.loads(file.read_text("utf-8")) if file.is_file() else {}


class _Formatter(string.Formatter):
    def __init__(self, language: Language) -> None:
        self._language = language

    def format_field(self, value: Any, spec: str) -> str:
        if isinstance(value, Saying):
            return self.within(value)
        written = str(format(value, spec))
        if isinstance(value, int | float):
            return written.translate(_NUMBERS.get(self._language, {}))
        return f"{_ISOLATE}{written}{_POP}" if self._language in _MARKS else written

    def within(self, saying: Saying) -> str:
        template = catalogue(self._language).get(saying.template, saying.template)
        return self.vformat(template, (), saying.facts)
