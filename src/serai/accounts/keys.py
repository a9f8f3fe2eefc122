"""API keys. The plain text is shown once, at its creation; only its digest is kept."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, func, or_, select, update

from serai.errors import BadRequest, NotFound, SeraiError
from serai.storage.database import Database
from serai.storage.tables import keys
from serai.telemetry import logs
from serai.types import Principal, new_id

PREFIX = "serai-"
SHOWN = len(PREFIX) + 6
LONGEST = 200

TOUCH_S = 60.0
"""How exact `last_used_at` is: a key that is used all the time is noted once in this many seconds."""

_log = logs.get("accounts")


@dataclass(frozen=True, slots=True)
class Key:
    """What is known of a key; `prefix` is the beginning of its plain text, to tell it from others."""

    id: str
    name: str
    prefix: str
    scopes: tuple[str, ...]
    created_at: float
    expires_at: float | None = None
    revoked_at: float | None = None
    last_used_at: float | None = None

    def holds(self, now: float) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class Keys:
    """Revoking takes effect with the next `verify`, in every process: what is remembered here is used only while
    the database says that nobody has written to it since."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._remembered: dict[str, tuple[int, Key]] = {}
        self._touched: dict[str, float] = {}
        self._touching: set[asyncio.Task[None]] = set()

    async def create(
        self, name: str, expires_at: float | None = None, scopes: Sequence[str] = ("*",)
    ) -> tuple[Key, str]:
        """The key and its plain text, which cannot be had again. Raises BadRequest."""
        now = time.time()
        if not name.strip() or len(name) > LONGEST:
            raise BadRequest(f"A key needs a name of 1 to {LONGEST} characters.")
        if expires_at is not None and expires_at <= now:
            raise BadRequest("The key would have expired already.", hint="expires_at is in seconds since 1970.")
        plain = PREFIX + secrets.token_urlsafe(32)
        key = Key(new_id("key"), name.strip(), plain[:SHOWN], tuple(scopes), now, expires_at)
        row = {
            "id": key.id,
            "name": key.name,
            "prefix": key.prefix,
            "digest": _digest(plain),
            "scopes": list(key.scopes),
            "created_at": now,
            "expires_at": expires_at,
        }
        await self._db.write(lambda connection: connection.execute(keys.insert().values(**row)))
        return key, plain

    async def list(self) -> list[Key]:
        """All of them, newest first, revoked ones too."""
        query = select(keys).order_by(keys.c.created_at.desc(), keys.c.id.desc())
        return await self._db.read(lambda connection: [_key(row) for row in connection.execute(query)])

    async def revoke(self, key_id: str) -> None:
        """From now on the key opens nothing. Raises NotFound; revoking twice is fine."""
        known = update(keys).where(keys.c.id == key_id)
        revoked = known.values(revoked_at=func.coalesce(keys.c.revoked_at, time.time()))
        if await self._db.write(lambda connection: connection.execute(revoked).rowcount) == 0:
            raise NotFound(f"There is no key {key_id!r}.", hint="`serai keys` lists them.")

    async def verify(self, plain: str) -> Principal | None:
        """Who asks with this key; None when it is unknown, expired or revoked."""
        if not plain.startswith(PREFIX) or len(plain) > LONGEST or not plain.isascii():
            return None
        key = await self._find(_digest(plain))
        now = time.time()
        if key is None or not key.holds(now):
            return None
        self._touch(key, now)
        return Principal(key.id, key.name, frozenset(key.scopes))

    async def any(self) -> bool:
        """Is there a key that opens anything?"""
        now = time.time()
        query = select(keys.c.id).where(
            keys.c.revoked_at.is_(None), or_(keys.c.expires_at.is_(None), keys.c.expires_at > now)
        )
        return await self._db.read(lambda connection: connection.execute(query.limit(1)).first()) is not None

    async def _find(self, digest: str) -> Key | None:
        version = self._db.version()  # before the row is read: a write in between makes the row look old, never new
        remembered = self._remembered.get(digest)
        if remembered is not None and remembered[0] == version:
            return remembered[1]
        query = select(keys).where(keys.c.digest == digest)
        row = await self._db.read(lambda connection: connection.execute(query).first())
        if row is None:
            self._remembered.pop(digest, None)
            return None
        key = _key(row)
        if version is not None:
            self._remembered[digest] = (version, key)
        return key

    def _touch(self, key: Key, now: float) -> None:
        """Notes the use without making the request wait for it."""
        if now - self._touched.get(key.id, key.last_used_at or 0.0) < TOUCH_S:
            return
        self._touched[key.id] = now
        task = asyncio.create_task(self._note_use(key.id, now))
        self._touching.add(task)
        task.add_done_callback(self._touching.discard)

    async def _note_use(self, key_id: str, now: float) -> None:
        used = update(keys).where(keys.c.id == key_id).values(last_used_at=now)
        try:
            await self._db.write(lambda connection: connection.execute(used))
        except SeraiError as error:  # a full disk must not lock anybody out
            _log.warning("The use of key %s was not noted: %s", key_id, error.message)


def _key(row: Row[Any]) -> Key:
    return Key(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        scopes=tuple(row.scopes),
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )


def _digest(plain: str) -> str:
    """SHA-256 is enough: a key has 256 random bits, nobody guesses from its digest."""
    return hashlib.sha256(plain.encode()).hexdigest()
