"""The scripts and the tables say the same."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from app.data.engine import postgres_engine
from app.data.migrations import HEAD, KNOWN, __file__, bring_up_to_date, version_of
from app.data.postgis_map import create_map_tables
from app.data.tables import metadata


def test_that_the_known_versions_are_those_of_the_scripts():
    scripts = ScriptDirectory(str(Path(__file__).parent))
    assert tuple(reversed([one.revision for one in scripts.walk_revisions()])) == KNOWN


def test_that_a_new_city_is_at_the_newest_version_and_has_the_tables_of_the_program(city):
    def ours(name, kind, _parents):
        return kind != "table" or name in metadata.tables

    with city.begin(write=False) as uow:
        assert version_of(uow.connection) == HEAD
        context = MigrationContext.configure(
            uow.connection, opts={"include_name": ours, "compare_type": False}
        )
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("times", [1, 3])
def test_that_bringing_up_to_date_again_changes_nothing(city, times):
    with city.begin(write=True) as uow:
        for _ in range(times):
            bring_up_to_date(uow.connection)
        assert version_of(uow.connection) == HEAD


def test_that_the_map_of_a_remote_city_is_there_from_the_start(postgres_url, local_city):
    from app.data.city_folder import create_city

    remote = create_city(postgres_url, local_city.facts)
    with remote.begin(write=True) as uow:
        create_map_tables(uow.connection)
        assert uow.connection.exec_driver_sql("SELECT count(*) FROM area").scalar() == 0
    remote.close()


def test_that_the_map_of_a_remote_city_of_the_first_version_gets_its_token(postgres_url):
    first = Path(__file__).parent / "versions" / "v0001_postgresql.sql"
    engine = postgres_engine(postgres_url)
    with engine.begin() as old:
        for statement in first.read_text("utf-8").split(";\n"):
            if statement.strip():
                old.exec_driver_sql(statement)
        old.exec_driver_sql("CREATE TABLE alembic_version (version_num TEXT)")
        old.exec_driver_sql("INSERT INTO alembic_version VALUES ('0001')")
        old.exec_driver_sql("CREATE TABLE road (name TEXT)")
    with engine.begin() as connection:
        bring_up_to_date(connection)
        assert version_of(connection) == HEAD
        before = connection.exec_driver_sql("SELECT token FROM map_revision").scalar()
        connection.exec_driver_sql("INSERT INTO road VALUES ('汾阳路')")
        assert connection.exec_driver_sql("SELECT token FROM map_revision").scalar() != before
    engine.dispose()
