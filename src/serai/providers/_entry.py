"""The entries of `compatible.toml`: what a service that speaks OpenAI's language has, and how it differs."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from serai.types import TEXT_GENERATION


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One service. `url` may be empty for a program that runs anywhere; `version` is what its paths begin with where
    the URL does not say it. A path that is empty is one it does not have. `spelling` is how it calls a setting, `a.b`
    within another field. `place_told`: its list says where each model is, and only those that are there are taken, so
    that two Serais do not offer each other's models for ever."""

    title: str
    url: str = ""
    version: str = "v1"
    key_env: str = ""
    key_needed: bool = False
    key_header: str = "authorization"
    settings: frozenset[str] = frozenset()
    spelling: Mapping[str, str] = field(default_factory=dict)
    chat: str = "chat/completions"
    completions: str = ""
    embeddings: str = ""
    rerank: str = ""
    models: str = "models"
    suffix: bool = False
    usage_option: bool = True
    place_told: bool = False
    probe: str = "models"
    """What is asked to see whether a key is accepted; empty where nothing tells that."""


@cache
def entries() -> Mapping[str, Entry]:
    """By name."""
    data = _data()
    return {name: _entry(table, data["settings"]) for name, table in data["services"].items()}


def group(*names: str) -> frozenset[str]:
    """The settings of groups."""
    return frozenset(setting for name in names for setting in _data()["settings"][name])


def task_of(model: str) -> str:
    """What a model is for that a service says nothing about, by the words in its name; else it writes text."""
    folded = model.casefold()
    for task, words in _data()["tasks"].items():
        if any(word in folded for word in words):
            return str(task)
    return TEXT_GENERATION


@cache
def _data() -> dict[str, Any]:
    return tomllib.loads(files("serai.providers").joinpath("compatible.toml").read_text("utf-8"))


def _entry(table: Mapping[str, Any], groups: Mapping[str, list[str]]) -> Entry:
    """Raises TypeError for a field that there is not."""
    words = table.get("settings", ["standard"])
    settings = frozenset(name for word in words for name in groups.get(word, [word])) - {*table.get("lacks", ())}
    rest = {name: value for name, value in table.items() if name not in ("settings", "lacks")}
    return Entry(settings=settings, **rest)
