"""Versions of the database, brought up to date by Alembic from inside the program."""

from __future__ import annotations

import warnings
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from app.domain.errors import InvalidInput

# oldest first; a test holds it to the scripts
KNOWN = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008")
HEAD = KNOWN[-1]


def version_of(connection: Connection) -> str | None:
    """Return the version the database is at, None if it holds no city."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def check_version(version: str | None, place: str) -> None:
    """Raise `InvalidInput` if this program cannot work on a city of that version."""
    if version is None:
        raise InvalidInput(
            f"{place} holds no city.", advice="Name a city's folder, or make one with `city new`."
        )
    if version not in KNOWN:
        raise InvalidInput(
            f"{place} was written by a newer Wangge (its version is {version}, this program knows "
            f"up to {HEAD}). Nothing was changed.",
            advice="Update this program.",
        )


def bring_up_to_date(connection: Connection) -> None:
    """Run what is missing up to `HEAD`, inside the connection's own transaction."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of Alembic's own imports
        from alembic.config import Config
        from alembic.runtime.environment import EnvironmentContext
        from alembic.script import ScriptDirectory
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    config.set_main_option("path_separator", "os")
    script = ScriptDirectory.from_config(config)

    def steps(revision: object, _context: object) -> object:
        return script._upgrade_revs("head", revision)  # type: ignore[arg-type]  # its own caller's form

    with EnvironmentContext(config, script, fn=steps, destination_rev="head") as environment:
        environment.configure(connection=connection, transactional_ddl=False)
        environment.run_migrations()
