"""An import four times as large holds no more memory: what grows with the rows lies on the disk."""

from __future__ import annotations

import tracemalloc

import numpy as np
import pyarrow as pa
import pytest

from app.data import map_import
from app.data.map_import import append_rows
from app.data.map_schema import LAYERS
from app.data.readers.keys import RepeatFinder, uid_column
from app.data.readers.shapes import point_wkb
from app.data.staging import append
from app.sample.tiny import create_tiny_city

RUN = 4_000


@pytest.fixture(autouse=True)
def small_runs(monkeypatch):
    monkeypatch.setattr(map_import, "FEW", 1)
    monkeypatch.setattr("app.data.readers.keys._LONG", RUN)
    monkeypatch.setattr(append, "_ROWS_AT_ONCE", RUN)
    for name in (
        "app.data.spool.RUN_ROWS",
        "app.data.spool._SCAN_ROWS",
        "app.data.staging.rtree._ROWS_AT_ONCE",
    ):
        monkeypatch.setattr(name, RUN)
    monkeypatch.setattr("app.data.spool._SAMPLE", 1_000)
    monkeypatch.setattr("app.data.staging.rtree._NODES_AT_ONCE", 50)
    monkeypatch.setattr("app.data.staging.indexes._AT_ONCE", RUN)


def batches(rows):
    """Parts in map columns, made as they are asked for."""
    schema = LAYERS["part"].schema
    for at in range(0, rows, RUN):
        chance = np.random.default_rng(at)
        number = np.arange(at, at + RUN)
        made = {
            "uid": uid_column(chance.integers(0, 256, (RUN, 16)).astype(np.uint8)),
            "code": pa.array([f"31010101{one % 1000:02}{one:06}" for one in number.tolist()]),
            "class": pa.array(number % 9, pa.uint8()),
            "state": pa.array(number % 4, pa.uint8()),
            "sample": pa.array(np.ones(RUN), pa.int8()),
            "geom": point_wkb(121.38 + chance.random(RUN) / 10, 31.1 + chance.random(RUN) / 10),
        }
        columns = [
            made.get(name, pa.nulls(RUN, kind))
            for name, kind in zip(schema.names, schema.types, strict=True)
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def peak_of(work):
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def peak_of_import(folder, rows):
    create_tiny_city(folder).close()

    def work():
        added = append_rows(folder, "part", batches(rows), lambda _rows: None)
        assert added.added == rows

    return peak_of(work)


def test_that_four_times_the_rows_go_into_the_map_in_the_same_memory(tmp_path):
    peak_of_import(tmp_path / "first", RUN)  # imports of modules are not counted
    small = peak_of_import(tmp_path / "small", 8 * RUN)
    large = peak_of_import(tmp_path / "large", 32 * RUN)
    assert large < 1.1 * small


def test_that_what_came_before_is_known_in_the_same_memory(tmp_path):
    def seen(rows):
        finder = RepeatFinder(tmp_path)
        chance = np.random.default_rng(1)
        for _ in range(rows // RUN):
            assert finder.first_seen(chance.integers(0, 256, (RUN, 16)).astype(np.uint8)).all()
        again = np.random.default_rng(1).integers(0, 256, (RUN, 16)).astype(np.uint8)
        assert not finder.first_seen(again).any()

    assert peak_of(lambda: seen(64 * RUN)) < 1.1 * peak_of(lambda: seen(16 * RUN))
