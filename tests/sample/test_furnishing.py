"""What stands along streets stands beside them, as often as its class says."""

import numpy as np
import pytest
import shapely

from app.sample.buildings import Buildings
from app.sample.furniture import demand_of, lay_way, place_parts
from app.sample.part_kinds import read_kinds
from app.sample.pipes import DRAINS, make_pipes
from app.sample.promises import Promise, keep_promise
from app.sample.roads import Roads

LENGTH = 6_000.0


def _roads() -> Roads:
    lines = [shapely.LineString([(0, y), (LENGTH, y + 200)]) for y in (0, 900, 1_800)]
    kind = np.array(["collector", "local", "expressway"], dtype=object)
    name = np.array(["甲路", "乙路", "丙高速"], dtype=object)
    return Roads(np.array(lines, dtype=object), name, kind, np.array([18.0, 11.0, 34.0]))


def _way(fullness: float = 1.0):
    roads = _roads()
    return roads, lay_way(roads, np.full(6, fullness), 0.0)


@pytest.fixture
def rng() -> np.random.Generator:
    """A generator of chance that repeats itself."""
    return np.random.default_rng(5)


def test_that_every_class_has_an_index_a_code_and_a_line():
    kinds = read_kinds()
    assert [kind.index for kind in kinds] == list(range(len(kinds)))
    assert len({kind.code for kind in kinds}) == len(kinds)
    assert all(len(kind.code) == 4 and kind.code.isdigit() for kind in kinds)


def test_that_trees_stand_every_eight_metres_on_both_sides_of_a_full_street(rng):
    roads, way = _way()
    trees = next(kind for kind in read_kinds() if kind.code == "0402")
    stand = place_parts(roads, way, (trees,), 1.0, rng)
    assert len(stand) == pytest.approx(2 * 2 * LENGTH / 8, rel=0.01)
    away = shapely.distance(shapely.union_all(roads.line[:2]), shapely.points(stand.x, stand.y))
    assert away.min() > 5.0
    assert away.max() < 12.0


def test_that_parts_are_about_as_many_as_expected(rng):
    roads, way = _way(0.4)
    kinds = read_kinds()
    stand = place_parts(roads, way, kinds, 1.0, rng)
    assert len(stand) == pytest.approx(demand_of(roads, kinds).parts(way), rel=0.08)


def test_that_nothing_but_road_furniture_stands_on_an_expressway(rng):
    road = _roads().take(np.array([2]))
    stand = place_parts(road, lay_way(road, np.ones(2), 0.0), read_kinds(), 1.0, rng)
    codes = {kind.code for kind in read_kinds() if kind.index in set(stand.cls.tolist())}
    assert "0118" in codes
    assert not codes & {"0402", "0203", "0301", "0305"}


def test_that_pipes_keep_their_count_and_length(rng):
    lines = [shapely.LineString([(0, 100 * i), (300, 100 * i)]) for i in range(60)]
    names = np.full(60, "甲路", dtype=object)
    kinds = np.full(60, "local", dtype=object)
    roads = Roads(np.array(lines, dtype=object), names, kinds, np.full(60, 11.0))
    pipes = make_pipes(roads, lay_way(roads, np.ones(120), 0.0), 2_000, 40.0, rng)
    assert len(pipes) == 2_000
    assert pipes.kilometres() == pytest.approx(40.0, abs=6 * 0.3)
    assert pipes.kilometres(*DRAINS) == pytest.approx(40.0 * 27_493 / 85_000, abs=2 * 0.3)


def test_that_streets_too_short_for_the_pipes_are_named_an_error(rng):
    roads, way = _way()
    with pytest.raises(ValueError, match="cannot hold"):
        make_pipes(roads, way, 2_000, 85_000.0, rng)


def _buildings(count: int) -> Buildings:
    chance = np.random.default_rng(1)
    storeys = chance.integers(1, 30, count)
    kind = chance.choice(np.array(["residential", "office", "industrial"], dtype=object), count)
    return Buildings(
        np.array([shapely.box(i, 0, i + 1, 1) for i in range(count)], dtype=object), kind,
        np.zeros(count, np.int64), storeys, storeys * 500.0, chance.random(count) < 0.1,
        chance.random(count) < 0.1,
    )  # fmt: skip


def test_that_buildings_are_brought_to_the_totals_exactly(rng):
    made = keep_promise(
        _buildings(900), Promise(tall=210, curtain_walls=60, historic=33, floor_m2=1e6), rng
    )
    assert (made.storeys >= 8).sum() == 210
    assert made.curtain.sum() == 60
    assert made.historic.sum() == 33
    assert made.floor.sum() == pytest.approx(1e6)


def test_that_a_promise_of_more_than_stands_is_an_error(rng):
    with pytest.raises(ValueError, match="can be tall"):
        keep_promise(_buildings(50), Promise(tall=210), rng)
