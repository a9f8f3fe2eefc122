"""JSON merged into another's file, and taken out again with all that was changed meanwhile left as it is. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Json = dict[str, Any]


def merged(document: Mapping[str, Any], ours: Mapping[str, Any]) -> Json:
    """The document with ours in it: objects are merged, lists get what they lack, everything else is replaced."""
    whole = dict(document)
    for key, value in ours.items():
        there = whole.get(key)
        if isinstance(value, Mapping):
            whole[key] = merged(there if isinstance(there, Mapping) else {}, value)
        elif isinstance(value, list) and isinstance(there, list):
            whole[key] = there + [item for item in value if item not in there]
        else:
            whole[key] = value
    return whole


def without(document: Mapping[str, Any], ours: Mapping[str, Any], before: Mapping[str, Any]) -> Json:
    """The document without ours, and what was there before in its place. What says something else by now is not ours
    any more, and stays."""
    rest = dict(document)
    for key, value in ours.items():
        if key not in rest:
            continue
        former = before.get(key)
        left = _left(rest[key], value, former)
        emptied = left in ({}, [], None) and type(left) is not type(former)
        if left == former or emptied:
            _put_back(rest, key, before)
        else:
            rest[key] = left
    return rest


def _left(there: Any, ours: Any, former: Any) -> Any:
    if isinstance(ours, Mapping) and isinstance(there, Mapping):
        return without(there, ours, former if isinstance(former, Mapping) else {})
    if isinstance(ours, list) and isinstance(there, list):
        kept = former if isinstance(former, list) else []
        return [item for item in there if item in kept or item not in ours]
    return former if there == ours else there


def _put_back(document: Json, key: str, before: Mapping[str, Any]) -> None:
    if key in before:
        document[key] = before[key]
    else:
        del document[key]
