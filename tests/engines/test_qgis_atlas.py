"""Atlases: one page an area, by our template or a person's own; and projects of strangers."""

from __future__ import annotations

import re
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from dataclasses import replace
from pathlib import Path

import geopandas
import numpy as np
import pyogrio
import pytest
import shapely

from app.domain.basemaps import BaseMap
from app.domain.errors import InvalidInput, NotFound
from app.domain.geodesy import CityFrame
from app.domain.page_setup import PageSetup
from app.engines.print_look import city_layers
from app.engines.qgis_client import QgisProcess
from app.engines.qgis_protocol import Atlas, LayerStyle, MapSource, View

pytestmark = pytest.mark.qgis

FRAME = CityFrame(121 + 28 / 60, 31.2304)
TEMPLATE = Path(__file__).parents[2] / "resources" / "print" / "atlas.qpt"
PATIENCE = 60
MAKE_PROJECT = """
import os, sys
from qgis import core
out, city, gone, macro = sys.argv[1:]
app = core.QgsApplication([], False)
app.initQgis()
project = core.QgsProject()
code = f"open({macro!r}, 'w').write('ran')\\ndef openProject():\\n    open({macro!r}, 'w')\\n"
project.writeEntry("Macros", "/pythonCode", code)
for name, source in (("there", city + "|layername=area"), ("gone", gone)):
    if source:
        project.addMapLayer(core.QgsVectorLayer(source, name, "ogr"))
project.writeEntryBool("Paths", "/Absolute", True)
assert project.write(out)
sys.stdout.flush()
os._exit(0)
"""


COUNT_BELOW = """
import sys
from PyQt5.QtGui import QImage
image = QImage(sys.argv[1])
def is_red(x, y):
    colour = image.pixelColor(x, y)
    return colour.red() > 200 and colour.green() < 120
below = range(int(image.height() * 195 / 210), image.height())
print(sum(is_red(x, y) for x in range(image.width()) for y in below))
"""


@pytest.fixture(scope="module")
def qgis() -> Iterator[QgisProcess]:
    process = QgisProcess()
    process.start()
    yield process
    process.close()


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three streets side by side, 500 m each, in layers as a city has them."""
    path = tmp_path_factory.mktemp("city") / "map.gpkg"
    shapes = []
    for at in range(3):
        xs = np.array([0.0, 500, 500, 0]) + 500 * at
        ys = np.array([0.0, 0, 400, 400])
        shapes.append(shapely.Polygon(np.column_stack(FRAME.to_lonlat(xs, ys))))
    names = [f"第{n}街道" for n in "一二三"]
    codes = [f"3101010{n:02d}" for n in range(3)]
    areas = geopandas.GeoDataFrame(
        {"name": names, "code": codes, "tier": ["street"] * 3, "valid_to": [None] * 3},
        geometry=shapes, crs=4326,
    )  # fmt: skip
    areas["valid_to"] = areas["valid_to"].astype("string")
    pyogrio.write_dataframe(areas, path, layer="area", dataset_options={"VERSION": "1.2"})
    return path


def atlas(city: Path, **changes: object) -> Atlas:
    edge = next(one for one in city_layers() if one.title == "街镇界")
    plain = Atlas(
        TEMPLATE, MapSource(city, [edge]), View((0, 0, 1500, 400), FRAME.lon0, FRAME.lat0),
        "黄浦区", "上海市 · 黄浦区", "2026-11-23 20:00", rows=(1, 2, 3),
        setup=PageSetup(dpi=60),
    )  # fmt: skip
    return replace(plain, **changes)  # type: ignore[arg-type]


def text_of(pdf: Path) -> str:
    return subprocess.run(
        ["pdftotext", "-layout", pdf, "-"], capture_output=True, check=True, text=True
    ).stdout  # fmt: skip


def test_that_an_atlas_has_a_page_for_each_street_in_order_of_codes(
    qgis: QgisProcess, city: Path, tmp_path: Path
) -> None:
    steps: list[tuple[int, int]] = []
    out = tmp_path / "atlas.pdf"
    printed = qgis.print_atlas(atlas(city), out, lambda *step: steps.append(step)).result(PATIENCE)
    assert printed.pages == 3
    assert len(re.findall(rb"/Type\s*/Page\b", out.read_bytes())) == 3
    assert steps[-1] == (3, 3)
    pages = text_of(out).split("\f")
    for number, name in enumerate(("第一街道", "第二街道", "第三街道")):
        for words in (name, "图例", "示意", "2026-11-23", f"第 {number + 1} 页，共 3 页", "1 : "):
            assert words in pages[number], words


def test_that_png_gives_a_file_a_page_at_the_dots_asked_for(
    qgis: QgisProcess, city: Path, tmp_path: Path
) -> None:
    printed = qgis.print_atlas(atlas(city), tmp_path / "a.png").result(PATIENCE)
    assert [file.name for file in printed.files] == ["a_001.png", "a_002.png", "a_003.png"]
    width = int.from_bytes(printed.files[0].read_bytes()[16:20], "big")
    assert abs(width - 297 / 25.4 * 60) < 2


def test_that_without_rows_the_view_is_one_page(
    qgis: QgisProcess, city: Path, tmp_path: Path
) -> None:
    printed = qgis.print_atlas(atlas(city, rows=()), tmp_path / "v.pdf").result(PATIENCE)
    assert printed.pages == 1
    assert "黄浦区" in text_of(tmp_path / "v.pdf")


@pytest.mark.parametrize(
    ("content", "says"),
    [("no xml", "no layout template"), ("<a/>", "no layout"), ("<Layout/>", "needs one map")],
)
def test_that_a_template_that_is_none_is_refused_by_name(
    qgis: QgisProcess, city: Path, tmp_path: Path, content: str, says: str
) -> None:
    own = tmp_path / "own.qpt"
    own.write_text(content, "utf-8")
    with pytest.raises(InvalidInput, match=says) as refused:
        qgis.print_atlas(atlas(city, template=own), tmp_path / "a.pdf").result(PATIENCE)
    assert refused.value.field == "template"
    gone = atlas(city, template=tmp_path / "gone.qpt")
    with pytest.raises(NotFound):
        qgis.print_atlas(gone, tmp_path / "a.pdf").result(PATIENCE)
    assert {file.name for file in tmp_path.iterdir()} == {"own.qpt"}


def test_that_an_atlas_that_is_cancelled_leaves_nothing(
    qgis: QgisProcess, city: Path, tmp_path: Path
) -> None:
    begun = threading.Event()
    printing = qgis.print_atlas(
        atlas(city, setup=PageSetup(dpi=300)), tmp_path / "a.pdf", lambda *_step: begun.set()
    )
    assert begun.wait(PATIENCE)
    if printing.cancel():
        with pytest.raises(CancelledError):
            printing.result(PATIENCE)
        qgis.hello().result(PATIENCE)  # what it held is let go before the next is answered
        assert list(tmp_path.iterdir()) == []


def project(path: Path, city: Path, macro: Path, gone: str = "") -> Path:
    """Have QGIS write a project with macros, a layer that is there and one that is not."""
    subprocess.run(
        ["/usr/bin/python3", "-I", "-c", MAKE_PROJECT, path, city, gone, macro],
        check=True, timeout=60, env={"QT_QPA_PLATFORM": "offscreen", "HOME": str(path.parent)},
        capture_output=True,
    )  # fmt: skip
    return path


def test_that_a_project_is_drawn_its_gaps_told_and_its_macros_never_run(
    qgis: QgisProcess, city: Path, tmp_path: Path
) -> None:
    macro = tmp_path / "macro-ran"
    base = BaseMap("t", "qgz", str(project(tmp_path / "t.qgz", city, macro, "/no/x.gpkg")))
    view = View((0, 0, 512, 512), FRAME.lon0, FRAME.lat0)
    report = qgis.check_base(base, view).result(PATIENCE)
    assert report.missing == ("gone",)
    assert str(city) in report.outside
    assert report.macros
    assert qgis.render_base(base, view, 256, 256).result(PATIENCE).pixels[:, :, 3].any()
    assert not macro.exists()


def test_that_a_base_map_is_printed_under_the_city(
    qgis: QgisProcess, city: Path, tmp_path: Path
) -> None:
    own = project(tmp_path / "t.qgz", city, tmp_path / "m")
    with_base = atlas(city, rows=(), base=BaseMap("t", "qgz", str(own)))
    plain = qgis.print_atlas(atlas(city, rows=()), tmp_path / "p.png").result(PATIENCE)
    based = qgis.print_atlas(with_base, tmp_path / "b.png").result(PATIENCE)
    assert plain.files[0].read_bytes() != based.files[0].read_bytes()


def test_that_a_style_without_title_is_not_in_the_legend(
    qgis: QgisProcess, city: Path, tmp_path: Path
) -> None:
    silent = MapSource(city, [LayerStyle("area", "area", "#ff0000")])
    qgis.print_atlas(atlas(city, source=silent), tmp_path / "a.pdf").result(PATIENCE)
    assert "area" not in text_of(tmp_path / "a.pdf")


def test_that_the_map_keeps_its_frame_whatever_the_shape_of_the_area(
    qgis: QgisProcess, city: Path, tmp_path: Path
) -> None:
    red = LayerStyle("area", "area", "#ff0000")
    flat = atlas(city, source=MapSource(city, [red]), view=View((0, 0, 100, 4000), 121.0, 31.0))
    printed = qgis.print_atlas(flat, tmp_path / "a.png").result(PATIENCE)
    picture = subprocess.run(
        ["/usr/bin/python3", "-I", "-c", COUNT_BELOW, printed.files[0]],
        capture_output=True, check=True, text=True, timeout=60,
    ).stdout  # fmt: skip
    assert picture.strip() == "0"


def test_that_other_paper_a_fixed_scale_and_notes_are_printed_and_seen_before(
    qgis: QgisProcess, city: Path, tmp_path: Path
) -> None:
    setup = PageSetup("A2", portrait=True, dpi=60, scale=2000, notes="仅供内部")
    wanted = atlas(city, rows=(), setup=setup)
    qgis.print_atlas(wanted, tmp_path / "a.pdf").result(PATIENCE)
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)", (tmp_path / "a.pdf").read_bytes())
    assert box is not None
    assert [round(float(side) / 72 * 25.4) for side in box.groups()] == [420, 594]
    said = text_of(tmp_path / "a.pdf")
    assert "1 : 2,000" in said
    assert "仅供内部" in said
    qgis.print_atlas(replace(wanted, preview=True), tmp_path / "p.png").result(PATIENCE)
    height = int.from_bytes((tmp_path / "p.png").read_bytes()[20:24], "big")
    assert abs(height - 1100) < 4


def test_that_a_picture_too_large_to_be_held_is_refused(
    qgis: QgisProcess, city: Path, tmp_path: Path
) -> None:
    with pytest.raises(InvalidInput, match="too large"):
        qgis.print_atlas(atlas(city, setup=PageSetup("A0", dpi=600)), tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []
