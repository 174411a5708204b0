"""Whatever a base map comes from, it lies where the city's own layers are drawn: to a pixel.

A mark of a known place is asked for in tiles of two scales, west and east in the city, and its
middle is compared with where `CityFrame` and the tile put that place.
"""

from __future__ import annotations

import gzip
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import geopandas
import numpy as np
import psycopg
import pyogrio
import pytest
import shapely
from numpy.typing import NDArray

from app.domain.basemaps import BaseMap
from app.domain.geodesy import CityFrame
from app.engines.basemap_cache import SIDE, BaseKey
from app.engines.qgis_client import QgisProcess
from app.engines.qgis_protocol import View
from tests.support.geotiff import write_geotiff
from tests.support.mark_server import MarkServer, mark_server, tile_box, vector_tile

pytestmark = pytest.mark.qgis

FRAME = CityFrame(121 + 28 / 60, 31.2304)
WEST, EAST = (121.05321, 31.10987), (121.91234, 31.05678)
PLACES = (WEST, EAST)
LEVELS = (0, 2)
PATIENCE = 60
MAKE_PROJECT = """
import os, sys
from qgis import core
app = core.QgsApplication([], False)
app.initQgis()
project = core.QgsProject()
layer = core.QgsVectorLayer(sys.argv[2] + "|layername=place", "place", "ogr")
mark = core.QgsMarkerSymbol.createSimple({"color": "255,0,0", "outline_style": "no", "size": "2.6"})
layer.setRenderer(core.QgsSingleSymbolRenderer(mark))
project.addMapLayer(layer)
assert project.write(sys.argv[1])
sys.stdout.flush()
os._exit(0)
"""
MAKE_ODD = """
import os, sys
from osgeo import ogr, osr
from qgis import core
w, s, e, n = (float(one) for one in sys.argv[3:7])
d = 0.0002
made = ogr.GetDriverByName("GPKG").CreateDataSource(sys.argv[2], options=["VERSION=1.2"])
wgs = osr.SpatialReference()
wgs.ImportFromEPSG(4326)
shapes = {
    "height": (ogr.wkbPolygon25D, [f"POLYGON Z (({w-d} {s-d} 5,{w+d} {s-d} 6,{w+d} {s+d} 7,"
               f"{w-d} {s+d} 8,{w-d} {s-d} 5))", "POLYGON Z EMPTY", None]),
    "curve": (ogr.wkbCurvePolygon, [f"CURVEPOLYGON (CIRCULARSTRING ({e-d} {n},{e} {n+d},{e+d} {n},"
              f"{e} {n-d},{e-d} {n}))"]),
    "knot": (ogr.wkbPolygon, [f"POLYGON (({e-d} {s-d},{e+d} {s+d},{e+d} {s-d},{e-d} {s+d},"
             f"{e-d} {s-d}))"]),
}
for name, (kind, texts) in shapes.items():
    layer = made.CreateLayer(name, wgs, kind)
    for text in texts:
        feature = ogr.Feature(layer.GetLayerDefn())
        if text is not None:
            feature.SetGeometry(ogr.CreateGeometryFromWkt(text))
        layer.CreateFeature(feature)
made = layer = feature = None
app = core.QgsApplication([], False)
app.initQgis()
project = core.QgsProject()
for name in shapes:
    layer = core.QgsVectorLayer(sys.argv[2] + "|layername=" + name, name, "ogr")
    assert layer.isValid(), name
    project.addMapLayer(layer)
assert project.write(sys.argv[1])
sys.stdout.flush()
os._exit(0)
"""


@pytest.fixture(scope="module")
def qgis() -> Iterator[QgisProcess]:
    process = QgisProcess()
    process.start()
    yield process
    process.close()


@pytest.fixture(scope="module")
def server() -> Iterator[MarkServer]:
    with mark_server(PLACES) as made:
        yield made


def geotiff(folder: Path, place: tuple[float, float]) -> BaseMap:
    """Write a picture of 0.5 m a pixel around a place, with a mark on it."""
    step = 5e-6
    pixels = np.full((600, 600, 3), 255, np.uint8)
    rows, columns = np.indices((600, 600)) + 0.5
    pixels[np.hypot(rows - 300, columns - 300) < 10] = (255, 0, 0)
    path = folder / f"{place[0]}.tif"
    write_geotiff(path, pixels, place[0] - 300 * step, place[1] + 300 * step, step)
    return BaseMap("t", "geotiff", str(path))


def mbtiles(folder: Path, marks: list[tuple[float, float]]) -> BaseMap:
    """Write vector tiles of one zoom around the marks (metres of EPSG:3857)."""
    path, zoom = folder / "t.mbtiles", 14
    side = tile_box(zoom, 0, 0)[2] - tile_box(zoom, 0, 0)[0]
    world = -tile_box(zoom, 0, 0)[0]
    with closing(sqlite3.connect(path)) as file:
        file.execute("CREATE TABLE metadata (name text, value text)")
        file.execute("CREATE TABLE tiles (zoom_level int, tile_column int, tile_row int, tile_data blob)")  # fmt: skip  # noqa: E501
        given = {"name": "t", "format": "pbf", "minzoom": "14", "maxzoom": "14",
                 "bounds": "-180,-85,180,85"}  # fmt: skip
        file.executemany("INSERT INTO metadata VALUES (?, ?)", given.items())
        for mx, my in marks:
            x, y = int((mx + world) / side), int((world - my) / side)
            body = gzip.compress(vector_tile(tile_box(zoom, x, y), marks))
            row = (zoom, x, 2**zoom - 1 - y, body)
            file.execute("INSERT INTO tiles VALUES (?, ?, ?, ?)", row)
        file.commit()
    return BaseMap("t", "vector_tiles", str(path), min_zoom=14, max_zoom=14)


def project(folder: Path) -> BaseMap:
    """Have QGIS write a project that shows the places as red dots."""
    points = geopandas.GeoDataFrame(geometry=shapely.points(PLACES), crs=4326)
    pyogrio.write_dataframe(
        points, folder / "p.gpkg", layer="place", dataset_options={"VERSION": "1.2"}
    )
    subprocess.run(
        ["/usr/bin/python3", "-I", "-c", MAKE_PROJECT, folder / "p.qgz", folder / "p.gpkg"],
        check=True, timeout=60, env={"QT_QPA_PLATFORM": "offscreen", "HOME": str(folder)},
        capture_output=True,
    )  # fmt: skip
    return BaseMap("t", "qgz", str(folder / "p.qgz"))


def made(kind: str, server: MarkServer, folder: Path, place: tuple[float, float]) -> BaseMap:
    at = server.address
    if kind == "geotiff":
        return geotiff(folder, place)
    if kind == "mbtiles":
        return mbtiles(folder, server.marks)
    if kind == "qgz":
        return project(folder)
    return {
        "wms": BaseMap("t", "wms", f"{at}/wms", layer="city"),
        "wmts": BaseMap("t", "wmts", f"{at}/wmts", layer="city", matrix_set="g"),
        "xyz": BaseMap("t", "xyz", f"{at}/tile/{{z}}/{{x}}/{{y}}.png"),
        "vector_tiles": BaseMap(
            "t", "vector_tiles", f"{at}/tile/{{z}}/{{x}}/{{y}}.pbf", max_zoom=16
        ),
    }[kind]


def middle_of_mark(pixels: NDArray[np.uint8], px: float, py: float) -> tuple[float, float]:
    """Return where the mark near a pixel has its middle: red on white, or anything on nothing."""
    _, green, red, alpha = (pixels[:, :, at].astype(float) for at in range(4))
    weight = np.clip(red - green, 0, None) if (alpha == 255).mean() > 0.01 else alpha
    rows, columns = np.indices(weight.shape) + 0.5
    weight = np.where(np.hypot(columns - px, rows - py) < 40, weight, 0.0)
    assert weight.sum() > 0, "there is no mark"
    return (weight * columns).sum() / weight.sum(), (weight * rows).sum() / weight.sum()


@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize(
    "kind", ["wms", "wmts", "xyz", "vector_tiles", "mbtiles", "geotiff", "qgz"]
)
def test_that_a_mark_lies_within_a_pixel_of_where_our_layers_draw_it(
    qgis: QgisProcess, server: MarkServer, tmp_path: Path, kind: str,
    place: tuple[float, float], level: int,
) -> None:  # fmt: skip
    base = made(kind, server, tmp_path, place)
    check(qgis, base, place, level)


def check(qgis: QgisProcess, base: BaseMap, place: tuple[float, float], level: int) -> None:
    """Draw the tile that holds a place and hold its mark to a pixel."""
    x, y = (float(one) for one in FRAME.to_xy(*place))
    span = SIDE * 2.0**level
    key = BaseKey(level, int(x // span), int(y // span))
    b = key.bounds
    view = View((b.x0, b.y0, b.x1, b.y1), FRAME.lon0, FRAME.lat0)
    pixels = qgis.render_base(base, view, SIDE, SIDE).result(PATIENCE).pixels
    px, py = (x - b.x0) / 2.0**level, (b.y1 - y) / 2.0**level
    found = middle_of_mark(pixels, px, py)
    assert np.hypot(found[0] - px, found[1] - py) < 1.0, (found, (px, py))


@pytest.mark.postgres
@pytest.mark.parametrize("level", LEVELS)
@pytest.mark.parametrize("place", PLACES)
def test_that_points_of_postgis_lie_within_a_pixel(
    qgis: QgisProcess, postgres_url: str, place: tuple[float, float], level: int
) -> None:
    with psycopg.connect(postgres_url, autocommit=True) as database:
        database.execute("CREATE TABLE spot (id int PRIMARY KEY, geom geometry(Point, 4326))")
        for number, (lon, lat) in enumerate(PLACES):
            database.execute(
                "INSERT INTO spot VALUES (%s, ST_SetSRID(ST_MakePoint(%s, %s), 4326))",
                (number, lon, lat),
            )
    parts = urlsplit(postgres_url)
    address = f"postgresql://{parts.hostname}:{parts.port}{parts.path}"
    base = BaseMap("t", "postgis", address, layer="public.spot", user=parts.username or "")
    check(qgis, base, place, level)


def test_that_height_curves_and_empty_or_invalid_shapes_are_drawn_as_far_as_they_go(
    qgis: QgisProcess, tmp_path: Path
) -> None:
    x, y = (float(one) for one in FRAME.to_xy(*WEST))
    box = BaseKey(0, int(x // SIDE), int(y // SIDE)).bounds
    view = View((box.x0, box.y0, box.x1, box.y1), FRAME.lon0, FRAME.lat0)
    subprocess.run(
        ["/usr/bin/python3", "-I", "-c", MAKE_ODD, tmp_path / "p.qgz", tmp_path / "p.gpkg",
         *(repr(float(one)) for xy in ((box.x0 + 100, box.y0 + 100), (box.x0 + 300, box.y0 + 300))
           for one in FRAME.to_lonlat(*xy))],
        check=True, timeout=60, env={"QT_QPA_PLATFORM": "offscreen", "HOME": str(tmp_path)},
        capture_output=True,
    )  # fmt: skip
    base = BaseMap("t", "qgz", str(tmp_path / "p.qgz"))
    assert qgis.check_base(base, view).result(PATIENCE).missing == ()
    pixels = qgis.render_base(base, view, SIDE, SIDE).result(PATIENCE).pixels
    drawn = pixels[:, :, 3] > 0
    assert drawn[SIDE - 110 : SIDE - 90, 90:110].any()  # a polygon with heights
    assert drawn[SIDE - 310 : SIDE - 290, 290:310].any()  # a polygon whose edge is a curve
    assert drawn[SIDE - 110 : SIDE - 90, 290:310].any()  # one that crosses itself
