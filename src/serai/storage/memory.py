"""Small things that Serai remembers between starts."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from serai.storage.database import Database
from serai.storage.rows import put
from serai.storage.tables import memory


class Memory:
    """Values are whatever JSON can hold."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def get(self, key: str, default: Any = None) -> Any:
        query = select(memory.c.value).where(memory.c.key == key)
        row = await self._db.read(lambda connection: connection.execute(query).first())
        return default if row is None else row.value

    async def set(self, key: str, value: Any) -> None:
        await self._db.write(lambda connection: put(connection, memory, {"key": key}, {"value": value}))
