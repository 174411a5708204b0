"""Closed cases in bulk, on every kind of city."""

from __future__ import annotations

import random
import time

import pyarrow as pa
import pytest

from app.data.bulk_cases import SCHEMA, bulk_cases
from app.domain.actions import check_signed
from app.domain.errors import InvalidInput
from app.domain.identity import new_uid, uuid7
from app.services.views import CaseQuery

NOW_MS = 1_795_000_000_000
WORDS = (
    "雨水井盖破损，影响通行",
    "路灯不亮三盏",
    "占道经营，油烟扰民",
    "暴露垃圾没人清",
    "路面龟裂",
)
STREETS = [new_uid() for _ in range(20)]


def batch_of(count, start=0, **values):
    rng = random.Random(7)
    rows = []
    for number in range(start, start + count):
        reported = NOW_MS - (count - number) * 60_000
        row = {
            "uid": uuid7(reported, number).bytes, "receipt": f"r-{number:06d}",
            "number": f"310104-20260901-{number:06d}", "step": "closed", "matter": "0110",
            "matter_name": "道路破损",
            "lon": 121.3 + rng.random() / 4, "lat": 31.1 + rng.random() / 4,
            "grid": None, "grid_code": "310104001001001", "street": STREETS[number % 20].bytes,
            "district": None, "unit": None, "person": None, "source": "hotline",
            "reported_ms": reported, "closed_ms": reported + 3_600_000, "returned": 0,
            "reworked": 0, "auto": False, "urgent": False, "sample": True,
            "words": f"{WORDS[number % 5]}{number}", "address": f"汾阳路{number}号",
        }  # fmt: skip
        rows.append(row | values)
    return pa.RecordBatch.from_pylist(rows, schema=SCHEMA)


def add(city, batch, digest="a" * 64):
    return bulk_cases(city, [batch], source="history.csv", digest=digest)


def test_that_a_bulk_of_closed_cases_is_one_signed_action(city):
    with city.begin(write=False) as uow:
        before = uow.actions.revision()
    assert add(city, batch_of(50)) == 50
    with city.begin(write=False) as uow:
        ((_, signed),) = uow.actions.since(before, 9)
    body = check_signed(signed, city.verifier).body
    assert body == {
        "kind": "cases", "source": "history.csv", "sha256": "a" * 64, "taken": 50, "refused": 0,
    }  # fmt: skip


def test_that_cases_of_a_bulk_are_listed_searched_and_counted_like_others(city, cases):
    add(city, batch_of(50))
    later = cases.put(city, "雨水井盖破损")
    with city.begin(write=False) as uow:
        assert uow.cases.page(CaseQuery("closed")).total == 50
        assert uow.cases.page(CaseQuery(text="井盖")).total == 11
        assert uow.cases.page(CaseQuery(text="井盖")).rows[0].uid == later.uid
        first = uow.cases.page(CaseQuery("closed", limit=1)).rows[0]
        assert (first.title, first.address) == ("路面龟裂49", "汾阳路49号")
        assert first.closed_ms == first.changed_ms == first.reported_ms + 3_600_000
        assert uow.cases.find("310104-20260901-000007") is not None
        assert uow.cases.page(CaseQuery("closed", area=STREETS[3])).total == 3


def test_that_the_same_file_again_adds_nothing_and_signs_nothing(city):
    add(city, batch_of(10))
    with city.begin(write=False) as uow:
        before = uow.actions.revision()
    assert add(city, batch_of(10)) == 0
    with city.begin(write=False) as uow:
        assert uow.actions.revision() == before


def test_that_another_file_adds_only_the_cases_not_yet_here(city):
    whole = batch_of(15)
    add(city, whole.slice(0, 10))
    twice = pa.concat_batches([whole, whole])
    assert add(city, twice, digest="b" * 64) == 5
    with city.begin(write=False) as uow:
        assert uow.cases.page(CaseQuery("closed")).total == 15


def test_that_a_bulk_with_a_gap_adds_nothing_and_names_the_column(city):
    for column in ("matter", "lon", "reported_ms"):
        with pytest.raises(InvalidInput) as caught:
            bulk_cases(
                city, [batch_of(5), batch_of(5, 5, **{column: None})], source="x", digest="c" * 64
            )
        assert caught.value.field == column
    with pytest.raises(InvalidInput, match="SCHEMA"):
        add(city, batch_of(5).drop_columns(["words"]))
    with city.begin(write=False) as uow:
        assert uow.cases.page(CaseQuery()).total == 0


def test_that_personal_words_of_a_bulk_can_be_erased(city):
    batch = batch_of(3)
    add(city, batch)
    with city.begin(write=True) as uow:
        (row,) = uow.cases.page(CaseQuery(text="汾阳路1号")).rows
        assert uow.vault.erase_subject(row.uid) == 2
        uow.commit()
    with city.begin(write=False) as uow:
        assert uow.cases.row(row.uid).title == ""
        assert uow.cases.page(CaseQuery(text="汾阳路1号")).total == 0


def test_that_twenty_thousand_cases_are_added_and_searched_in_a_moment(local_city):
    batch = batch_of(20_000)
    start = time.perf_counter()
    add(local_city, batch)
    assert time.perf_counter() - start < 8  # 2 s on an idle core; room for a busy one
    with local_city.begin(write=False) as uow:
        for query in (
            CaseQuery(text="井盖"),
            CaseQuery(text="盖"),
            CaseQuery(text="汾阳路199"),
            CaseQuery("closed"),
            CaseQuery(area=STREETS[3], text="路灯"),
        ):
            start = time.perf_counter()
            page = uow.cases.page(query)
            assert time.perf_counter() - start < 0.5  # 100 ms on an idle core
            assert len(page.rows) == min(200, page.total)
            assert page.estimated == (page.total > 1000)
        assert uow.cases.page(CaseQuery("closed")).total == 20_000
