"""What the log says of parts and grids is what the map holds; where not, it is told and mended."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from app.data.checking import check_city
from app.data.gpkg_rows import register_functions
from app.sample.tiny import create_tiny_city, desk_person, tiny_uid
from app.services.bus import handle
from app.services.commands import Actor, AddPart, SplitGrid

NOW_MS = 1_795_000_000_000
LEAD = Actor(desk_person("shift_lead"), "shift_lead")  # type: ignore[arg-type]  # a StrEnum
WATCHER = Actor(desk_person("supervisor"), "supervisor")  # type: ignore[arg-type]


def test_that_rows_that_differ_from_the_log_are_told_and_mended(tmp_path: Path) -> None:
    folder = tmp_path / "city"
    city: Any = create_tiny_city(folder)
    for n in range(3):
        handle(AddPart(WATCHER, 121.42 + n / 1000, 31.12, {"class": "0101"}), city, NOW_MS + n)
    cut = ((121.39, 31.15), (121.46, 31.16))
    handle(SplitGrid(LEAD, tiny_uid(3, 0), cut), city, NOW_MS + 9_000)
    assert [one for one in check_city(city, quiet).damage if one.kind == "map"] == []
    db = sqlite3.connect(folder / "map.gpkg")
    register_functions(db)
    codes = [code for (code,) in db.execute("SELECT code FROM part ORDER BY fid")]
    db.execute("UPDATE part SET state = 2 WHERE code = ?", codes[:1])
    db.execute("DELETE FROM part WHERE code = ?", codes[1:2])
    db.execute("UPDATE area SET valid_to = NULL WHERE uid = ?", (tiny_uid(3, 0).bytes,))
    db.commit()
    db.close()
    found = {one.case: one.what for one in check_city(city, quiet).damage if one.kind == "map"}
    assert found[codes[0]].endswith("in state")
    assert "lacks a part" in found[codes[1]]
    assert found["310101001001001"].endswith("in valid_to")
    assert len(found) == 3
    assert [one for one in check_city(city, quiet, mend=True).damage if one.kind == "map"] == []
    assert [one for one in check_city(city, quiet).damage if one.kind == "map"] == []
    city.close()


def quiet(_stage: str, _share: float) -> None:
    """Show nothing."""
