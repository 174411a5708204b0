"""What is known of live units, here and from another process, with the time it was seen."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import UUID

import pytest

from app.data.engine import postgres_engine
from app.data.positions import PositionFile, Positions
from app.data.postgis_positions import PostgresPositions
from app.services.changes import UnitRow


def unit(number: int, at_ms: int) -> UnitRow:
    return UnitRow(UUID(int=number), f"巡 {number}", "patrol", 121.5, 31.2, 0.0, at_ms)


@pytest.fixture(params=["folder", pytest.param("postgres", marks=pytest.mark.postgres)])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[], Positions]]:
    """Open the positions of one city anew, as another process would; both kinds promise alike."""
    if request.param == "folder":
        yield lambda: PositionFile(tmp_path)
        return
    engine = postgres_engine(request.getfixturevalue("remote_city"))
    with engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE live_unit")
    yield lambda: PostgresPositions(engine, "test")
    engine.dispose()


def test_that_what_another_process_left_is_known_after_a_look(
    opened: Callable[[], Positions],
) -> None:
    opened().put([unit(1, 1000)])
    positions = opened()
    assert positions.known(0) == ()
    positions.changed()
    assert positions.known(0) == (unit(1, 1000),)


def test_that_our_own_newer_place_of_a_unit_wins(opened: Callable[[], Positions]) -> None:
    opened().put([unit(1, 1000), unit(2, 1000)])
    positions = opened()
    positions.changed()
    positions.put([unit(1, 2000)])
    assert set(positions.known(0)) == {unit(1, 2000), unit(2, 1000)}


def test_that_a_look_tells_only_what_changed_since_the_last(
    opened: Callable[[], Positions],
) -> None:
    writer, reader = opened(), opened()
    assert reader.changed() is None
    writer.put([unit(1, 1000)])
    assert reader.changed() == (unit(1, 1000),)
    assert reader.changed() is None
    writer.put([unit(2, 2000)])
    assert set(reader.changed() or ()) == {unit(1, 1000), unit(2, 2000)}


def test_that_units_not_seen_for_long_are_not_named(opened: Callable[[], Positions]) -> None:
    positions = opened()
    positions.put([unit(1, 1000), unit(2, 5000)])
    assert positions.known(5000) == (unit(2, 5000),)
