"""Has anybody committed since? Asked on the loop itself, because a hop to a thread costs fifty times as much."""

from __future__ import annotations

import sqlite3


class Pulse:
    """A connection that reads nothing but SQLite's counter of other connections' commits."""

    def __init__(self, file: str) -> None:
        self._connection = sqlite3.connect(file, timeout=0, isolation_level=None, check_same_thread=False)

    def read(self) -> int | None:
        """None while it cannot be told: the database is being recovered, or closed."""
        try:
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0])
        except sqlite3.Error:
            return None

    def close(self) -> None:
        self._connection.close()
