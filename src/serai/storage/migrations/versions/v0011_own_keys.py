"""Whose keys a remote service is shown."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0009"


def upgrade() -> None:
    op.add_column("providers", sa.Column("whose_keys", sa.Text(), nullable=False, server_default="either"))


def downgrade() -> None:
    with op.batch_alter_table("providers") as batch:
        batch.drop_column("whose_keys")
