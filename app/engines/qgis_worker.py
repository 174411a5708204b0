"""The QGIS process: renders, prints and opens projects, apart from the desk.

Run by Debian's own `python3 -I`, because PyQGIS is PyQt on Qt 5 and its crash must not reach the
desk. Imports only the standard library, qgis and its GDAL, never `app`. Argument: the number of an
inherited Unix seqpacket socket. Messages are those of `app/engines/qgis_protocol.py`.

One file beyond our usual 500 lines, because nothing else may import qgis.

Traps met here: a sized buffer makes QImage detach at the first write, so the image is given a
bare address; every layer must be gone before `exitQgis()`; GeoPackages are opened immutable,
because QGIS would otherwise leave WAL files beside them.
"""

import ctypes
import faulthandler
import json
import mmap
import os
import platform
import signal
import socket
import sys
import time
from pathlib import Path

try:
    from osgeo import gdal
    from qgis import core
    from qgis.PyQt import sip
    from qgis.PyQt.QtCore import QT_VERSION_STR, QSize, QSocketNotifier, Qt, QTimer
    from qgis.PyQt.QtGui import QColor, QFont, QFontDatabase, QImage, QPainter

    MISSING = ""
except ImportError as error:
    MISSING = str(error)

DATAGRAM = 48 * 1024
HEARTBEAT_MS = 1000
CELL_MARGIN = 1.1  # mm, comes on top of a table's own widths and heights
MARKERS = {"circle": "circle", "triangle": "triangle", "square": "square", "diamond": "diamond"}
SIDES = {} if MISSING else {"left": Qt.AlignLeft, "right": Qt.AlignRight, "center": Qt.AlignHCenter}


class Refused(Exception):  # noqa: N818 - reads as the fact it states
    """A request that cannot be met: kind is invalid, not_found or failed."""

    def __init__(self, kind, message, field=None):
        super().__init__(message)
        self.record = {"kind": kind, "message": message, "field": field}


class Wire:
    """One JSON datagram a message; long ones and images travel as memory files."""

    def __init__(self, sock):
        self.sock = sock

    def send(self, message, flags=0):
        body = json.dumps(message, ensure_ascii=False).encode()
        if len(body) <= DATAGRAM:
            self.sock.send(body, flags)
            return
        large = os.memfd_create("wangge-message")
        with os.fdopen(large, "wb") as stream:
            stream.write(body)
            stream.flush()
            socket.send_fds(self.sock, [b'{"large":1}'], [large])

    def receive(self):
        body, fds, _flags, _address = socket.recv_fds(self.sock, DATAGRAM + 1024, 4)
        if not body:
            return None, []
        if body == b'{"large":1}':
            body = read_all(fds.pop(0))
        return json.loads(body), fds


def read_all(fd):
    with os.fdopen(fd, "rb") as stream:
        stream.seek(0)
        return stream.read()


# --- layers ---------------------------------------------------------------------------------


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
        core.QgsRendererCategory(value, symbol(style, color, width), value)
        for value, (color, width) in style["classes"].items()
    ]
    categories.append(
        core.QgsRendererCategory(None, symbol(style, style["color"], style["width"]), "")
    )
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


# --- rendering into memory that the desk shares ---------------------------------------------


class Canvas:
    """A QImage over a memory file: `width` x `height`, 32 bit premultiplied ARGB, no padding."""

    def __init__(self, fd, width, height, background):
        self._map = mmap.mmap(fd, width * height * 4)
        self._hold = ctypes.c_char.from_buffer(self._map)
        pointer = sip.voidptr(ctypes.addressof(self._hold))  # unsized: a sized one detaches
        self.image = QImage(pointer, width, height, width * 4, QImage.Format_ARGB32_Premultiplied)
        self.image.fill(QColor(background))
        self.painter = QPainter(self.image)
        self.painter.setRenderHint(QPainter.Antialiasing)

    def close(self):
        self.painter.end()
        self.image = None
        self._hold = None
        self._map.close()


class Rendering:
    """One running render; `done(seconds | None)` comes once, None when it was cancelled."""

    def __init__(self, request, fd, layers, done):
        self.id = request["id"]
        self._done = done
        self._cancelled = False
        self._began = time.perf_counter()
        self._canvas = Canvas(fd, request["width"], request["height"], request["background"])
        self._job = core.QgsMapRendererCustomPainterJob(
            map_settings(request, layers), self._canvas.painter
        )
        self._job.finished.connect(self._finished)
        self._job.start()

    def cancel(self):
        self._cancelled = True
        self._job.cancelWithoutBlocking()

    def stop(self):
        self._job.finished.disconnect(self._finished)
        self._job.cancel()
        self._canvas.close()

    def _finished(self):
        self._canvas.close()
        self._done(None if self._cancelled else time.perf_counter() - self._began)


def map_settings(request, layers):
    view = request["view"]
    settings = core.QgsMapSettings()
    settings.setDestinationCrs(frame_crs(view))
    settings.setTransformContext(core.QgsCoordinateTransformContext())
    settings.setOutputSize(QSize(request["width"], request["height"]))
    settings.setOutputDpi(request["dpi"])
    settings.setExtent(core.QgsRectangle(*view["extent"]))
    settings.setRotation(-view["heading"])
    settings.setBackgroundColor(QColor(request["background"]))
    settings.setFlag(core.QgsMapSettings.Antialiasing, True)
    settings.setLayers(list(reversed(layers)))
    return settings


# --- printed sheets -------------------------------------------------------------------------


class SheetPrinter:
    """Places the items that `app/engines/qgis_sheet.py` composed, millimetres on each page."""

    def __init__(self, request, layers, image):
        self.request, self.layers, self.image = request, layers, image
        self.project = core.QgsProject()
        self.project.setMetadata(metadata(request))
        self.layout = core.QgsPrintLayout(self.project)
        self.layout.initializeDefaults()
        self._z = 0

    def place_all(self):
        pages = self.layout.pageCollection()
        for number in range(self.request["pages"]):
            page = pages.page(0) if number == 0 else core.QgsLayoutItemPage(self.layout)
            page.setPageSize(self.request["paper"], core.QgsLayoutItemPage.Landscape)
            if number:
                pages.addPage(page)
        for item in self.request["items"]:
            getattr(self, "_" + item["kind"])(item)

    def export(self, path):
        """Write `path` (.pdf) or one .png a page; returns the files written."""
        exporter = core.QgsLayoutExporter(self.layout)
        if path.suffix == ".pdf":
            settings = core.QgsLayoutExporter.PdfExportSettings()
            settings.dpi = self.request["dpi"]
            settings.textRenderFormat = core.QgsRenderContext.TextFormatAlwaysText
            settings.appendGeoreference = False
            self._check(exporter.exportToPdf(str(path), settings), path)
            return [path]
        settings = core.QgsLayoutExporter.ImageExportSettings()
        settings.dpi = self.request["dpi"]
        self._check(exporter.exportToImage(str(path), settings), path)
        further = range(2, self.request["pages"] + 1)
        return [path, *(path.with_name(f"{path.stem}_{n}{path.suffix}") for n in further)]

    def close(self):
        """Drop the layout before its project, and both before QGIS goes."""
        self.layout = None
        self.layers = []
        self.project = None

    def _check(self, result, path):
        if result != core.QgsLayoutExporter.Success:
            raise Refused("failed", f"QGIS could not write {path} (code {int(result)}).", "path")

    def _put(self, item, record):
        x, y, w, h = record["rect"]
        self._z += 1
        self.layout.addLayoutItem(item)
        item.setZValue(self._z)
        item.attemptResize(core.QgsLayoutSize(w, h))
        item.attemptMove(core.QgsLayoutPoint(x, y), True, False, record["page"])
        return item

    def _font(self, points, bold=False):
        font = QFont(self.request["font"])
        font.setPointSizeF(points)
        font.setWeight(QFont.Bold if bold else QFont.Normal)
        return font

    def _text(self, record):
        label = core.QgsLayoutItemLabel(self.layout)
        label.setText(record["text"])
        label.setFont(self._font(record["points"], record["bold"]))
        label.setFontColor(QColor(record["color"]))
        label.setMarginX(0)
        label.setMarginY(0)
        label.setHAlign(SIDES[record["align"]])
        label.setVAlign(Qt.AlignVCenter)
        self._put(label, record)

    def _box(self, record):
        shape = core.QgsLayoutItemShape(self.layout)
        shape.setShapeType(core.QgsLayoutItemShape.Rectangle)
        shape.setCornerRadius(core.QgsLayoutMeasurement(record["radius"]))
        look = {"color": record["fill"], "style": "solid", "outline_style": "no"}
        if record["fill"] == "none":
            look = {"style": "no"}
        if record["line"]:
            look.update(outline_style="solid", outline_color=record["line"], outline_width="0.25")
        shape.setSymbol(core.QgsFillSymbol.createSimple(look))
        self._put(shape, record)

    def _mark(self, record):
        item = core.QgsLayoutItemMarker(self.layout)
        item.setSymbol(marker(record["shape"], record["color"], 2.8))
        self._put(item, record)
        item.setReferencePoint(core.QgsLayoutItem.Middle)  # it takes its symbol's own size
        x, y, w, h = record["rect"]
        middle = core.QgsLayoutPoint(x + w / 2, y + h / 2)
        item.attemptMove(middle, True, False, record["page"])

    def _map(self, record):
        view = self.request["view"]
        item = core.QgsLayoutItemMap(self.layout)
        item.setCrs(frame_crs(view))
        item.setKeepLayerSet(True)
        item.setLayers(list(reversed(self.layers)))
        item.setBackgroundColor(QColor(self.request["ground"]))
        self._put(item, record)
        item.zoomToExtent(core.QgsRectangle(*record["extent"]))
        item.setMapRotation(-view["heading"])

    def _image(self, record):
        image = QImage(self.image)
        if image.isNull():
            raise Refused("invalid", "The picture of the map cannot be read.", "image")
        image.copy(*record["crop"]).save(self.image, "PNG")
        picture = core.QgsLayoutItemPicture(self.layout)
        picture.setMode(core.QgsLayoutItemPicture.FormatRaster)
        picture.setResizeMode(core.QgsLayoutItemPicture.Stretch)
        self._put(picture, record)
        picture.setPicturePath(self.image)

    def _north(self, record):
        north = core.QgsLayoutItemPicture(self.layout)
        self._put(north, record)
        north.setPicturePath(self.request["north"])
        north.setPictureRotation(record["turn"])

    def _table(self, record):
        table = core.QgsLayoutItemManualTable.create(self.layout)
        self.layout.addMultiFrame(table)
        table.setShowGrid(False)
        table.setCellMargin(CELL_MARGIN)
        table.setBackgroundColor(QColor(0, 0, 0, 0))
        table.setTableContents(
            [[self._cell(cell, record["points"]) for cell in row] for row in record["cells"]]
        )
        table.setColumnWidths([width - 2 * CELL_MARGIN for width in record["widths"]])
        table.setRowHeights([height - 2 * CELL_MARGIN for height in record["heights"]])
        frame = core.QgsLayoutFrame(self.layout, table)
        table.addFrame(frame)
        x, y, w, h = record["rect"]
        self._z += 1
        frame.setZValue(self._z)
        frame.attemptResize(core.QgsLayoutSize(w + 1, h + 1))
        frame.attemptMove(core.QgsLayoutPoint(x, y), True, False, record["page"])

    def _cell(self, cell, points):
        text, color, side = cell
        form = core.QgsTextFormat()
        form.setFont(self._font(points))
        form.setSize(points)
        form.setColor(QColor(color))
        made = core.QgsTableCell(text)
        made.setTextFormat(form)
        made.setHorizontalAlignment(SIDES[side])
        made.setVerticalAlignment(Qt.AlignVCenter)
        return made


def metadata(request):
    made = core.QgsProjectMetadata()
    made.setTitle(request["title"])
    made.setAuthor("Wangge")
    return made


# --- what QGIS thinks of a file --------------------------------------------------------------


def open_project(path):
    """Report each layer of a project (.qgz, .qgs) or data file, opened and read from."""
    if not path.is_file():
        raise Refused("not_found", f"The file {path} does not exist.", "path")
    if path.suffix in (".qgz", ".qgs"):
        return project_record(path)
    sublayers = core.QgsProviderRegistry.instance().querySublayers(str(path))
    if not sublayers:
        raise Refused("invalid", f"QGIS finds no layer in {path.name}.", "path")
    layers = []
    for sub in sublayers:
        uri = geopackage_uri(path, sub.name()) if path.suffix == ".gpkg" else sub.uri()
        layer = core.QgsVectorLayer(uri, sub.name(), sub.providerKey())
        layers.append(layer_record(layer))
    return {"path": str(path), "layers": layers, "layouts": []}


def project_record(path):
    project = core.QgsProject()
    try:
        if not project.read(str(path)):
            raise Refused("invalid", f"QGIS cannot read {path.name}: {project.error()}", "path")
        layers = [layer_record(layer) for layer in project.mapLayers().values()]
        layouts = [layout.name() for layout in project.layoutManager().layouts()]
        return {"path": str(path), "layers": layers, "layouts": layouts}
    finally:
        project.clear()


def layer_record(layer):
    record = {
        "name": layer.name(),
        "provider": layer.providerType() if hasattr(layer, "providerType") else "",
        "valid": layer.isValid(),
        # QgsError.summary() of an empty error reads past its list and crashes
        "error": "" if layer.error().isEmpty() else layer.error().summary(),
        "crs": layer.crs().authid(),
        "geometry": "",
        "features": -1,
        "first_feature_read": False,
        "spatial_index": False,
        "extent": None,
    }
    if isinstance(layer, core.QgsVectorLayer) and layer.isValid():
        extent = layer.extent()
        record["geometry"] = core.QgsWkbTypes.displayString(layer.wkbType())
        record["features"] = layer.featureCount()
        record["first_feature_read"] = any(True for _ in layer.getFeatures())
        record["spatial_index"] = layer.hasSpatialIndex() == 2
        if not extent.isNull():
            sides = (extent.xMinimum(), extent.yMinimum(), extent.xMaximum(), extent.yMaximum())
            record["extent"] = list(sides)
    return record


# --- the loop -------------------------------------------------------------------------------


class Worker:
    """Takes one request after the other; a running render can be cancelled meanwhile."""

    def __init__(self, wire, app):
        self.wire, self.app = wire, app
        self.layers = Layers()
        self.rendering = None
        self.notifier = QSocketNotifier(wire.sock.fileno(), QSocketNotifier.Read)
        self.notifier.activated.connect(self.read)
        self.timer = QTimer()
        self.timer.timeout.connect(self.beat)
        self.timer.start(HEARTBEAT_MS)

    def beat(self):
        try:
            self.wire.send({"event": "alive"}, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return  # the desk is behind with reading: it sees us by that alone
        except OSError:
            self.app.quit()

    def read(self, *_):
        try:
            request, fds = self.wire.receive()
        except OSError:
            request, fds = None, []
        if request is None or request["verb"] == "shutdown":
            self.app.quit()
            return
        try:
            self.answer(request, fds)
        except Refused as refused:
            self.wire.send({"id": request["id"], "error": refused.record})
        except Exception as error:  # noqa: BLE001 - the border: it becomes a record for the desk
            record = Refused("failed", f"{type(error).__name__}: {error}").record
            self.wire.send({"id": request["id"], "error": record})
        finally:
            for fd in fds:
                os.close(fd)

    def answer(self, request, fds):
        verb = request["verb"]
        if verb == "cancel":
            if self.rendering is not None and self.rendering.id == request["target"]:
                self.rendering.cancel()
        elif verb == "render":
            self.render(request, fds)
        else:
            handler = {"hello": versions, "open_project": self.open, "print": self.print}[verb]
            self.wire.send({"id": request["id"], "ok": handler(request, fds)})

    def render(self, request, fds):
        layers = self.layers.of(request["source"])

        def done(seconds):
            self.rendering = None
            answer = {"cancelled": True} if seconds is None else {"ok": {"seconds": seconds}}
            self.wire.send({"id": request["id"], **answer})

        self.rendering = Rendering(request, fds[0], layers, done)

    def open(self, request, _fds):
        return open_project(Path(request["path"]))

    def print(self, request, fds):
        began = time.perf_counter()
        path = Path(request["path"])
        image = None
        if fds:
            image = str(path.with_name(f"{path.stem}.map.png"))
            Path(image).write_bytes(read_all(os.dup(fds[0])))
        printer = SheetPrinter(request, self.layers.of(request["source"]), image)
        try:
            printer.place_all()
            files = printer.export(path)
        finally:
            printer.close()
            if image:
                Path(image).unlink()
        seconds = time.perf_counter() - began
        return {"files": [str(file) for file in files], "seconds": seconds}

    def close(self):
        if self.rendering is not None:
            self.rendering.stop()
        self.notifier.setEnabled(False)
        self.timer.stop()
        self.layers.clear()


def versions(request, _fds):
    font = request["font"]
    return {
        "qgis": core.Qgis.QGIS_VERSION,
        "qt": QT_VERSION_STR,
        "gdal": gdal.__version__,
        "python": platform.python_version(),
        "font": font,
        "font_found": font in QFontDatabase().families(),
        "pid": os.getpid(),
    }


def die_with_parent():
    """Have the kernel kill this process when the desk's supervising thread is gone."""
    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def main():
    faulthandler.enable()
    die_with_parent()
    wire = Wire(socket.socket(fileno=int(sys.argv[1])))
    if MISSING:
        wire.send({"event": "missing", "reason": MISSING})
        return 3
    app = core.QgsApplication([], True)
    app.initQgis()
    gdal.UseExceptions()
    worker = Worker(wire, app)
    wire.send({"event": "ready", "pid": os.getpid()})
    app.exec_()
    worker.close()
    app.exitQgis()
    return 0


if __name__ == "__main__":
    sys.exit(main())
