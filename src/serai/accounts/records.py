"""Rows of the table of keys, read and written within one connection."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select, update

from serai.accounts import grants
from serai.errors import BadRequest, Conflict, NotFound
from serai.storage.tables import keys
from serai.types import NO_LIMITS, Limits, Principal

LONGEST_NAME = 200


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key; `prefix` is the beginning of its plain text, to tell it from others. Until
    `former_until` the text that it had before it was replaced opens, too."""

    id: str
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_at: float
    expires_at: float | None = None
    revoked_at: float | None = None
    last_used_at: float | None = None
    limits: Limits = NO_LIMITS
    former_until: float | None = None

    def holds(self, now: float) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True)
class Found:
    """A key by its digest, as it was at this version of the database; `former`: by the text that it had before."""

    version: int | None
    key: Key
    former: bool

    def opens(self, now: float) -> bool:
        until = self.key.former_until
        return self.key.holds(now) and (not self.former or (until is not None and now < until))


def read(row: Row[Any]) -> Key:
    return Key(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        scopes=tuple(row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
        limits=grants.read(row.limits),
        former_until=row.former_until,
    )


def principal(key: Key) -> Principal:
    return Principal(key.id, key.name, frozenset(key.scopes), key.limits)


def known(connection: Connection, key_id: str) -> Key:
    row = connection.execute(select(keys).where(keys.c.id == key_id)).first()
    if row is None:
        raise unknown(key_id)
    return read(row)


def opened(connection: Connection, key_id: str) -> Key:
    key = known(connection, key_id)
    if key.revoked_at is not None:
        raise Conflict(f"The key {key.name!r} is revoked.", hint="Create a new one.")
    return key


def write(connection: Connection, key_id: str, values: Mapping[str, Any]) -> Key:
    connection.execute(update(keys).where(keys.c.id == key_id).values(**values))
    return known(connection, key_id)


def unknown(key_id: str) -> NotFound:
    return NotFound(f"There is no key {key_id!r}.", hint="`serai keys list` shows them.")


def checked_name(name: str) -> str:
    if not name.strip() or len(name) > LONGEST_NAME:
        raise BadRequest(f"A key needs a name of 1 to {LONGEST_NAME} characters.")
    return name.strip()


def checked_expiry(expires_at: float | None, now: float) -> float | None:
    if expires_at is not None and expires_at <= now:
        raise BadRequest("The key would have expired already.", hint="expires_at is in seconds since 1970.")
    return expires_at


def digest_of(plain: str) -> str:
    """SHA-256 is enough: a key has 256 random bits, nobody guesses from its digest."""
    return hashlib.sha256(plain.encode()).hexdigest()
