"""How often what people set down was changed, counted by SQLite itself."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_TABLES = ("models", "keys", "providers", "secrets", "routes", "prices", "budgets")
_KEYS = "name, digest, scopes, expires_at, revoked_at, limits, former_digest, former_until"
_COUNT = "INSERT INTO changes (id, count) VALUES (1, 1) ON CONFLICT (id) DO UPDATE SET count = count + 1"


def upgrade() -> None:
    op.create_table(
        "changes",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_changes")),
    )
    for name, table, event in _triggers():
        of = f" OF {_KEYS}" if (table, event) == ("keys", "UPDATE") else ""
        op.execute(f"CREATE TRIGGER {name} AFTER {event}{of} ON {table} BEGIN {_COUNT}; END")


def downgrade() -> None:
    for name, _, _ in _triggers():
        op.execute(f"DROP TRIGGER {name}")
    op.drop_table("changes")


def _triggers() -> list[tuple[str, str, str]]:
    """PostgreSQL is always asked, and needs none."""
    if op.get_bind().dialect.name != "sqlite":
        return []
    return [(f"{table}_{event.lower()}", table, event) for table in _TABLES for event in ("INSERT", "UPDATE", "DELETE")]
