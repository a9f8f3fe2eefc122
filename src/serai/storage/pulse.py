"""Has anybody changed what is set down? Asked on the loop itself: a hop to a thread costs fifty times as much."""

from __future__ import annotations

import sqlite3

from serai.storage.changes import COUNT


class Pulse:
    """A connection that only counts. It asks SQLite whether others have committed anything, and what, if they have."""

    def __init__(self, file: str) -> None:
        self._connection = sqlite3.connect(file, timeout=0, isolation_level=None, check_same_thread=False)
        self._committed: int | None = None
        self._changes = 0

    def read(self) -> int | None:
        """How many changes there were. None while it cannot be told: the database is being recovered, or closed."""
        try:
            committed = int(self._connection.execute("PRAGMA data_version").fetchone()[0])
            if committed != self._committed:  # that number first: what is committed in between counts once more
                counted = self._connection.execute(COUNT).fetchall()
                self._changes = int(counted[0][0]) if counted else 0
                self._committed = committed
        except sqlite3.Error:
            return None
        return self._changes

    def close(self) -> None:
        self._connection.close()
