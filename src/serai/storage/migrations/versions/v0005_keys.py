"""What a key may ask for, and the text that it had before it was replaced."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    with op.batch_alter_table("keys") as table:
        table.add_column(sa.Column("limits", sa.JSON(), nullable=False, server_default="{}"))
        table.add_column(sa.Column("former_digest", sa.Text()))
        table.add_column(sa.Column("former_until", sa.Float()))
        table.create_index(op.f("ix_keys_former_digest"), ["former_digest"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("keys") as table:
        table.drop_index(op.f("ix_keys_former_digest"))
        table.drop_column("former_until")
        table.drop_column("former_digest")
        table.drop_column("limits")
