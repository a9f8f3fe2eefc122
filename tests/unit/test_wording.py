"""Sentences in every language of the page."""

from __future__ import annotations

import ast
import json
import string
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

import serai
from serai import advice
from serai.hub.starter import starters
from serai.wording import Language, catalogue, say, translated

FOREIGN: list[Language] = [language for language in get_args(Language) if language != "en"]


def templates() -> Iterator[str]:
    """What `say` is called with anywhere in Serai."""
    for path in Path(serai.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say":
                assert isinstance(node.args[0], ast.Constant), f"{path}:{node.lineno} needs its words in place"
                yield node.args[0].value


def fields(template: str) -> list[tuple[str, str]]:
    return sorted((name, spec or "") for _, name, spec, _ in string.Formatter().parse(template) if name)


def words(template: str) -> str:
    return "".join(text for text, *_ in string.Formatter().parse(template)).strip()


@pytest.mark.parametrize("language", FOREIGN)
def test_every_sentence_has_its_translation_with_the_same_facts(language: Language) -> None:
    said = {template for template in templates() if words(template)}
    assert set(catalogue(language)) == said
    assert [own for own in said if fields(own) != fields(catalogue(language)[own])] == []


def test_english_needs_no_asking() -> None:
    assert say("{free:.1f} GB are free.", free=2.34) == "2.3 GB are free."


@pytest.mark.parametrize(("language", "size"), [("en", "0.5"), ("de", "0,5"), ("fa", "۰٫۵")])
def test_numbers_are_written_as_in_the_language_also_in_a_sentence_within(language: Language, size: str) -> None:
    inner = say("{billions:g} B parameters", billions=0.5)
    assert size in translated(say("{one} {two}", one=inner, two="x"), language)


@pytest.mark.parametrize("language", get_args(Language))
def test_what_is_no_saying_stays(language: Language) -> None:
    assert translated("chmod 700 'x1.5'", language) == "chmod 700 'x1.5'"


def test_a_persian_sentence_that_begins_with_a_path_is_read_from_the_right() -> None:
    told = translated(say("{home} can be written.", home="/srv/serai"), "fa")
    assert told.startswith("\u200f") and "\u2068/srv/serai\u2069" in told


def test_a_saying_goes_out_as_plain_text() -> None:
    assert json.dumps(say("{n} of {n}", n=1)) == '"1 of 1"'


@pytest.mark.parametrize("language", FOREIGN)
def test_advice_is_translated_whole(language: Language) -> None:
    found = {
        "cpu": {"name": "", "cores": 1, "features": ["avx"]},
        "memory": {"total": 8e9, "available": 8e9},
        "gpus": [],
        "disk": {"path": "/", "free": 1e9, "total": 2e9},
    }
    told = advice.sentences(found)
    assert len(told) == 5
    assert all(translated(line, language) != line for line in told)


@pytest.mark.parametrize("language", get_args(Language))
def test_every_starter_says_why(language: Language) -> None:
    assert all(starter.why[language] for starter in starters())
