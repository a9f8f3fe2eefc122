"""Where models' files come from and whether they are whole; the order in which jobs begin."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.create_table(
        "sources",
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("repo", sa.Text()),
        sa.Column("revision", sa.Text()),
        sa.Column("commit", sa.Text()),
        sa.Column("newest", sa.Text()),
        sa.Column("checked_at", sa.Float()),
        sa.Column("hidden", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("model", name=op.f("pk_sources")),
    )
    op.create_table(
        "files",
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("etag", sa.Text()),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("verified_at", sa.Float()),
        sa.PrimaryKeyConstraint("model", "name", name=op.f("pk_files")),
    )
    with op.batch_alter_table("jobs") as table:
        table.add_column(sa.Column("priority", sa.Integer(), nullable=False, server_default="0"))


def downgrade() -> None:
    with op.batch_alter_table("jobs") as table:
        table.drop_column("priority")
    op.drop_table("files")
    op.drop_table("sources")
