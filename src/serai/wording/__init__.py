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
    return _Formatter(language).vformat(catalogue(language).get(text.template, text.template), (), text.facts)


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """A language's translations by their English templates."""
    return tomllib.loads((files("serai.wording") / f"{language}.toml").read_text("utf-8"))


class _Formatter(string.Formatter):
    def __init__(self, language: Language) -> None:
        self._language = language

    def format_field(self, value: Any, spec: str) -> str:
        if isinstance(value, Saying):
            return translated(value, self._language)
        written = str(format(value, spec))
        return written.translate(_NUMBERS.get(self._language, {})) if isinstance(value, int | float) else written
