"""Pages written by hand are B-trees that SQLite finds sound, and that it can go on changing."""

from __future__ import annotations

import contextlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlcipher3 import dbapi2

from app.data.spool import Spool, runs
from app.data.staging import btree
from app.data.staging.btree import PageFile, index_cells, pair_cells, write_index, write_table
from app.domain.errors import StorageFailure


def digits(numbers):
    texts = [f"{one:016}".encode() for one in numbers.tolist()]
    return np.frombuffer(b"".join(texts), np.uint8).reshape(-1, 16)


def pieces(array, size):
    return (array[at : at + size] for at in range(0, len(array), size))


def database(path, page=512):
    db = dbapi2.connect(str(path), isolation_level=None)
    db.execute(f"PRAGMA page_size = {page}")
    db.execute("PRAGMA journal_mode = MEMORY").fetchall()
    db.execute("PRAGMA synchronous = OFF")
    return contextlib.closing(db)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 2_500), st.sampled_from([1, 7, 100, 5_000]), st.booleans())
def test_that_an_index_written_by_pages_is_sound(tmp_path_factory, count, step, twice):
    path = tmp_path_factory.mktemp("index") / "x.db"
    chance = np.random.default_rng(count)
    codes = chance.integers(0, count // 3 + 1 if twice else 10**16, count)
    with database(path) as db:
        db.execute("CREATE TABLE one (fid INTEGER PRIMARY KEY, code TEXT)")
        rows = ((int(at), f"{code:016}") for at, code in enumerate(codes, 1))
        db.execute("BEGIN")
        db.executemany("INSERT INTO one VALUES (?, ?)", rows)
        db.execute("COMMIT")
    order = np.argsort(codes, kind="stable")
    cells = index_cells(digits(codes[order]), order + 1, text=True)
    with PageFile(path) as file:
        root = write_index(file, pieces(cells, step))
    with database(path) as db:
        db.execute("PRAGMA writable_schema = ON")
        db.execute(
            "INSERT INTO sqlite_master VALUES "
            "('index', 'by_code', 'one', ?, 'CREATE INDEX by_code ON one (code)')",
            (root,),
        )
        db.execute("PRAGMA schema_version = 99")
    with database(path) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        found = db.execute("SELECT fid FROM one INDEXED BY by_code ORDER BY code, fid").fetchall()
        assert [fid for (fid,) in found] == (order + 1).tolist()
        db.executemany("DELETE FROM one WHERE fid % 3 = ?", [(0,)])
        db.execute("INSERT INTO one VALUES (999999, 'x')")
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 6_000), st.sampled_from([1, 40, 777, 10_000]))
def test_that_a_table_written_by_pages_is_sound(tmp_path_factory, count, step):
    path = tmp_path_factory.mktemp("table") / "x.db"
    rows = np.cumsum(np.random.default_rng(count).integers(1, 900, count)).astype(np.int64)
    with database(path) as db:
        db.execute("CREATE TABLE one (fid INTEGER PRIMARY KEY, leaf)")
        root = db.execute("SELECT rootpage FROM sqlite_master").fetchone()[0]
    with PageFile(path) as file:
        write_table(file, pieces(pair_cells(rows, rows * 7), step), root)
    with database(path) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("SELECT * FROM one").fetchall() == [(r, r * 7) for r in rows.tolist()]
        if count:
            found = db.execute("SELECT leaf FROM one WHERE fid = ?", (int(rows[count // 2]),))
            assert found.fetchone() == (int(rows[count // 2]) * 7,)
        db.execute("INSERT INTO one VALUES (99999999, 1)")
        db.execute("DELETE FROM one WHERE fid % 2 = 0")
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_that_the_page_of_the_lock_byte_is_left_out(tmp_path, monkeypatch):
    path = tmp_path / "x.db"
    with database(path) as db:
        db.execute("CREATE TABLE one (fid INTEGER PRIMARY KEY, leaf)")
    monkeypatch.setattr(btree, "_LOCK_BYTE", 5 * 512)
    with PageFile(path) as file:
        assert file.numbers(5).tolist() == [3, 4, 5, 7, 8]
        assert file.numbers(2).tolist() == [9, 10]


def test_that_a_file_with_pointer_pages_is_refused(tmp_path):
    path = tmp_path / "x.db"
    with database(path) as db:
        db.execute("PRAGMA auto_vacuum = FULL")
        db.execute("CREATE TABLE one (fid INTEGER PRIMARY KEY)")
    with pytest.raises(StorageFailure, match="pages"):
        PageFile(path)


@settings(max_examples=60)
@given(st.lists(st.integers(0, 40), max_size=400), st.integers(1, 200), st.sampled_from([0, 2]))
def test_that_runs_hold_each_row_once_and_in_order(tmp_path_factory, keys, size, margin):
    spool = Spool(tmp_path_factory.mktemp("spool"), np.int64)
    spool.add(np.array(keys, np.int64))
    key = spool.array()
    found, last = [], -1
    for rows, own in runs(key, size, margin):
        if own.any():
            assert key[rows[own]].min() > last
            last = key[rows[own]].max()
            wide = (key >= key[rows[own]].min() - margin) & (key <= last + margin)
            assert set(np.flatnonzero(wide)) >= set(rows.tolist()) or margin
        found += rows[own].tolist()
    assert sorted(found) == list(range(len(keys)))
