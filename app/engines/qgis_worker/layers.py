"""Layers of our own map files: opened once, styled as the desk says."""

import json
from pathlib import Path

from qgis import core
from qgis.PyQt.QtGui import QColor, QFont

from app.engines.qgis_worker.wire import Refused

MARKERS = {"circle": "circle", "triangle": "triangle", "square": "square", "diamond": "diamond"}


def frame_crs(view):
    """The city's own transverse Mercator, as `app.domain.geodesy.CityFrame` draws it."""
    return core.QgsCoordinateReferenceSystem.fromProj(
        f"+proj=tmerc +lat_0={view['lat0']!r} +lon_0={view['lon0']!r} +k=1 +x_0=0 +y_0=0"
        " +ellps=GRS80 +units=m +no_defs"
    )


class Layers:
    """Open layers, kept between requests until their file changes; none outlives QGIS."""

    def __init__(self):
        self._open = {}

    def of(self, source):
        if source is None:
            return []
        path = Path(source["path"])
        if not path.is_file():
            raise Refused("not_found", f"The map file {path} does not exist.", "source.path")
        wal = path.with_name(path.name + "-wal")
        files = [file.stat() for file in (path, wal) if file.exists()]
        stamp = [(file.st_mtime_ns, file.st_size) for file in files]
        return [self._layer(path, stamp, style) for style in source["layers"]]

    def _layer(self, path, stamp, style):
        key = (str(path), json.dumps(style, sort_keys=True))
        if key not in self._open or self._open[key][0] != stamp:
            self._open[key] = (stamp, styled_layer(path, style))
        return self._open[key][1]

    def clear(self):
        self._open.clear()


def geopackage_uri(path, name):
    """Immutable, so that nothing is left beside the file; a WAL in use must be read, though."""
    wal = path.with_name(path.name + "-wal")
    in_use = wal.exists() and wal.stat().st_size > 0
    return f"{path}|layername={name}" + ("" if in_use else "|option:IMMUTABLE=YES")


def styled_layer(path, style):
    layer = core.QgsVectorLayer(geopackage_uri(path, style["layer"]), style["layer"], "ogr")
    if not layer.isValid():
        raise Refused(
            "invalid", f"QGIS cannot open layer {style['layer']} of {path.name}.", "source.layers"
        )
    where = style["where"]  # a wrong one is taken at first and shows as a count of -1
    if where and not (layer.setSubsetString(where) and layer.featureCount() >= 0):
        raise Refused("invalid", f"The condition {where!r} is wrong.", "where")
    layer.setRenderer(renderer(style))
    if style["label"]:
        layer.setLabeling(labeling(style))
        layer.setLabelsEnabled(True)
    return layer


def renderer(style):
    if not style["by"]:
        return core.QgsSingleSymbolRenderer(symbol(style, style["color"], style["width"]))
    categories = [
        core.QgsRendererCategory(
            value, symbol(style, color, width), style["titles"].get(value, value)
        )
        for value, (color, width) in style["classes"].items()
    ]
    if not style["titles"]:  # a legend lists what it names, nothing else
        other = symbol(style, style["color"], style["width"])
        categories.append(core.QgsRendererCategory(None, other, ""))
    return core.QgsCategorizedSymbolRenderer(style["by"], categories)


def symbol(style, color, width):
    shape, outline = style["shape"], style["outline"]
    if shape == "line":
        return core.QgsLineSymbol.createSimple(
            {"color": color, "width": str(width), "capstyle": "round", "joinstyle": "round"}
        )
    if shape == "area":
        return core.QgsFillSymbol.createSimple(
            {
                "color": color if color != "none" else "0,0,0,0",
                "outline_color": outline or color,
                "outline_width": str(width),
                "outline_style": "solid" if outline else "no",
            }
        )
    return marker(shape, color, width, outline)


def marker(shape, color, size, outline=None):
    hollow = shape == "hollow"
    return core.QgsMarkerSymbol.createSimple(
        {
            "name": MARKERS.get(shape, "circle"),
            "color": "255,255,255,0" if hollow else color,
            "outline_color": color if hollow else (outline or "#ffffff"),
            "outline_width": str(size / 6 if hollow else size / 14),
            "size": str(size),
        }
    )


def labeling(style):
    buffer = core.QgsTextBufferSettings()
    buffer.setEnabled(True)
    buffer.setSize(0.7)
    form = core.QgsTextFormat()
    form.setFont(QFont("Noto Sans CJK SC"))
    form.setSize(7.5)
    form.setColor(QColor("#3D4854"))
    form.setBuffer(buffer)
    settings = core.QgsPalLayerSettings()
    settings.fieldName = style["label"]
    settings.setFormat(form)
    settings.placement = (
        core.QgsPalLayerSettings.Curved
        if style["shape"] == "line"
        else core.QgsPalLayerSettings.Horizontal
    )
    return core.QgsVectorLayerSimpleLabeling(settings)
