"""Rules of the printed sheet's arithmetic."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.errors import InvalidInput
from app.engines.qgis_client import LAYOUTS
from app.engines.qgis_protocol import Column, Figure, LegendEntry, Row, Sheet, View
from app.engines.qgis_sheet import (
    compose,
    crop_to,
    elide,
    grow_to,
    nice_length,
    png_size,
    text_width,
    wrap,
)

STYLE: dict[str, Any] = json.loads((LAYOUTS / "sheet.json").read_text(encoding="utf-8"))
VIEW = View((-800, -450, 800, 450), 121.4667, 31.2304)
MARK = LegendEntry("紧急", "diamond", "#F85149")
COLUMNS = (Column("案件号", 1), Column("地点", 2))
TEXT = st.text(alphabet="汾阳路一二三 abc12，。", max_size=120)


def png(width: int, height: int) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", width, height) + b"\0" * 9


def sheet(rows: int = 0, **changes: Any) -> Sheet:
    values: dict[str, Any] = {
        "title": "当前视图与案件清单",
        "subtitle": "黄浦区",
        "date": "2026-11-23",
        "view": VIEW,
        "columns": COLUMNS,
        "rows": [Row((f"案{n}", "汾阳路"), MARK) for n in range(rows)],
    }
    return Sheet(**(values | changes))


def listed(composed: dict[str, Any]) -> list[str]:
    """The first text of every row, over all pages, without the heads."""
    tables = [item for item in composed["items"] if item["kind"] == "table"]
    return [row[1][0] for table in tables for row in table["cells"][1:]]


@given(text=TEXT, width=st.floats(8, 80))
def test_that_wrapped_lines_fit_and_lose_nothing_but_what_is_elided(
    text: str, width: float
) -> None:
    lines = wrap(text, width, 8.0)
    assert len(lines) <= 3
    assert all(text_width(line, 8.0) <= width + 1e-9 for line in lines)
    kept = "".join(lines).replace(" ", "")
    whole = text.replace(" ", "")
    assert kept == whole or (kept.endswith("…") and whole.startswith(kept[:-1]))


@given(text=TEXT, width=st.floats(4, 80))
def test_that_an_elided_text_fits(text: str, width: float) -> None:
    assert text_width(elide(text, width, 8.0), 8.0) <= width


@given(metres=st.floats(1, 1e6))
def test_that_a_scale_bar_has_a_round_length_and_is_not_too_long(metres: float) -> None:
    length = nice_length(metres)
    assert length <= metres < length * 2.5 + 1e-6
    assert str(int(length)).rstrip("0") in {"1", "2", "5"}


@given(count=st.integers(0, 120), paper=st.sampled_from(["A4", "A3"]))
def test_that_every_row_is_printed_once_in_order_and_inside_the_paper(
    count: int, paper: str
) -> None:
    composed = compose(sheet(count, paper=paper), STYLE)
    assert listed(composed) == [f"案{n}" for n in range(count)]
    size = STYLE["papers"][paper]
    for item in composed["items"]:
        x, y, w, h = item["rect"]
        assert x >= size["margin"] - 8
        assert y >= 0
        assert x + w <= size["width"] - size["margin"] + 8
        assert y + h <= size["height"]
        assert 0 <= item["page"] < composed["pages"]


def test_that_each_page_says_which_of_how_many_it_is() -> None:
    composed = compose(sheet(60), STYLE)
    texts = [(item["page"], item["text"]) for item in composed["items"] if item["kind"] == "text"]
    assert composed["pages"] > 1
    for page in range(composed["pages"]):
        assert (page, f"第 {page + 1} 页，共 {composed['pages']} 页") in texts


def test_that_a_sample_city_is_marked_on_every_page_and_a_real_one_on_none() -> None:
    def marks(sample: bool) -> set[int]:
        items = compose(sheet(60, sample=sample), STYLE)["items"]
        return {item["page"] for item in items if "示意" in item.get("text", "")}

    assert marks(True) == set(range(compose(sheet(60), STYLE)["pages"]))
    assert marks(False) == set()


def test_that_a_tilted_view_gets_no_scale_bar() -> None:
    tilted = compose(sheet(image=png(1600, 900), tilted=True), STYLE)
    texts = [item["text"] for item in tilted["items"] if item["kind"] == "text"]
    assert not any(text.startswith("1 : ") for text in texts)
    assert "倾斜视图，无统一比例尺" in texts


def test_that_the_map_scale_is_that_of_the_paper() -> None:
    composed = compose(sheet(), STYLE)
    (item,) = [item for item in composed["items"] if item["kind"] == "map"]
    metres = item["extent"][2] - item["extent"][0]
    ratio = metres / (item["rect"][2] / 1000)
    texts = [item["text"] for item in composed["items"] if item["kind"] == "text"]
    (scale,) = [text for text in texts if text.startswith("1 : ")]
    assert float(scale[4:].replace(",", "")) == pytest.approx(ratio, rel=0.05)


def test_that_a_cut_picture_keeps_its_middle_and_its_metres_a_pixel() -> None:
    crop = crop_to((1600, 900), VIEW.extent, (0, 0, 100, 100))
    assert crop.pixels == (350, 0, 900, 900)
    assert crop.extent == pytest.approx((-450, -450, 450, 450))
    assert grow_to(VIEW.extent, (0, 0, 100, 100)) == pytest.approx((-800, -800, 800, 800))


def test_that_a_picture_of_another_shape_than_its_extent_is_refused() -> None:
    with pytest.raises(InvalidInput) as refused:
        compose(sheet(image=png(1000, 1000)), STYLE)
    assert refused.value.field == "view"


def test_that_a_picture_that_is_no_png_is_refused() -> None:
    with pytest.raises(InvalidInput):
        png_size(b"JFIF" * 20)


def test_that_a_row_of_the_wrong_length_is_refused_with_its_number() -> None:
    with pytest.raises(InvalidInput, match="Row 2") as refused:
        Sheet(**vars(sheet()) | {"rows": [Row(("a", "b")), Row(("a",))]})
    assert refused.value.field == "rows"


def test_that_an_empty_extent_is_refused() -> None:
    with pytest.raises(InvalidInput):
        View((0, 0, 0, 10), 121.5, 31.2)


def test_that_a_long_legend_goes_into_two_columns_and_stays_above_the_scale() -> None:
    legend = [LegendEntry(f"类别 {n}", "circle", "#3FB68B") for n in range(60)]
    figures = [Figure("1", "待派")] * 4
    composed = compose(sheet(40, legend=legend, figures=figures), STYLE)
    marks = [item["rect"] for item in composed["items"] if item["kind"] == "mark"]
    (north,) = [item["rect"] for item in composed["items"] if item["kind"] == "north"]
    assert len({round(rect[0]) for rect in marks}) == 2
    assert all(rect[1] + rect[3] <= north[1] for rect in marks)


def test_that_the_layout_files_are_there() -> None:
    assert (LAYOUTS / "north.svg").is_file()
    assert Path(LAYOUTS).name == "layouts"
