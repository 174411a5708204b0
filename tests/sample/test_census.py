"""Counts of people and firms add up to what is published, and small ones cannot be found out."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.sample.census import FIRMS, PEOPLE, SECTORS, SIZES
from app.sample.masking import APART, BASE, THRESHOLD, mask_cells, rounded

GRID_MEASURES = ("people", "registered", "households", "aged_60", "firms")


def _counts(shanghai, measure: str, tier: str) -> dict[str, int | None]:
    table = shanghai.tables["aggregate"]
    equal = pa.compute.equal
    mine = table.filter(
        pa.compute.and_(equal(table["measure"], measure), equal(table["tier"], tier))
    )
    return dict(zip(mine["code"].to_pylist(), mine["value"].to_pylist(), strict=True))


@pytest.mark.parametrize(("measure", "total"), [("people", PEOPLE), ("firms", FIRMS)])
@pytest.mark.parametrize("tier", ["city", "district", "street"])
def test_that_people_and_firms_meet_the_published_totals_exactly(shanghai, measure, total, tier):
    assert sum(_counts(shanghai, measure, tier).values()) == total
    made = shanghai.city.totals[measure]
    assert made.value == made.wanted == total
    assert made.date == "2020-12-31"


@pytest.mark.parametrize("kinds", [SECTORS, SIZES])
def test_that_sectors_and_sizes_add_up_in_every_street(shanghai, kinds):
    firms = _counts(shanghai, "firms", "street")
    split = [_counts(shanghai, kind, "street") for kind in kinds]
    assert all(sum(one[code] for one in split) == count for code, count in firms.items())
    assert min(min(one.values()) for one in split) >= THRESHOLD


def test_that_no_group_of_people_is_larger_than_all_people(shanghai):
    people = _counts(shanghai, "people", "street")
    for measure in GRID_MEASURES[1:-1]:
        assert all(n < people[code] for code, n in _counts(shanghai, measure, "street").items())


@pytest.mark.parametrize("measure", GRID_MEASURES)
def test_that_communities_and_grids_are_rounded_or_masked(shanghai, measure):
    for tier in ("community", "grid"):
        values = _counts(shanghai, measure, tier).values()
        assert all(value is None or value % BASE == 0 for value in values)
        assert {*values} != {None}
    table = shanghai.tables["aggregate"]
    nulls = pa.compute.is_null(table["value"])
    assert pa.compute.equal(nulls.cast(pa.int8()), table["masked"]).to_pylist().count(False) == 0


def test_that_counts_hang_on_areas_that_exist(shanghai):
    areas = shanghai.tables["area"]
    code_of = dict(zip(areas["uid"].to_pylist(), areas["code"].to_pylist(), strict=True))
    table = shanghai.tables["aggregate"]
    pairs = zip(table["area_uid"].to_pylist(), table["code"].to_pylist(), strict=True)
    assert all(code_of[uid] == code for uid, code in pairs)


@given(st.lists(st.integers(0, 60), min_size=1, max_size=40), st.integers(0, 1_000))
def test_that_a_masked_count_cannot_be_found_by_subtraction(counts, seed):
    rng = np.random.default_rng(seed)
    count = np.array(counts)
    group = np.sort(rng.integers(0, 6, len(count)))
    above = np.bincount(group, count, 6).astype(np.int64)
    hidden = (above > 0) & (above < THRESHOLD)
    masked = mask_cells(count, group, hidden)
    small = (count > 0) & (count < THRESHOLD)
    assert not (small & ~masked).any()
    assert not masked[count == 0].any()
    for at in range(6):
        inside = masked & (group == at)
        if hidden[at]:
            assert masked[(group == at) & (count > 0)].all()
        elif inside.any():
            everything = int(inside.sum()) == int(((group == at) & (count > 0)).sum())
            assert inside.sum() >= 2
            assert count[inside].sum() >= APART or everything


@given(st.lists(st.integers(0, 10_000), min_size=1))
def test_that_rounding_moves_a_count_by_half_a_step_at_most(counts):
    count = np.array(counts)
    assert (np.abs(rounded(count) - count) <= BASE // 2).all()
