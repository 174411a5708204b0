"""The scripts and the tables say the same."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

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


def test_that_a_remote_city_of_the_first_version_gets_what_it_lacks(postgres_url, local_city):
    from app.data.city_folder import create_city, open_city

    create_city(postgres_url, local_city.facts).close()
    with psycopg.connect(postgres_url) as old:
        old.execute("DROP FUNCTION map_changed CASCADE")
        old.execute("DROP TABLE map_revision, reading_block, live_unit, blob")
        old.execute("DROP SEQUENCE reading_block_id")
        old.execute("UPDATE alembic_version SET version_num = '0001'")
    open_city(postgres_url).close()
    with psycopg.connect(postgres_url) as new:
        before = new.execute("SELECT token FROM map_revision").fetchone()
        new.execute("INSERT INTO road (name) VALUES ('汾阳路')")
        assert new.execute("SELECT token FROM map_revision").fetchone() != before
