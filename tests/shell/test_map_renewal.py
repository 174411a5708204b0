"""After an import the map of an open window follows, without the window waiting."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pyarrow as pa
import shapely

from app.assembly.live import open_core
from app.assembly.stores import (
    checked_store,
    folded_store,
    is_sound,
    mend_store,
    open_store,
    renewed_store,
)
from app.data.map_import import append_rows
from app.data.map_schema import LAYERS
from app.data.map_source import fingerprint
from app.domain.identity import uuid7
from app.engines.citystore import CityStore
from app.engines.citystore.journal import edit
from app.sample.tiny import create_tiny_city
from app.store import StoreDelta
from tests.support.logs import ExpectedLogs


def silent(_stage: str, _share: float) -> None:
    """Show nothing."""


def a_part() -> pa.RecordBatch:
    schema = LAYERS["part"].schema
    row: dict[str, object] = dict.fromkeys(schema.names)
    row |= {"uid": uuid7(9, 9).bytes, "code": "3101010101000001", "class": 0, "state": 0,
            "sample": 1, "geom": shapely.Point(121.42, 31.12).wkb}  # fmt: skip
    return pa.RecordBatch.from_pylist([row], schema=schema)


def test_that_the_drawing_store_follows_an_import(tmp_path: Path) -> None:
    folder = tmp_path / "city"
    create_tiny_city(folder).close()
    core = open_core(str(folder))
    try:
        before = open_store(folder, core.facts, silent)
        assert len(before.parts.fid) == 0
        append_rows(folder, "part", [a_part()], lambda _rows: None)
        after = renewed_store(core, folder).result(60)
        assert len(after.parts.fid) == 1
    finally:
        core.close()


def test_that_a_renewal_folds_what_the_journal_tells_and_builds_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "city"
    create_tiny_city(folder).close()
    core = open_core(str(folder))
    try:
        append_rows(folder, "part", [a_part()], lambda _rows: None)
        before = open_store(folder, core.facts, silent)
        made = (folder / "store" / "area" / "xy.bin").stat().st_ino
        was = fingerprint(folder)
        append_rows(folder, "part", [a_part()], lambda _rows: None)
        before.live.record(edit(2, 5.0, 5.0, 7, 2), was, fingerprint(folder))
        after = renewed_store(core, folder).result(60)
        assert (after.n_parts, after.parts.cls.max()) == (2, 7)
        assert (folder / "store" / "area" / "xy.bin").stat().st_ino == made
    finally:
        core.close()


def test_that_edits_are_folded_and_a_torn_store_built_anew_beside_the_window(
    tmp_path: Path, expected_logs: ExpectedLogs
) -> None:
    expected_logs.expect("parts of segment . is torn")
    folder = tmp_path / "city"
    create_tiny_city(folder).close()
    core = open_core(str(folder))
    try:
        append_rows(folder, "part", [a_part()], lambda _rows: None)
        before = open_store(folder, core.facts, silent)
        before.live.record(edit(1, 5.0, 5.0, 7, 2))
        after = folded_store(core, folder).result(60)
        assert after.parts.cls.max() == 7
        assert checked_store(core, folder).result(60) is None
        file = folder / "store" / "parts" / "fid.bin"
        file.write_bytes(b"\x00" * file.stat().st_size)
        mended = checked_store(core, folder).result(60)
        assert mended is not None
        assert mended.n_parts == 1
        mended.live.record(edit(1, 6.0, 5.0, 8, 2))
        mend_store(folder, core.facts, silent)
        assert open_store(folder, core.facts, silent).parts.cls.max() == 8
        file.write_bytes(b"\x00" * file.stat().st_size)
        mend_store(folder, core.facts, silent)
        assert is_sound(folder / "store")
    finally:
        core.close()


def test_that_one_renewal_runs_at_a_time_and_a_failed_one_can_be_asked_again(
    open_desk: Any, qtbot: Any
) -> None:
    desk = open_desk()
    asked: list[Future[CityStore]] = []

    def renew() -> Future[CityStore]:
        asked.append(Future())
        return asked[-1]

    desk.stage.renew_by(renew)
    changed = StoreDelta(map_changed=True)
    for _ in range(3):
        desk.stage.follow(changed, desk.feed.store)
    assert len(asked) == 1
    asked[0].set_exception(OSError("disk full"))
    with qtbot.waitSignal(desk.stage.failed):
        pass
    desk.stage.follow(changed, desk.feed.store)
    assert len(asked) == 2
