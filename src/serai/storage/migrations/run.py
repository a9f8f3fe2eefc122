"""Runs Alembic on a connection whose transaction belongs to the caller."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config


def known() -> set[str | None]:
    """Every revision that this Serai can start from; None is an empty database."""
    return {None, *(script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions())}


def current(connection: Connection) -> str | None:
    return MigrationContext.configure(connection).get_current_revision()


def move(connection: Connection, revision: str) -> None:
    """Forwards or back to the revision; `base` is the empty database."""
    config = _config()
    config.attributes["connection"] = connection
    here = current(connection)
    back = here is not None and (revision == "base" or revision < here)
    (command.downgrade if back else command.upgrade)(config, revision)
