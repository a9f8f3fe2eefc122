"""What every request's shape is made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar
from urllib.parse import quote

T = TypeVar("T")
Json = dict[str, Any]
Messages = str | Sequence[Mapping[str, Any]]

NATIVE = "/api/v1"
DATA_SETS = "datasets/"
"""How the name of a data set begins where models are named, too."""


@dataclass(frozen=True, slots=True)
class Request(Generic[T]):
    """One HTTP request and how its JSON answer is read. `slow`: the answer may take as long as a model needs;
    `repeatable`: it changes nothing, so asking twice does no harm; `plain`: the answer is text, not JSON.
    `content` is a body of bytes, or what yields them."""

    method: str
    path: str
    read: Callable[[Any], T]
    json: Any = None
    params: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    slow: bool = False
    repeatable: bool = False
    plain: bool = False
    content: Any = None


def segment(text: str) -> str:
    """A name as part of a path: `org/name:Q4_K_M` keeps its slash, everything odd is quoted."""
    return quote(text, safe="/:@")


def given(**fields: Any) -> Json:
    """Only what was said."""
    return {name: value for name, value in fields.items() if value is not None}


def pick(name: str) -> Callable[[Any], list[Json]]:
    """Reads the list under that name."""
    return lambda body: list(body[name])


def nothing(_: Any) -> None:
    """Reads an answer without content."""


def as_it_is(body: Any) -> Any:
    """Reads an answer of any shape."""
    return body
