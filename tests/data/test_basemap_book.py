"""A person's base maps: kept in order, for their eyes alone, refused by the field that is wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.data.basemap_book import BaseMaps, base_from, load_basemaps, save_basemaps
from app.domain.basemaps import BaseMap
from app.domain.errors import InvalidInput, NotFound

ONE = BaseMap("一", "xyz", "https://a.example/{z}/{x}/{y}.png", password="secret")
TWO = BaseMap("二", "geotiff", "/maps/two.tif", opacity=0.5)


def test_that_what_was_saved_is_read_again_and_nobody_else_may_read_it(tmp_path: Path) -> None:
    maps = BaseMaps((ONE, TWO), shown="二")
    save_basemaps(tmp_path, maps)
    assert load_basemaps(tmp_path) == maps
    assert maps.chosen == TWO
    assert (tmp_path / "basemaps.json").stat().st_mode & 0o077 == 0


def test_that_maps_are_replaced_moved_and_removed_by_name() -> None:
    maps = BaseMaps((ONE, TWO), shown="一")
    assert maps.moved("二", -1).maps == (TWO, ONE)
    assert maps.with_map(BaseMap("一", "geotiff", "/x.tif")).maps[0].kind == "geotiff"
    assert maps.without("一") == BaseMaps((TWO,))
    with pytest.raises(NotFound):
        maps.without("三")


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ({"name": "a", "kind": "xyz"}, "address"),
        ({"name": "a", "kind": "xyz", "address": "x", "colour": "red"}, "colour"),
        ({"name": "a", "kind": "geotiff", "address": "/a.tif", "opacity": "0.5"}, "opacity"),
        ({"name": "a", "kind": "geotiff", "address": "/a.tif", "max_zoom": 1.5}, "max_zoom"),
        ({"name": ["a"]}, "name"),
    ],
)
def test_that_a_wrong_field_is_named(raw: object, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        base_from(raw)
    assert refused.value.field == field


@pytest.mark.parametrize("text", ["", "[]", '{"schema_version": 9}', json.dumps({"maps": 3})])
def test_that_a_file_that_makes_no_sense_is_refused_not_overwritten(
    tmp_path: Path, text: str
) -> None:
    (tmp_path / "basemaps.json").write_text(text, "utf-8")
    with pytest.raises(InvalidInput):
        load_basemaps(tmp_path)
    assert (tmp_path / "basemaps.json").read_text("utf-8") == text
