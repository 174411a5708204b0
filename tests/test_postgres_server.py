"""The throw-away server: every test has a database of its own, with PostGIS, in Chinese too."""

from __future__ import annotations

import psycopg
import pytest


@pytest.mark.parametrize("attempt", [1, 2])
def test_that_each_test_gets_an_empty_database(postgres_url: str, attempt: int) -> None:
    with psycopg.connect(postgres_url) as connection:
        connection.execute("CREATE TABLE cases (name text)")
        connection.execute("INSERT INTO cases VALUES ('井盖缺失')")
        assert connection.execute("SELECT name FROM cases").fetchall() == [("井盖缺失",)]


def test_that_the_server_is_15_or_newer_with_postgis(postgres_url: str) -> None:
    with psycopg.connect(postgres_url) as connection:
        assert connection.info.server_version >= 150000
        row = connection.execute("SELECT ST_AsText(ST_MakePoint(121.4667, 31.2304))").fetchone()
        assert row == ("POINT(121.4667 31.2304)",)
