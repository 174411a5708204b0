"""The sample city is what it says: real districts and streets, exact grids, parts in place."""

import hashlib
import itertools
from collections import Counter

import numpy as np
import pyarrow as pa
import pytest
import shapely

from app.data.map_schema import LAYERS
from app.domain.errors import InvalidInput
from app.sample.build import build_city
from app.sample.ground import read_ground
from app.sample.tables import CityTables


def _shapes(table: pa.Table) -> np.ndarray:
    return shapely.from_wkb(np.array(table["geom"].to_pylist(), dtype=object))


def _by_parent(table: pa.Table) -> dict[bytes, list[int]]:
    rows: dict[bytes, list[int]] = {}
    for i, parent in enumerate(table["parent_uid"].to_pylist()):
        rows.setdefault(parent, []).append(i)
    return rows


def test_that_all_layers_have_the_columns_of_the_map(shanghai):
    assert set(shanghai.tables) == set(LAYERS)
    for name, table in shanghai.tables.items():
        assert table.schema == LAYERS[name].schema
        assert table.num_rows > 0
        assert pa.compute.min(table["sample"]).as_py() == 1


def test_that_districts_and_streets_are_the_real_ones(shanghai):
    assert shanghai.tier("district").num_rows == 16
    streets = shanghai.tier("street")
    assert streets.num_rows == len(set(streets["code"].to_pylist())) == 234
    assert sum(streets["platform"].to_pylist()) == 228
    without = streets.filter(pa.compute.equal(streets["platform"], 0))["name"].to_pylist()
    assert not any(name.endswith(("街道", "镇", "乡")) for name in without)
    assert "湖南路街道" in streets["name"].to_pylist()


def test_that_made_districts_cover_the_real_ones(shanghai):
    real = {d.code: d for d in read_ground("3101", np.random.default_rng(0)).districts}
    frame = shanghai.city.frame
    districts = shanghai.tier("district")
    for code, shape in zip(districts["code"].to_pylist(), _shapes(districts), strict=True):
        metric = shapely.transform(shape, frame.to_xy, interleaved=False)
        assert metric.symmetric_difference(real[code].shape).area < 1e-4 * real[code].shape.area


def test_that_grids_tile_each_street_without_gap_or_overlap(shanghai):
    grids, streets = shanghai.tier("grid"), shanghai.tier("street")
    shapes, rows = _shapes(grids), _by_parent(grids)
    assert grids.num_rows == 5_000
    assert shapely.coverage_is_valid(shapes)
    for uid, street in zip(streets["uid"].to_pylist(), _shapes(streets), strict=True):
        mine = shapes[rows[uid]]
        assert abs(shapely.area(mine).sum() / street.area - 1) < 1e-6
        rest = shapely.symmetric_difference(shapely.union_all(mine), street)
        assert rest.area < 1e-9 * street.area


@pytest.mark.parametrize("tier", ["street", "community", "duty_grid", "district"])
def test_that_every_tier_is_a_coverage_of_the_city(shanghai, tier):
    shapes = _shapes(shanghai.tier(tier))
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    assert shapely.area(shapes).sum() == pytest.approx(_shapes(shanghai.tier("city"))[0].area)


def test_that_grid_codes_are_unique_and_say_where_they_belong(shanghai):
    grids, streets = shanghai.tier("grid"), shanghai.tier("street")
    street_code = dict(zip(streets["uid"].to_pylist(), streets["code"].to_pylist(), strict=True))
    communities = set(shanghai.tier("community")["code"].to_pylist())
    codes = grids["code"].to_pylist()
    assert len(set(codes)) == len(codes)
    for code, parent in zip(codes, grids["parent_uid"].to_pylist(), strict=True):
        assert len(code) == 15
        assert code.isdigit()
        assert code.startswith(street_code[parent])
        assert code[:12] in communities


def test_that_grids_are_numbered_without_a_hole(shanghai):
    numbers: dict[str, list[int]] = {}
    for code in shanghai.tier("grid")["code"].to_pylist():
        numbers.setdefault(code[:12], []).append(int(code[12:]))
    assert all(sorted(n) == list(range(1, len(n) + 1)) for n in numbers.values())


def test_that_the_first_grid_of_a_community_lies_north_of_the_last_or_west(shanghai):
    grids = shanghai.tier("grid")
    middle = shapely.get_coordinates(shapely.centroid(_shapes(grids)))
    rows: dict[str, list[int]] = {}
    for i, code in enumerate(grids["code"].to_pylist()):
        rows.setdefault(code[:12], []).append(i)
    for mine in rows.values():
        x, y = middle[mine].T
        assert y[0] >= y[-1] or x[0] <= x[-1]


def test_that_each_part_lies_in_its_grid(shanghai):
    parts, grids = shanghai.tables["part"], shanghai.tier("grid")
    assert parts.num_rows == 100_000
    row = {uid: i for i, uid in enumerate(grids["uid"].to_pylist())}
    grid = np.array([row[uid] for uid in parts["grid_uid"].to_pylist()])
    assert shapely.intersects(_shapes(grids)[grid], _shapes(parts)).all()
    county = np.array([int(code[:6]) for code in grids["code"].to_pylist()])[grid]
    codes = parts["code"].to_pylist()
    assert all(len(code) == 16 for code in codes)
    assert len(set(codes)) == len(codes)
    assert [int(code[:6]) for code in codes] == county.tolist()


def test_that_parts_come_grouped_by_street(shanghai):
    parent = dict(
        zip(*(shanghai.tier("grid")[c].to_pylist() for c in ("uid", "parent_uid")), strict=True)
    )
    streets = [parent[uid] for uid in shanghai.tables["part"]["grid_uid"].to_pylist()]
    changes = sum(a != b for a, b in itertools.pairwise(streets))
    assert changes == len(set(streets)) - 1


def test_that_most_parts_are_what_streets_are_full_of(shanghai):
    classes = Counter(shanghai.tables["part"]["class"].to_pylist())
    assert classes.most_common(1)[0][0] == 67
    assert len(classes) > 60
    whole = Counter(shanghai.tables["part"]["state"].to_pylist())
    assert whole[0] > 0.95 * 100_000


def test_that_every_uid_is_a_uuid_of_version_seven_and_used_once(shanghai):
    for table in shanghai.tables.values():
        uids = table["uid"].to_pylist()
        assert len(set(uids)) == len(uids)
        assert all(len(uid) == 16 and uid[6] >> 4 == 7 and uid[8] >> 6 == 2 for uid in uids)


@pytest.mark.parametrize(
    "address",
    [
        "汾阳路150号", "复兴中路1295号", "五原路212号", "安福路288号", "长乐路613弄14号",
        "淮海中路1285号", "高安路18弄", "康平路101号", "永嘉路387号", "漕溪北路595号",
    ],
)  # fmt: skip
def test_that_well_known_addresses_exist(shanghai, address):
    assert address in shanghai.tables["place"]["address"].to_pylist()


def test_that_fenyang_road_lies_in_hunan_road_street(shanghai):
    places, grids = shanghai.tables["place"], shanghai.tier("grid")
    row = places["address"].to_pylist().index("汾阳路150号")
    grid = grids["uid"].to_pylist().index(places["grid_uid"][row].as_py())
    assert grids["code"][grid].as_py().startswith("310104004")


def test_that_roads_cross_the_river_on_main_bridges_only(shanghai):
    water, roads = shanghai.tables["water"], shanghai.tables["road"]
    river = shapely.union_all(_shapes(water)[np.array(water["kind"].to_pylist()) == "river"])
    river = river.buffer(-2e-4)
    kind = np.array(roads["kind"].to_pylist())
    minor = np.isin(kind, ["local", "alley", "collector"])
    assert not shapely.intersects(river, _shapes(roads)[minor]).any()
    assert shapely.intersects(river, _shapes(roads)[~minor]).any()


def test_that_buildings_keep_off_one_another_and_off_wide_roads(shanghai):
    shapes = _shapes(shanghai.tables["building"])
    first, second = shapely.STRtree(shapes).query(shapes, predicate="overlaps")
    assert len(first) == len(second) == 0


def test_that_compounds_hang_below_the_grid_their_code_begins_with(shanghai):
    grids, compounds = shanghai.tier("grid"), shanghai.tier("compound")
    code = dict(zip(*(grids[c].to_pylist() for c in ("uid", "code")), strict=True))
    codes, parents = (compounds[c].to_pylist() for c in ("code", "parent_uid"))
    assert [own[:15] for own in codes] == [code[parent] for parent in parents]


def _digest(city: CityTables) -> str:
    digest = hashlib.sha256()
    for name, batches in sorted(city.tables.items()):
        digest.update(name.encode())
        for batch in batches:
            for row in batch.to_pylist():
                digest.update(repr(row).encode())
    return digest.hexdigest()


def test_that_the_same_seed_gives_the_same_city_and_another_seed_another():
    first, again, other = (_digest(build_city("sample", seed, code="3502")) for seed in (3, 3, 4))
    assert first == again
    assert first != other


def test_that_any_chinese_city_can_be_built():
    city = build_city("sample", 1, code="5101")
    areas = pa.Table.from_batches(list(city.tables["area"]))
    assert city.name == "成都市"
    tiers = Counter(areas["tier"].to_pylist())
    assert tiers["grid"] == 5_000
    assert tiers["district"] == 20
    grids = areas.filter(pa.compute.equal(areas["tier"], "grid"))
    assert shapely.coverage_is_valid(_shapes(grids))


@pytest.mark.parametrize("code", ["9999", "31", "310101", "abcd", ""])
def test_that_a_code_of_no_city_is_refused_by_name(code):
    with pytest.raises(InvalidInput) as caught:
        build_city("sample", 7, code=code)
    assert caught.value.field == "code"


def test_that_an_unknown_scale_is_refused_by_name():
    with pytest.raises(InvalidInput) as caught:
        build_city("huge", 7)
    assert caught.value.field == "scale"


def test_that_no_address_stands_twice_but_for_names_of_public_houses(shanghai):
    places = shanghai.tables["place"]
    doors = places.filter(pa.compute.is_in(places["kind"], pa.array(["door", "gate", "house"])))
    assert Counter(doors["address"].to_pylist()).most_common(1)[0][1] == 1


def test_that_stations_of_the_metro_stand_on_its_lines(shanghai):
    places, roads = shanghai.tables["place"], shanghai.tables["road"]
    stations = places.filter(pa.compute.equal(places["kind"], "metro"))
    lines = roads.filter(pa.compute.equal(roads["kind"], "metro"))
    assert len(stations) >= 20
    assert all(name.endswith("站") for name in stations["name"].to_pylist())
    assert Counter(stations["address"].to_pylist()).most_common(1)[0][1] == 1
    whole = shapely.union_all(_shapes(lines))
    assert shapely.distance(whole, _shapes(stations)).max() < 1e-6
