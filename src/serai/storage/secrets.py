"""Secrets, encrypted at rest; the key lies outside the database."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import Connection, select

from serai.errors import StorageFailed
from serai.storage.database import Database
from serai.storage.keyring import Key, Keyring, key_id, unreadable
from serai.storage.rows import put
from serai.storage.tables import secrets

_OWN = select(secrets.c.name, secrets.c.updated_at).where(secrets.c.name.contains("/"))
"""Made once: it is asked for whenever anything was written."""


class SecretStore:
    """Keys are in `home/secret.key`, or in `key`: one or several texts, separated by commas, of which the first
    encrypts and the others only decrypt what is not rotated yet.

    `seen` is told every value that passes, so that logs can leave it out. Methods raise StorageFailed with cause
    `secret_key` when the key is missing or a value was tampered with."""

    def __init__(
        self, db: Database, home: Path, key: str | None = None, seen: Callable[[str], None] | None = None
    ) -> None:
        self._db = db
        self._keyring = Keyring(home / "secret.key", key)
        self._seen = seen or (lambda _value: None)

    async def get(self, name: str) -> str | None:
        value = await self._db.read(lambda connection: self._get(connection, name))
        if value is not None:
            self._seen(value)
        return value

    async def set(self, name: str, value: str) -> None:
        self._seen(value)
        await self._db.write(lambda connection: _put(connection, self._keyring.first(), name, value))

    def put(self, connection: Connection, name: str, value: str) -> None:
        """The same as a part of a work that writes more than this: both are kept, or neither."""
        self._seen(value)
        _put(connection, self._keyring.first(), name, value)

    async def delete(self, name: str) -> None:
        await self._db.write(lambda connection: forget(connection, name))

    async def names(self) -> list[str]:
        query = select(secrets.c.name).order_by(secrets.c.name)
        return await self._db.read(lambda connection: list(connection.execute(query).scalars()))

    async def rotate(self) -> None:
        """Encrypts everything anew: under a new key of the file, or under the first one given.

        A crash at any point leaves every secret readable: the file holds both keys until all rows are committed."""
        await self._db.write(self._rotate)
        if self._keyring.in_file:
            await self._db.sync()
            await self._db.write(self._drop_unused)

    def _get(self, connection: Connection, name: str) -> str | None:
        try:
            return _open(connection, self._keyring.all(), name)
        except StorageFailed:  # between key and row another process may have rotated both
            connection.rollback()
            return _open(connection, self._keyring.all(), name)

    def _rotate(self, connection: Connection) -> None:
        keys = self._keyring.all()
        names = connection.execute(select(secrets.c.name)).scalars().all()
        values = {name: _open(connection, keys, name) or "" for name in names}
        if self._keyring.in_file:
            self._keyring.store([Key.new(), *keys])
        new = self._keyring.first()
        for name, value in values.items():
            _put(connection, new, name, value)

    def _drop_unused(self, connection: Connection) -> None:
        """Under the write lock, so that no other process's new key is dropped before its rows are committed."""
        used = {key_id(sealed) for sealed in connection.execute(select(secrets.c.value)).scalars()}
        first, *others = self._keyring.all()
        self._keyring.store([first, *(key for key in others if key.id in used)])


def own_name(name: str, who: str) -> str:
    """What a secret is called that a principal keeps for themselves alone; without a name for `who`, how all such names
    begin."""
    return f"{name}/{who}"


def own(name: str) -> bool:
    """Whether a secret of that name is somebody's alone."""
    return "/" in name


def stamps(connection: Connection) -> dict[str, float]:
    """When each secret that is somebody's alone was written last."""
    return dict(connection.execute(_OWN).all())


def forget(connection: Connection, name: str) -> None:
    """Forgets one secret, as a part of another work."""
    connection.execute(secrets.delete().where(secrets.c.name == name))


def forget_all(connection: Connection, start: str) -> None:
    """The same for all whose names begin so."""
    connection.execute(secrets.delete().where(secrets.c.name.startswith(start, autoescape=True)))


def forget_own(connection: Connection, who: str) -> None:
    """The same for all that a principal kept."""
    connection.execute(secrets.delete().where(secrets.c.name.endswith(own_name("", who), autoescape=True)))


def _open(connection: Connection, keys: list[Key], name: str) -> str | None:
    sealed = connection.execute(select(secrets.c.value).where(secrets.c.name == name)).scalar()
    if sealed is None:
        return None
    for key in keys:
        if key.id == key_id(sealed):
            return key.decrypt(name, sealed)
    raise unreadable(name, "was encrypted with a key that is not here")


def _put(connection: Connection, key: Key, name: str, value: str) -> None:
    put(connection, secrets, {"name": name}, {"value": key.encrypt(name, value), "updated_at": time.time()})
