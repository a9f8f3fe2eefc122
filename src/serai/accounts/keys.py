"""API keys. The plain text is shown once, at its creation; only its digest is kept."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Literal

from sqlalchemy import Connection, func, or_, select, update

from serai.accounts import grants, records
from serai.accounts.records import Key
from serai.errors import BadRequest, NotFound, SeraiError
from serai.storage.database import Database
from serai.storage.secrets import forget_own
from serai.storage.tables import keys
from serai.telemetry import logs
from serai.types import NO_LIMITS, Limits, Principal, new_id

PREFIX = "serai-"
SHOWN = len(PREFIX) + 6
LONGEST = 200

LONGEST_GRACE_S = 30 * 86400.0

TOUCH_S = 60.0
"""How exact `last_used_at` is: a key that is used all the time is noted once in this many seconds."""

_log = logs.get("accounts")


async def _nobody_told() -> None:
    return None


class Keys:
    """Revoking takes effect with the next `verify`, in every process: what is remembered here is used only while
    the database says that nobody has written to it since.
    `changed` is called after each change that may close a key."""

    def __init__(self, db: Database) -> None:
        self.changed: Callable[[], Awaitable[None]] = _nobody_told
        self._db = db
        self._remembered: dict[str, records.Found] = {}
        self._touched: dict[str, float] = {}
        self._touching: set[asyncio.Task[None]] = set()

    async def create(
        self,
        name: str,
        expires_at: float | None = None,
        scopes: Sequence[str] | None = None,
        limits: Limits = NO_LIMITS,
    ) -> tuple[Key, str]:
        """The key and its plain text, which cannot be had again. Without scopes it may do everything, or with limits
        ask models. Raises BadRequest."""
        now = time.time()
        limits, chosen = grants.check(limits, scopes)
        plain = PREFIX + secrets.token_urlsafe(32)
        begins, ends = plain[:SHOWN], records.checked_expiry(expires_at, now)
        key = Key(new_id("key"), records.checked_name(name), begins, chosen, now, ends, limits=limits)
        row = {
            "id": key.id,
            "name": key.name,
            "prefix": key.prefix,
            "digest": records.digest_of(plain),
            "scopes": list(key.scopes),
            "created_at": now,
            "expires_at": expires_at,
            "limits": grants.stored(limits),
        }
        await self._db.write(lambda connection: connection.execute(keys.insert().values(**row)))
        return key, plain

    async def get(self, key_id: str) -> Key:
        """Raises NotFound."""
        return await self._db.read(lambda connection: records.known(connection, key_id))

    async def change(
        self,
        key_id: str,
        *,
        name: str | None = None,
        expires_at: float | Literal["kept"] | None = "kept",
        scopes: Sequence[str] | None = None,
        limits: Limits | None = None,
    ) -> Key:
        """Changes what is given; `limits` replaces all of them. Holds from the next request on. Raises NotFound,
        Conflict (revoked) or BadRequest."""
        now = time.time()

        def work(connection: Connection) -> Key:
            key = records.opened(connection, key_id)
            wanted, chosen = grants.check(key.limits if limits is None else limits, scopes or key.scopes)
            values: dict[str, Any] = {"scopes": list(chosen), "limits": grants.stored(wanted)}
            if name is not None:
                values["name"] = records.checked_name(name)
            if expires_at != "kept":
                values["expires_at"] = records.checked_expiry(expires_at, now)
            return records.write(connection, key_id, values)

        return await self._changed(work)

    async def rotate(self, key_id: str, grace_s: float = 0.0) -> tuple[Key, str]:
        """The key with a new plain text; the one it had before opens for `grace_s` seconds more. Raises NotFound,
        Conflict (revoked) or BadRequest."""
        if not 0 <= grace_s <= LONGEST_GRACE_S:
            raise BadRequest(f"The old key can go on for 0 to {LONGEST_GRACE_S / 86400:.0f} days.", param="grace_s")
        plain = PREFIX + secrets.token_urlsafe(32)
        until = time.time() + grace_s if grace_s else None

        def work(connection: Connection) -> Key:
            records.opened(connection, key_id)
            former = connection.execute(select(keys.c.digest).where(keys.c.id == key_id)).scalar() if until else None
            new = {"digest": records.digest_of(plain), "prefix": plain[:SHOWN]}
            return records.write(connection, key_id, {**new, "former_digest": former, "former_until": until})

        return await self._changed(work), plain

    async def _changed(self, work: Callable[[Connection], Key]) -> Key:
        key = await self._db.write(work)
        await self.changed()
        return key

    async def list(self) -> list[Key]:
        """All of them, newest first, revoked ones too."""
        query = select(keys).order_by(keys.c.created_at.desc(), keys.c.id.desc())
        return await self._db.read(lambda connection: [records.read(row) for row in connection.execute(query)])

    async def revoke(self, key_id: str) -> None:
        """From now on the key opens nothing, and what it kept for itself among the secrets is forgotten. Raises
        NotFound; revoking twice is fine."""
        known = update(keys).where(keys.c.id == key_id)
        revoked = known.values(revoked_at=func.coalesce(keys.c.revoked_at, time.time()))

        def work(connection: Connection) -> None:
            if connection.execute(revoked).rowcount == 0:
                raise records.unknown(key_id)
            forget_own(connection, key_id)

        await self._db.write(work)
        await self.changed()

    async def verify(self, plain: str, *, touch: bool = True) -> Principal | None:
        """Who asks with this key; None when it is unknown, expired, replaced or revoked. `touch` notes its use."""
        if not plain.startswith(PREFIX) or len(plain) > LONGEST or not plain.isascii():
            return None
        found = await self._find(records.digest_of(plain))
        now = time.time()
        if found is None or not found.opens(now):
            return None
        if touch:
            self._touch(found.key, now)
        return records.principal(found.key)

    async def principal(self, key_id: str) -> Principal | None:
        """Whoever has the key with this id, for what is done in its name later; None when it opens nothing any more."""
        try:
            key = await self.get(key_id)
        except NotFound:
            return None
        return records.principal(key) if key.holds(time.time()) else None

    async def any(self) -> bool:
        """Is there a key that opens anything?"""
        now = time.time()
        query = select(keys.c.id).where(
            keys.c.revoked_at.is_(None), or_(keys.c.expires_at.is_(None), keys.c.expires_at > now)
        )
        return await self._db.read(lambda connection: connection.execute(query.limit(1)).first()) is not None

    async def _find(self, digest: str) -> records.Found | None:
        version = self._db.version()  # before the row is read: a write in between makes the row look old, never new
        remembered = self._remembered.get(digest)
        if remembered is not None and remembered.version == version:
            return remembered
        query = select(keys).where(or_(keys.c.digest == digest, keys.c.former_digest == digest))
        row = await self._db.read(lambda connection: connection.execute(query).first())
        if row is None:
            self._remembered.pop(digest, None)
            return None
        found = records.Found(version, records.read(row), former=row.digest != digest)
        if version is not None:
            self._remembered[digest] = found
        return found

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
