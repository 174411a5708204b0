"""What is known of live units, here and from another process, with the time it was seen."""

from pathlib import Path
from uuid import UUID

from app.data.positions import PositionFile
from app.services.changes import UnitRow


def unit(number: int, at_ms: int) -> UnitRow:
    return UnitRow(UUID(int=number), f"巡 {number}", "patrol", 121.5, 31.2, 0.0, at_ms)


def test_that_what_another_process_left_is_known_after_a_look(tmp_path: Path) -> None:
    PositionFile(tmp_path).put([unit(1, 1000)])
    positions = PositionFile(tmp_path)
    assert positions.known(0) == ()
    positions.changed()
    assert positions.known(0) == (unit(1, 1000),)


def test_that_our_own_newer_place_of_a_unit_wins(tmp_path: Path) -> None:
    PositionFile(tmp_path).put([unit(1, 1000), unit(2, 1000)])
    positions = PositionFile(tmp_path)
    positions.changed()
    positions.put([unit(1, 2000)])
    assert set(positions.known(0)) == {unit(1, 2000), unit(2, 1000)}


def test_that_units_not_seen_for_long_are_not_named(tmp_path: Path) -> None:
    positions = PositionFile(tmp_path)
    positions.put([unit(1, 1000), unit(2, 5000)])
    assert positions.known(5000) == (unit(2, 5000),)
