"""The map's benchmark, on a tiny city in windows of its own screen: fields and counts, no times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyogrio
import pytest
import shapely

from app.assembly.benches import _open_city, bench
from app.bench.map_facts import counted_by_file
from app.bench.map_legs import legs
from app.bench.screen import own_screen
from app.data.map_schema import LAYERS
from app.domain.camera import Bounds
from app.domain.errors import InvalidInput
from app.sample.tiny import create_tiny_city

PARTS = 4_000
FIELDS = {
    "parts", "pipe_segments", "grids", "live_units", "labels_drawn", "gap_p99_ms", "gap_max_ms",
    "hd", "uhd", "rss_mb", "cold_start_s", "pick_us", "record_ms", "filter_ms", "select_ms",
    "count_exact", "qgis_redraw_s", "ratio_cold", "memcpy_ms", "promises", "load",
}  # fmt: skip
OF_A_SIZE = {
    "p50_ms", "p95_ms", "max_ms", "fps", "fallback_share", "sharp_p95_ms", "cold_full_frame_ms",
}  # fmt: skip


def parts() -> pa.Table:
    """Return parts all over the tiny city, of seven classes."""
    chance = np.random.default_rng(1)
    lon, lat = chance.uniform(121.41, 121.59, PARTS), chance.uniform(31.11, 31.29, PARTS)
    rows = [
        {
            "uid": n.to_bytes(16, "big"), "code": f"{n:016d}", "class": n % 7, "state": 0,
            "source": "sample", "accuracy": "A", "sample": 1, "geom": shapely.Point(x, y).wkb,
        }
        for n, (x, y) in enumerate(zip(lon, lat, strict=True))
    ]  # fmt: skip
    schema = LAYERS["part"].schema
    return pa.Table.from_pylist(
        [{name: row.get(name) for name in schema.names} for row in rows], schema=schema
    )


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a tiny city that has parts."""
    folder = tmp_path_factory.mktemp("map") / "city"
    create_tiny_city(folder).close()
    pyogrio.write_arrow(
        parts(), folder / "map.gpkg", layer="part", append=True, geometry_name="geom",
        geometry_type="Point", crs="EPSG:4326",
    )  # fmt: skip
    return folder


def test_that_the_map_bench_tells_all_it_promises(city: Path) -> None:
    arguments = ("--city", str(city), "--jumps", "1", "--pace", "6", "--starts", "1")
    arguments = (*arguments, "--no-qgis")
    told: dict[str, Any] = dict(bench("map", arguments))
    assert set(told) >= FIELDS
    assert set(told["hd"]) >= OF_A_SIZE <= set(told["uhd"])
    assert (told["parts"], told["pipe_segments"], told["grids"]) == (PARTS, 0, 8)
    assert told["count_exact"]
    assert told["live_units"] == 3_000
    assert told["qgis_redraw_s"] is None
    assert told["cold_start_s"] > 0
    assert all(told[size]["p95_ms"] > 0 and told[size]["fps"] > 0 for size in ("hd", "uhd"))


def test_that_counts_that_differ_from_the_file_are_found(city: Path) -> None:
    with _open_city(city) as (_core, store):
        box = store.bounds
        there = counted_by_file(store, city, box)
    assert there[:7].sum() == there.sum() == PARTS


def test_that_the_legs_go_from_the_city_to_the_kerb_and_back() -> None:
    way = list(legs(Bounds(-30_000, -30_000, 30_000, 30_000), (0.0, 0.0), (1920, 1080)))
    assert [leg.name for leg in way] == [
        "city_pan", "zoom_in", "street_pan", "zoom_out", "district_pan",
    ]  # fmt: skip
    zoom = way[1]
    assert zoom.at(0.0).m_per_px == pytest.approx(60.0)
    assert zoom.at(1.0).m_per_px == pytest.approx(0.25)
    assert zoom.at(0.5).m_per_px == pytest.approx((60.0 * 0.25) ** 0.5)


def test_that_a_screen_shows_what_is_drawn_on_it() -> None:
    with own_screen(320, 200) as screen:
        assert screen.pixels().shape == (200, 320)
        assert screen.environment()["DISPLAY"] == screen.display


def test_that_a_bench_says_which_value_is_missing() -> None:
    with pytest.raises(InvalidInput, match="--city"):
        bench("map", ("--city",))
