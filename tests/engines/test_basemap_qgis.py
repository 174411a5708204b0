"""Base maps through the real QGIS process: in the right place, and no lie is believed."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from app.domain.basemaps import BaseMap
from app.domain.errors import InvalidInput, NotFound, Unavailable
from app.domain.geodesy import CityFrame
from app.engines.basemap_cache import SIDE, BaseKey
from app.engines.qgis_client import QgisProcess
from app.engines.qgis_protocol import View
from tests.support.geotiff import write_geotiff
from tests.support.tile_server import TileServer, tile_server

pytestmark = pytest.mark.qgis

FRAME = CityFrame(121 + 28 / 60, 31.2304)
PATIENCE = 60
STEP = 5e-6  # degrees, about half a metre


@pytest.fixture(scope="module")
def qgis() -> Iterator[QgisProcess]:
    process = QgisProcess()
    process.start()
    yield process
    process.close()


@pytest.fixture
def server() -> Iterator[TileServer]:
    with tile_server() as made:
        yield made


def view_of(key: BaseKey) -> View:
    b = key.bounds
    return View((b.x0, b.y0, b.x1, b.y1), FRAME.lon0, FRAME.lat0)


def drawn(qgis: QgisProcess, base: BaseMap, key: BaseKey) -> np.ndarray:
    """Return blue, green, red, alpha of a tile."""
    return qgis.render_base(base, view_of(key), SIDE, SIDE).result(PATIENCE).pixels


def wms(server: TileServer, way: str, timeout_s: float = 5.0) -> BaseMap:
    return BaseMap("t", "wms", server.url(way), layer="city", timeout_s=timeout_s)


def test_that_marks_of_a_geotiff_lie_within_half_a_pixel_at_three_zooms(
    qgis: QgisProcess, tmp_path: Path
) -> None:
    west, north = FRAME.lon0 - 0.001, FRAME.lat0 + 0.006
    pixels = np.full((1400, 1600, 3), 255, np.uint8)
    marks = [(260, 1100), (400, 900), (500, 1180)]  # column, row: their middle
    for column, row in marks:
        pixels[row - 4 : row + 5, column - 4 : column + 5] = (255, 0, 0)
    path = tmp_path / "marks.tif"
    write_geotiff(path, pixels, west, north, STEP)
    base = BaseMap("t", "geotiff", str(path))
    for level in (-1, 0, 1):
        m_per_px = 2.0**level
        got = drawn(qgis, base, BaseKey(level, 0, 0)).astype(int)
        redness = np.where(got[:, :, 3] > 0, np.clip(got[:, :, 2] - got[:, :, 1], 0, 255), 0)
        for column, row in marks:
            lon, lat = west + (column + 0.5) * STEP, north - (row + 0.5) * STEP
            x, y = (float(v) for v in FRAME.to_xy(lon, lat))
            px, py = x / m_per_px, SIDE - y / m_per_px
            r = int(12 / m_per_px) + 2
            top, left = max(int(py) - r, 0), max(int(px) - r, 0)
            box = redness[top : int(py) + r, left : int(px) + r]
            rows, columns = np.indices(box.shape)
            assert abs((box * columns).sum() / box.sum() + left + 0.5 - px) < 0.5
            assert abs((box * rows).sum() / box.sum() + top + 0.5 - py) < 0.5


@pytest.mark.parametrize("way", ["good", "redirect"])
def test_that_a_wms_is_drawn_and_a_redirect_followed(
    qgis: QgisProcess, server: TileServer, way: str
) -> None:
    got = drawn(qgis, wms(server, way), BaseKey(0, 1, 1))
    assert tuple(got[256, 256]) == (0, 0, 255, 255)


@pytest.mark.parametrize(
    ("way", "says"),
    [
        ("html", "web page"),
        ("size", "pixels for"),
        ("half", "half a picture"),
        ("error", "answered 500"),
        ("loop", "redirect"),
        ("huge", "too large"),
        ("bomb", "too large"),
        ("crs", "cannot be had: the server answered 400"),
    ],
)
def test_that_a_lie_is_told_not_drawn(
    qgis: QgisProcess, server: TileServer, way: str, says: str
) -> None:
    with pytest.raises(Unavailable, match=says):
        drawn(qgis, wms(server, way, 3.0), BaseKey(0, 2, 2))


@pytest.mark.parametrize("way", ["hang", "hang_at_once", "drip"])
def test_that_a_server_that_hangs_is_given_up_in_its_time_and_qgis_goes_on(
    qgis: QgisProcess, server: TileServer, way: str
) -> None:
    pid = qgis.status.pid
    with pytest.raises(Unavailable, match="did not answer"):
        drawn(qgis, wms(server, way, 1.0), BaseKey(0, 3, 3))
    assert qgis.status.pid == pid
    drawn(qgis, wms(server, "good"), BaseKey(0, 3, 3))


def test_that_xyz_tiles_are_drawn_and_beyond_their_coverage_is_empty(
    qgis: QgisProcess, server: TileServer
) -> None:
    there = BaseMap("t", "xyz", server.url("good") + "/{z}/{x}/{y}.png")
    assert tuple(drawn(qgis, there, BaseKey(1, 0, 0))[256, 256]) == (0, 0, 255, 255)
    beyond = BaseMap("t", "xyz", server.url("none") + "/{z}/{x}/{y}.png")
    assert not drawn(qgis, beyond, BaseKey(1, 0, 0)).any()


def test_that_a_file_that_is_not_there_or_no_picture_is_refused(
    qgis: QgisProcess, tmp_path: Path
) -> None:
    with pytest.raises(NotFound):
        drawn(qgis, BaseMap("t", "geotiff", str(tmp_path / "no.tif")), BaseKey(0, 0, 0))
    broken = tmp_path / "broken.tif"
    broken.write_bytes(b"II*\0garbage")
    with pytest.raises(InvalidInput):
        drawn(qgis, BaseMap("t", "geotiff", str(broken)), BaseKey(0, 0, 0))
    bomb = tmp_path / "bomb.qgz"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.qgs", b"\0" * (80 << 20))
    with pytest.raises(InvalidInput, match="too large"):
        drawn(qgis, BaseMap("t", "qgz", str(bomb)), BaseKey(0, 0, 0))
