"""Routes; chats that stay on this machine; how many calls a service takes at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "routes",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("created_at", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_routes")),
    )
    op.add_column("sessions", sa.Column("private", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("providers", sa.Column("at_once", sa.Integer()))


def downgrade() -> None:
    with op.batch_alter_table("providers") as batch:
        batch.drop_column("at_once")
    with op.batch_alter_table("sessions") as batch:
        batch.drop_column("private")
    op.drop_table("routes")
