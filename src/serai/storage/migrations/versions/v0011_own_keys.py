"""Whose keys a remote service is shown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("providers", sa.Column("whose_keys", sa.Text(), nullable=False, server_default="either"))


def downgrade() -> None:
    op.drop_column("providers", "whose_keys")  # in its place: a table made anew would have lost its triggers
