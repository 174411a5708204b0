"""A base map is checked where it comes in, by one error that names the field."""

from __future__ import annotations

from typing import Any

import pytest

from app.domain.basemaps import BaseMap
from app.domain.errors import InvalidInput

GOOD: dict[str, Any] = {
    "name": "底", "kind": "xyz", "address": "https://tiles.example/{z}/{x}/{y}.png",
}  # fmt: skip


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("name", {"name": "  "}),
        ("name", {"name": "a\nb"}),
        ("kind", {"kind": "wfs9"}),
        ("address", {"address": "ftp://tiles.example/{z}/{x}/{y}.png"}),
        ("address", {"address": "https://tiles.example/{z}/{x}.png"}),
        ("address", {"address": "https://me:secret@tiles.example/{z}/{x}/{y}.png"}),
        ("address", {"address": "https://[broken/{z}/{x}/{y}.png"}),
        ("address", {"kind": "geotiff", "address": "relative.tif"}),
        ("address", {"kind": "geotiff", "address": "/vsicurl/http://x/a.tif"}),
        ("address", {"kind": "qgz", "address": "/maps/city.zip"}),
        ("layer", {"kind": "wms", "address": "https://wms.example/"}),
        ("layer", {"kind": "postgis", "address": "postgresql://db/x", "layer": "a; drop table"}),
        ("matrix_set", {"kind": "wmts", "address": "https://wmts.example/", "layer": "a"}),
        ("crs", {"crs": "3857"}),
        ("format", {"format": "text/html"}),
        ("opacity", {"opacity": float("nan")}),
        ("timeout_s", {"timeout_s": 0.0}),
        ("max_zoom", {"min_zoom": 9, "max_zoom": 3}),
    ],
)
def test_that_a_wrong_field_is_named(field: str, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refused:
        BaseMap(**{**GOOD, **changes})
    assert refused.value.field == field


def test_that_neither_password_nor_token_is_shown() -> None:
    base = BaseMap(**{**GOOD, "address": GOOD["address"] + "?tk=SECRET1"}, password="SECRET2")
    assert "SECRET2" not in repr(base)
    assert "SECRET1" not in base.shown_address
    assert base.record()["password"] == "SECRET2"


def test_that_pixels_are_told_apart_by_what_they_depend_on_alone() -> None:
    base = BaseMap(**GOOD)
    assert BaseMap(**{**GOOD, "opacity": 0.3, "name": "x"}).fingerprint() == base.fingerprint()
    assert BaseMap(**{**GOOD, "max_zoom": 12}).fingerprint() != base.fingerprint()
