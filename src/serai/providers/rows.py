"""The remote services that were added, as rows."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from sqlalchemy import Connection, RowMapping, select
from yarl import URL

from serai.errors import BadRequest, NotFound
from serai.providers import _models
from serai.providers.declaration import PATIENCE_S
from serai.storage.tables import providers
from serai.tasks.families import family_of
from serai.types import AUTO, LOCAL

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,62}[a-z0-9]|[a-z0-9]")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_TAKEN = (AUTO, LOCAL, "route", "serai", "kinds", "ollama", "llama.cpp", "onnx", "transformers")
"""Names that mean something else where a service's name may stand. Models adopted from Ollama are `ollama/…`."""

_OWN = ("SERAI_SECRET_KEY", "JWT_SECRET")
"""Serai's own secrets, which no service is ever shown."""

WhoseKeys = Literal["common", "own", "either"]
"""Which keys a service is shown: its common ones, those that each principal keeps for themselves, or these and to
whoever has none the common ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A service as it was added."""

    name: str
    kind: str
    url: str
    key_env: str = ""
    models: tuple[str, ...] = ()
    patience_s: float = PATIENCE_S
    at_once: int | None = None
    whose_keys: WhoseKeys = "either"
    created_at: float = 0.0
    changed_at: float = 0.0


def checked(row: Row) -> Row:
    """Raises BadRequest, naming the field, for what does not fit."""
    if not _NAME.fullmatch(row.name) or ".." in row.name:
        hint = "It has small letters, digits, and .-_ between them."
        raise BadRequest(f"A service cannot be called {row.name[:80]!r}.", hint=hint, field="name")
    if row.name in _TAKEN:
        raise BadRequest(f"{row.name!r} means something else already.", hint="Choose another name.", field="name")
    if row.key_env and (not _VARIABLE.fullmatch(row.key_env) or row.key_env in _OWN):
        raise BadRequest(f"{row.key_env[:80]!r} is no variable that could hold a service's key.", field="key_env")
    if not 1 <= row.patience_s <= 3600:
        raise BadRequest("Patience is from 1 to 3600 seconds.", field="patience_s")
    if row.at_once is not None and not 1 <= row.at_once <= 10_000:
        raise BadRequest("A service takes from 1 to 10,000 calls at once.", field="at_once")
    if row.whose_keys not in get_args(WhoseKeys):
        raise BadRequest("Whose keys a service is shown is common, own or either.", field="whose_keys")
    for text in row.models:
        _check_model(text)
    _check_url(row.url)
    return row


def _check_model(text: str) -> None:
    """`NAME`, or `NAME=TASK`."""
    name, equals, task = text.partition("=")
    if not _models.named(name):
        raise BadRequest(f"{text[:80]!r} cannot be a model's name.", hint="Write NAME, or NAME=TASK.", field="models")
    if equals and family_of(task) is None:
        hint = "Write a task's name as the hub has it, such as summarization."
        raise BadRequest(f"There is no task called {task[:80]!r}.", hint=hint, field="models")


def _check_url(text: str) -> None:
    hint = "Write https://… as the service's documentation has it, without a key in it."
    try:
        url = URL(text)
    except ValueError as error:
        raise BadRequest("This is not an address.", hint=hint, field="url") from error
    if url.scheme not in ("http", "https") or not url.host or url.user or url.password or url.query or url.fragment:
        raise BadRequest("This is not the address of a service.", hint=hint, field="url")


def every(connection: Connection) -> Sequence[Row]:
    """All of them, by name."""
    return [_row(found) for found in connection.execute(select(providers).order_by(providers.c.name)).mappings()]


def find(connection: Connection, name: str) -> Row:
    """Raises NotFound."""
    found = connection.execute(select(providers).where(providers.c.name == name)).mappings().first()
    if found is None:
        raise NotFound(f"There is no service called {name!r}.", hint="`serai providers list` shows them.")
    return _row(found)


def values(row: Row) -> dict[str, object]:
    """The columns of a row that is written now."""
    now = time.time()
    return {
        "kind": row.kind,
        "url": row.url,
        "key_env": row.key_env,
        "models": list(row.models),
        "patience_s": row.patience_s,
        "at_once": row.at_once,
        "whose_keys": row.whose_keys,
        "created_at": row.created_at or now,
        "changed_at": now,
    }


def _row(found: RowMapping) -> Row:
    return Row(**{**found, "models": tuple(found["models"])})
