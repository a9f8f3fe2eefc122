"""Alembic runs this file for every command; the connection comes from `run.py`."""

from __future__ import annotations

from alembic import context

from serai.storage.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
