"""What people set down, and the triggers by which SQLite counts its changes: whoever has read it need not look again
after every commit of what is counted and kept as Serai runs."""

from __future__ import annotations

from collections.abc import Iterator

TABLES = ("models", "keys", "providers", "secrets", "routes", "prices", "budgets")
"""Those that are read far more often than written."""

COUNT = "SELECT count FROM changes"

_COLUMNS = {"keys": "name, digest, scopes, expires_at, revoked_at, limits, former_digest, former_until"}
"""Of these tables only the changes of some columns count: that a key was used changes nothing."""


def triggers() -> Iterator[str]:
    """In SQLite's language."""
    for table in TABLES:
        for event in ("insert", "update", "delete"):
            of = f" OF {_COLUMNS[table]}" if event == "update" and table in _COLUMNS else ""
            yield (
                f"CREATE TRIGGER {table}_{event} AFTER {event.upper()}{of} ON {table} BEGIN "  # noqa: S608 - names of our own
                "INSERT INTO changes (id, count) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET count = count + 1; END"
            )
