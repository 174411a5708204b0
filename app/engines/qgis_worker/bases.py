"""Base maps: a service, a file or a project, opened for drawing under the city's layers."""

import json
from pathlib import Path
from urllib.parse import quote, urlsplit

from osgeo import gdal
from qgis import core

from app.engines.qgis_worker.layers import frame_crs, symbol
from app.engines.qgis_worker.projects import open_base_project
from app.engines.qgis_worker.wire import Refused


class Bases:
    """Open base maps, the last few kept: [layers, report, project or None] by their record."""

    KEPT = 4

    def __init__(self):
        self._open = {}

    def of(self, base, view):
        frame = {name: view[name] for name in ("lon0", "lat0")}
        key = json.dumps([base, file_stamp(base["address"]), frame], sort_keys=True)
        opened = self._open.pop(key, None) or open_base(base, frame)
        self._open[key] = opened
        while len(self._open) > self.KEPT:
            drop(self._open.pop(next(iter(self._open))))
        return opened

    def forget(self, base):
        for key in [key for key in self._open if json.loads(key)[0] == base]:
            drop(self._open.pop(key))

    def clear(self):
        while self._open:
            drop(self._open.popitem()[1])


def drop(opened):
    """Let layers go before their project."""
    opened["layers"] = []
    if opened["project"] is not None:
        opened["project"].clear()
        opened["project"] = None


def file_stamp(address):
    if "://" in address or not Path(address).is_file():
        return None
    stat = Path(address).stat()
    return [stat.st_mtime_ns, stat.st_size]


def open_base(base, frame):
    """Open a base map for a city's frame; returns layers (lowest first), project, report."""
    kind = base["kind"]
    if "://" not in base["address"] and not Path(base["address"]).is_file():
        raise Refused("not_found", f"The file {base['address']} does not exist.", "address")
    if kind == "qgz":
        return open_base_project(Path(base["address"]))
    layer = geotiff_base(base, frame) if kind == "geotiff" else BASE_LAYERS[kind](base)
    if not layer.isValid():
        said = "" if layer.error().isEmpty() else layer.error().summary().splitlines()[0]
        said = said.replace(base["password"], "***") if base["password"] else said
        where = "" if "://" in base["address"] else f" {Path(base['address']).name}"
        raise Refused(
            "invalid", f"QGIS cannot open this base map{where}. {said}".strip(), "address"
        )
    report = {"layers": [kind], "missing": [], "outside": [], "macros": False}
    return {"layers": [layer], "project": None, "report": report}


def raster_base(uri, provider):
    layer = core.QgsRasterLayer(uri, "base", provider)
    if layer.isValid():
        layer.setCustomProperty("identify", False)
        layer.resampleFilter().setZoomedInResampler(core.QgsBilinearRasterResampler())
        layer.resampleFilter().setZoomedOutResampler(core.QgsBilinearRasterResampler())
        projector = layer.pipe().projector()
        if projector is not None:
            projector.setPrecision(core.QgsRasterProjector.Exact)
    return layer


def service_uri(base, **more):
    parts = {**more, "url": base["address"]}
    if base["user"]:
        parts |= {"username": base["user"], "password": base["password"]}
    return "&".join(f"{name}={quote(str(value), safe='')}" for name, value in parts.items())


def wms_base(base):
    layers = base["layer"].split(",")
    styles = (base["style"].split(",") if base["style"] else []) + [""] * len(layers)
    pairs = "".join(
        f"&layers={quote(name, safe='')}&styles={quote(style, safe='')}"
        for name, style in zip(layers, styles, strict=False)
    )
    uri = service_uri(base, crs=base["crs"], format=base["format"], dpiMode=7)
    return raster_base(uri + pairs, "wms")


def wmts_base(base):
    uri = service_uri(
        base, crs=base["crs"], format=base["format"], layers=base["layer"],
        styles=base["style"] or "default", tileMatrixSet=base["matrix_set"], dpiMode=7,
    )  # fmt: skip
    return raster_base(uri, "wms")


def xyz_base(base):
    zooms = {"zmin": base["min_zoom"], "zmax": base["max_zoom"]}
    return raster_base(service_uri(base, type="xyz", **zooms), "wms")


def vector_tile_base(base):
    kind = "xyz" if "://" in base["address"] else "mbtiles"
    uri = core.QgsDataSourceUri()
    uri.setParam("type", kind)
    uri.setParam("url", base["address"])
    if kind == "xyz":
        uri.setParam("zmin", str(base["min_zoom"]))
        uri.setParam("zmax", str(base["max_zoom"]))
    if base["style"]:
        uri.setParam("styleUrl", base["style"])
    layer = core.QgsVectorTileLayer(bytes(uri.encodedUri()).decode(), "base")
    if layer.isValid() and not (base["style"] and layer.loadDefaultStyle()[1]):
        layer.setRenderer(quiet_tiles())
    return layer


def quiet_tiles():
    """Greys for vector tiles without a style of their own."""
    looks = (
        (core.QgsWkbTypes.PolygonGeometry, {"shape": "area", "outline": "#d5d9de"}, "#eef0f2", 0.1),
        (core.QgsWkbTypes.LineGeometry, {"shape": "line", "outline": None}, "#aab2bc", 0.3),
        (core.QgsWkbTypes.PointGeometry, {"shape": "circle", "outline": None}, "#8a94a0", 0.8),
    )
    styles = []
    for geometry, look, color, width in looks:
        style = core.QgsVectorTileBasicRendererStyle(look["shape"], "", geometry)
        style.setEnabled(True)
        style.setSymbol(symbol(look, color, width))
        styles.append(style)
    made = core.QgsVectorTileBasicRenderer()
    made.setStyles(styles)
    return made


def postgis_base(base):
    parts = urlsplit(base["address"])
    names = base["layer"].split(".")
    schema = names[0] if len(names) > 1 else "public"
    table = names[1] if len(names) > 1 else names[0]
    uri = core.QgsDataSourceUri()
    database = parts.path.lstrip("/")
    uri.setConnection(
        parts.hostname, str(parts.port or 5432), database, base["user"], base["password"]
    )
    uri.setParam("connect_timeout", str(max(2, int(base["timeout_s"]))))
    uri.setParam("estimatedmetadata", "true")
    uri.setDataSource(schema, table, names[2] if len(names) > 2 else "geom")
    layer = core.QgsVectorLayer(uri.uri(False), "base", "postgres")
    if layer.isValid():
        shape = {0: "circle", 1: "line"}.get(int(layer.geometryType()), "area")
        color, width = {"circle": ("#8a94a0", 1.2), "line": ("#9aa3ad", 0.4)}.get(
            shape, ("#e6e9ec", 0.15)
        )
        look = {"shape": shape, "outline": "#b9c0c8" if shape == "area" else None}
        layer.setRenderer(core.QgsSingleSymbolRenderer(symbol(look, color, width)))
    return layer


def geotiff_base(base, frame):
    """Have GDAL bring the picture onto the city's metres: QGIS would take the nearest pixel."""
    name = Path(base["address"]).name
    try:
        source = gdal.Open(base["address"])
        if not source.GetProjection():
            raise Refused("invalid", f"{name} names no coordinate system.", "crs")
        proj = frame_crs(frame).toProj()
        virtual = f"/vsimem/base-{abs(hash((base['address'], proj)))}.vrt"
        gdal.Warp(
            virtual, source, format="VRT", dstSRS=proj, resampleAlg="bilinear", dstAlpha=True,
            errorThreshold=0.05,
        )  # fmt: skip
    except RuntimeError as error:
        raise Refused(
            "invalid", f"{name} cannot be read as a picture: {error}", "address"
        ) from error
    layer = raster_base(virtual, "gdal")
    layer.setCrs(frame_crs(frame))
    layer.setResamplingStage(core.Qgis.RasterResamplingStage.Provider)
    method = core.QgsRasterDataProvider.ResamplingMethod
    layer.dataProvider().setZoomedInResamplingMethod(method.Bilinear)
    layer.dataProvider().setZoomedOutResamplingMethod(method.Average)
    return layer


BASE_LAYERS = {
    "wms": wms_base, "wmts": wmts_base, "xyz": xyz_base, "vector_tiles": vector_tile_base,
    "postgis": postgis_base,
}  # fmt: skip
