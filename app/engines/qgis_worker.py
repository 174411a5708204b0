"""The QGIS process: renders, prints and opens projects, apart from the desk.

Run by Debian's own `python3 -I`, because PyQGIS is PyQt on Qt 5 and its crash must not reach the
desk. Imports only the standard library, qgis and its GDAL, never `app`. Argument: the number of an
inherited Unix seqpacket socket. Messages are those of `app/engines/qgis_protocol.py`.

One file beyond our usual limit of lines, because nothing else may import qgis and `python3 -I` has
no path of ours to import from: layers, rendering, base maps, sheets, atlases, the loop.

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
import select
import signal
import socket
import sys
import time
import zipfile
from pathlib import Path
from urllib.parse import parse_qs, quote, urlsplit

try:
    from osgeo import gdal
    from qgis import core
    from qgis.PyQt import sip
    from qgis.PyQt.QtCore import QT_VERSION_STR, QSize, QSocketNotifier, Qt, QTimer
    from qgis.PyQt.QtGui import QColor, QFont, QFontDatabase, QImage, QPainter
    from qgis.PyQt.QtNetwork import QNetworkReply, QNetworkRequest
    from qgis.PyQt.QtXml import QDomDocument

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
    """One running render; `done(seconds | None, late)` comes once, None when it was cancelled.

    With `timeout_s` it is stopped then, and `late` is true.
    """

    def __init__(self, request, fd, layers, done):
        self.id = request["id"]
        self._done = done
        self._cancelled = self._late = False
        self._began = time.perf_counter()
        self._canvas = Canvas(fd, request["width"], request["height"], request["background"])
        self._job = core.QgsMapRendererCustomPainterJob(
            map_settings(request, layers), self._canvas.painter
        )
        self._job.finished.connect(self._finished)
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._on_late)
        if request.get("timeout_s"):
            self._timer.start(int(request["timeout_s"] * 1000))
        self._job.start()

    def cancel(self):
        self._cancelled = True
        self._job.cancelWithoutBlocking()

    def stop(self):
        self._timer.stop()
        self._job.finished.disconnect(self._finished)
        self._job.cancel()
        self._canvas.close()

    def _on_late(self):
        self._late = True
        self._job.cancelWithoutBlocking()

    def _finished(self):
        self._timer.stop()
        self._canvas.close()
        seconds = None if self._cancelled else time.perf_counter() - self._began
        self._done(seconds, self._late)


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


# --- base maps ------------------------------------------------------------------------------


class Watch:
    """Looks at what servers answer while a base map is drawn: providers swallow most lies.

    An answer is judged on the thread that asked for it, before QGIS takes it. `problems` are
    sentences without addresses, which may hold tokens; `holes` counts tiles that do not exist.
    """

    def __init__(self):
        self.problems, self.holes, self.good = [], 0, 0
        self._serial = 0
        core.QgsNetworkAccessManager.setReplyPreprocessor(self._seen)
        core.QgsNetworkAccessManager.setRequestPreprocessor(follow_redirects)

    def begin(self, timeout_s):
        self.problems, self.holes, self.good = [], 0, 0
        self._serial += 1
        core.QgsNetworkAccessManager.setTimeout(int(timeout_s * 1000))

    def trouble(self):
        """Return the first problem; a hole is none: beyond its coverage empty is the truth."""
        return self.problems[0] if self.problems else ""

    def _seen(self, request, reply):
        serial, began = self._serial, time.monotonic()
        reply.finished.connect(lambda: self._judge(serial, began, request, reply))

    def _judge(self, serial, began, request, reply):
        if serial != self._serial:
            return
        status = reply.attribute(QNetworkRequest.HttpStatusCodeAttribute)
        problem = None
        if status in (204, 404):
            self.holes += 1
        elif reply.error() == QNetworkReply.TooManyRedirectsError:
            problem = network_words(reply.error())
        elif status is not None and 300 <= status < 400:
            return  # Qt follows it, and this is asked again
        elif reply.error() == QNetworkReply.OperationCanceledError:
            waited = time.monotonic() - began
            timeout = core.QgsNetworkAccessManager.timeout() / 1000
            problem = (
                f"the server did not answer within {timeout:g} s" if waited > timeout / 2 else None
            )
        elif reply.error() != QNetworkReply.NoError:
            problem = f"the server answered {status}" if status else network_words(reply.error())
        else:
            problem = picture_problem(
                request.url().toString(), bytes(reply.peek(reply.bytesAvailable()))
            )
            self.good += problem is None
        if problem is not None:
            self.problems.append(problem)


def follow_redirects(request):
    """Have Qt follow them: QGIS itself takes no relative ones and knows no end."""
    policy = QNetworkRequest.NoLessSafeRedirectPolicy
    request.setAttribute(QNetworkRequest.RedirectPolicyAttribute, policy)
    request.setMaximumRedirectsAllowed(5)


def network_words(error):
    words = {
        QNetworkReply.ConnectionRefusedError: "the server refuses the connection",
        QNetworkReply.HostNotFoundError: "the server's name is not known",
        QNetworkReply.TimeoutError: "the server did not answer in time",
        QNetworkReply.RemoteHostClosedError: "the server closed the connection",
        QNetworkReply.SslHandshakeFailedError: "the server's certificate is not valid",
        QNetworkReply.TooManyRedirectsError: "the server redirects without end",
    }
    return words.get(error, f"the network failed (code {int(error)})")


def picture_problem(url, body):
    """Say what is wrong with an answer that came with 200, or return None."""
    query = {name.upper(): values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    asked = query.get("REQUEST", "").lower()
    start = body[:512].lstrip().lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "the server sent a web page instead of a picture"
    if asked == "getcapabilities":
        return None if start.startswith(b"<") else "the server's capabilities are no XML"
    if start.startswith(b"<"):
        return "the server sent a message instead of a picture"
    if url.split("?")[0].endswith((".pbf", ".mvt", ".json")):
        return None
    if not body:
        return "the server sent an empty picture"
    if body.startswith(b"\x89PNG") and b"IEND" not in body[-16:]:
        return "the server sent half a picture"
    if body.startswith(b"\xff\xd8") and b"\xff\xd9" not in body[-64:]:
        return "the server sent half a picture"
    image = QImage.fromData(body)
    if image.isNull():
        known = body.startswith((b"\x89PNG", b"\xff\xd8", b"RIFF", b"GIF8"))
        return "the server sent a broken picture" if known else None
    if asked == "getmap" and (image.width(), image.height()) != (
        int(query.get("WIDTH", 0)), int(query.get("HEIGHT", 0)),
    ):  # fmt: skip
        return (
            f"the server sent {image.width()} x {image.height()} pixels for"
            f" {query.get('WIDTH')} x {query.get('HEIGHT')}"
        )
    return None


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
MOST_PROJECT = 64 << 20  # bytes of a project's XML


def open_base_project(path):
    """Open a project for drawing alone: its macros and actions are never run, layouts not read."""
    if path.suffix.lower() == ".qgz":
        check_archive(path)
    project = core.QgsProject()
    flags = core.QgsProject.ReadFlags(core.QgsProject.FlagDontLoadLayouts)
    if not project.read(str(path), flags):
        said = project.error()
        project.clear()
        raise Refused("invalid", f"QGIS cannot read {path.name}: {said}", "address")
    report = project_sanity(project, path)
    root = project.layerTreeRoot()
    visible = [
        one for one in root.layerOrder() if root.findLayer(one) and root.findLayer(one).isVisible()
    ]
    layers = [layer for layer in reversed(visible) if layer.isValid()]
    if not layers:
        project.clear()
        missing = ", ".join(report["missing"][:5])
        why = f" These are missing: {missing}." if missing else ""
        raise Refused("invalid", f"No layer of {path.name} can be drawn.{why}", "address")
    return {"layers": layers, "project": project, "report": report}


def check_archive(path):
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(info.file_size for info in archive.infolist())
            inner = [info.filename for info in archive.infolist()]
    except (zipfile.BadZipFile, OSError) as error:
        raise Refused("invalid", f"{path.name} is no QGIS project: {error}", "address") from error
    if size > MOST_PROJECT or not any(name.endswith(".qgs") for name in inner):
        raise Refused("invalid", f"{path.name} is no QGIS project, or too large.", "address")


def project_sanity(project, path):
    """Say which layers are missing, which files lie outside the project's folder, macros."""
    layers = project.mapLayers().values()
    outside = []
    for layer in layers:
        decoded = core.QgsProviderRegistry.instance().decodeUri(
            layer.providerType() if hasattr(layer, "providerType") else "", layer.source()
        )
        source = Path(decoded.get("path") or "")
        if source.is_absolute() and path.parent not in source.parents:
            outside.append(str(source))
    return {
        "layers": [layer.name() for layer in layers],
        "missing": sorted(layer.name() for layer in layers if not layer.isValid()),
        "outside": sorted(set(outside)),
        "macros": bool(project.readEntry("Macros", "/pythonCode", "")[0].strip()),
    }


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


# --- atlases ---------------------------------------------------------------------------------


class AtlasPrinter:
    """Fills a template and prints a page for each area; see `Atlas` in the protocol."""

    def __init__(self, request, base):
        self.request = request
        self.project = core.QgsProject()
        self.project.setMetadata(metadata(request))
        self.project.setCrs(frame_crs(request["view"]))
        path = Path(request["source"]["path"])
        if not path.is_file():
            raise Refused("not_found", f"The map file {path} does not exist.", "source.path")
        self.styles = request["source"]["layers"]
        self.layers = [styled_layer(path, style) for style in self.styles]
        self.base = [layer.clone() for layer in base]
        self.coverage = self._coverage(path)
        self.layout = self._open_template(Path(request["template"]))
        self.map = next(i for i in self.layout.items() if isinstance(i, core.QgsLayoutItemMap))
        self._fill()

    def _coverage(self, path):
        rows = self.request["rows"]
        if rows:
            layer = core.QgsVectorLayer(geopackage_uri(path, "area"), "coverage", "ogr")
            if not layer.setSubsetString(f"fid IN ({', '.join(str(int(row)) for row in rows)})"):
                raise Refused("invalid", "The areas of the atlas cannot be read.", "rows")
            emphasise(layer)
        else:
            layer = core.QgsVectorLayer(
                "Polygon?field=name:string&field=code:string", "view", "memory"
            )
            layer.setCrs(frame_crs(self.request["view"]))
            feature = core.QgsFeature(layer.fields())
            rectangle = core.QgsRectangle(*self.request["view"]["extent"])
            feature.setGeometry(core.QgsGeometry.fromRect(rectangle))
            feature.setAttributes([self.request["title"], ""])
            layer.dataProvider().addFeature(feature)
        self.project.addMapLayer(layer, False)
        return layer

    def _open_template(self, path):
        document = QDomDocument()
        try:
            parsed = (
                document.setContent(path.read_bytes())[0] if path.stat().st_size < 8 << 20 else 0
            )
        except OSError as error:
            said = f"The template {path} cannot be read: {error.strerror}."
            raise Refused("not_found", said, "template") from error
        if not parsed or document.documentElement().tagName() != "Layout":
            raise Refused("invalid", f"{path.name} is no layout template of QGIS.", "template")
        layout = core.QgsPrintLayout(self.project)
        context = core.QgsReadWriteContext()
        _items, done = layout.loadFromTemplate(document, context, True)
        maps = [item for item in layout.items() if isinstance(item, core.QgsLayoutItemMap)]
        if not done or len(maps) != 1:
            said = f"The template {path.name} needs one map; it has {len(maps)}."
            raise Refused("invalid", said, "template")
        if any(isinstance(frame, core.QgsLayoutItemHtml) for frame in layout.multiFrames()):
            said = f"The template {path.name} holds a web page; those are not opened."
            raise Refused("invalid", said, "template")
        return layout

    def _fill(self):
        request, words = self.request, self.request["words"]
        atlas = self.layout.atlas()
        atlas.setEnabled(True)
        atlas.setCoverageLayer(self.coverage)
        atlas.setPageNameExpression("coalesce(nullif(name, ''), code)")
        atlas.setSortFeatures(True)
        atlas.setSortExpression("code")
        atlas.setFilenameExpression("lpad(@atlas_featurenumber, 3, '0')")
        self.map.setCrs(frame_crs(request["view"]))
        self.map.setKeepLayerSet(True)
        top = [self.coverage] if request["rows"] else []
        self.map.setLayers([*top, *reversed(self.layers), *reversed(self.base)])
        self.map.setAtlasDriven(False)  # driven by QGIS it would outgrow its frame
        atlas.featureChanged.connect(self._show)
        page = words["page"].format(
            page="[% @atlas_featurenumber %]", pages="[% @atlas_totalfeatures %]"
        )
        notes = [words["sample_note"] if request["sample"] else "", request["credit"]]
        scale = "1 : [% format_number(round(@map_scale, -2), 0) %]"
        self._text("title", "[% @atlas_pagename %]" if request["rows"] else request["title"])
        self._text("subtitle", request["subtitle"])
        self._text("date", f"{words['made']} {request['date']}")
        self._text("sample", words["sample"] if request["sample"] else "")
        self._text("legend_title", words["legend"])
        self._text(
            "scale", scale.replace("@map_scale", f"item_variables('{self.map.id()}')['map_scale']")
        )
        self._text("credit", "  ·  ".join(note for note in notes if note))
        self._text("page", page)
        self._legend()
        north = self.layout.itemById("north")
        if isinstance(north, core.QgsLayoutItemPicture) and not north.picturePath():
            north.setPicturePath(request["north"])
        for bar in self.layout.items():
            if isinstance(bar, core.QgsLayoutItemScaleBar):
                bar.setLinkedMap(self.map)

    def _show(self, feature):
        """Show the area of the page with a little around it, the frame keeping its shape."""
        crs, context = self.coverage.crs(), core.QgsCoordinateTransformContext()
        onto = core.QgsCoordinateTransform(crs, frame_crs(self.request["view"]), context)
        box = onto.transformBoundingBox(feature.geometry().boundingBox())
        box.scale(1.06 if self.request["rows"] else 1.0)
        frame, middle = self.map.rect(), box.center()
        scale = max(box.width() / frame.width(), box.height() / frame.height()) / 2
        dx, dy = frame.width() * scale, frame.height() * scale
        self.map.setExtent(
            core.QgsRectangle(middle.x() - dx, middle.y() - dy, middle.x() + dx, middle.y() + dy)
        )

    def _text(self, name, text):
        label = self.layout.itemById(name)
        if not isinstance(label, core.QgsLayoutItemLabel):
            return
        label.setText(text)
        label.setVisibility(bool(text))

    def _legend(self):
        legend = self.layout.itemById("legend")
        if not isinstance(legend, core.QgsLayoutItemLegend):
            return
        legend.setLinkedMap(self.map)
        legend.setAutoUpdateModel(False)
        root = legend.model().rootGroup()
        root.removeAllChildren()
        for layer, style in zip(reversed(self.layers), reversed(self.styles), strict=True):
            if style["title"]:
                layer.setName(style["title"])
                node = root.addLayer(layer)
                node.setCustomProperty("legend/title-label", style["title"])
                if style["by"]:
                    core.QgsLegendRenderer.setNodeLegendStyle(node, core.QgsLegendStyle.Hidden)

    def export(self, path, feedback):
        """Write `path` (.pdf) or one .png a page; returns files, or None if it was cancelled."""
        atlas = self.layout.atlas()
        if path.suffix == ".pdf":
            settings = core.QgsLayoutExporter.PdfExportSettings()
            settings.dpi = self.request["dpi"]
            settings.textRenderFormat = core.QgsRenderContext.TextFormatAlwaysText
            settings.appendGeoreference = False
            result = core.QgsLayoutExporter.exportToPdf(atlas, str(path), settings, feedback)
        else:
            settings = core.QgsLayoutExporter.ImageExportSettings()
            settings.dpi = self.request["dpi"]
            start = str(path.with_name(f"{path.stem}_"))
            atlas.setFilenameExpression(f"'{path.stem}_' || lpad(@atlas_featurenumber, 3, '0')")
            result = core.QgsLayoutExporter.exportToImage(atlas, start, "png", settings, feedback)
        if feedback.isCanceled():
            return None
        if result[0] != core.QgsLayoutExporter.Success:
            said = f"QGIS could not write {path.name} (code {int(result[0])}). {result[1]}".strip()
            raise Refused("failed", said, "path")
        return [path] if path.suffix == ".pdf" else sorted(path.parent.glob("*.png"))

    def close(self):
        """Drop the layout before its layers, and those before the project."""
        self.layout.atlas().featureChanged.disconnect(self._show)
        self.layout = self.map = None
        self.layers, self.base, self.coverage = [], [], None
        self.project.clear()
        self.project = None


def emphasise(layer):
    """Fade what lies around the area of the page and draw its edge."""
    look = {"color": "255,255,255,165", "outline_color": "#2F81F7", "outline_width": "0.7"}
    rule = core.QgsRuleBasedRenderer.Rule(
        core.QgsFillSymbol.createSimple(look), filterExp="$id = @atlas_featureid"
    )
    root = core.QgsRuleBasedRenderer.Rule(None)
    root.appendChild(rule)
    layer.setRenderer(core.QgsInvertedPolygonRenderer(core.QgsRuleBasedRenderer(root)))


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
        self.layers, self.bases, self.watch = Layers(), Bases(), Watch()
        self.rendering = None
        self.cancelled = 0  # the request that was given up while its layers were being opened
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
        if verb == "atlas":
            self.atlas(request)
        elif verb == "cancel":
            self.cancelled = request["target"]
            if self.rendering is not None and self.rendering.id == request["target"]:
                self.rendering.cancel()
        elif verb == "render":
            self.render(request, fds)
        elif verb == "render_base":
            self.render_base(request, fds)
        else:
            handler = {"hello": versions, "open_project": self.open, "print": self.print,
                       "check_base": self.check_base}[verb]  # fmt: skip
            self.wire.send({"id": request["id"], "ok": handler(request, fds)})

    def render(self, request, fds):
        layers = self.layers.of(request["source"])

        def done(seconds, _late):
            self.rendering = None
            answer = {"cancelled": True} if seconds is None else {"ok": {"seconds": seconds}}
            self.wire.send({"id": request["id"], **answer})

        self.rendering = Rendering(request, fds[0], layers, done)

    def opened_base(self, base, view):
        """Open a base map, and say what its server did where QGIS only says that it is invalid."""
        self.watch.begin(base["timeout_s"])
        try:
            return self.bases.of(base, view)
        except Refused as refused:
            trouble = self.watch.trouble()
            if trouble and refused.record["kind"] == "invalid":
                raise Refused("source", f"This base map cannot be had: {trouble}.") from refused
            raise

    def render_base(self, request, fds):
        base = request["base"]
        opened = self.opened_base(
            base, request["view"]
        )  # a server is asked, so a cancel may come meanwhile
        if self.cancelled == request["id"]:
            self.wire.send({"id": request["id"], "cancelled": True})
            return
        self.watch.begin(base["timeout_s"])

        def done(seconds, late):
            self.rendering = None
            trouble = self.watch.trouble()
            if late:
                trouble = f"the server did not answer within {base['timeout_s']:g} s"
            if seconds is None:
                answer = {"cancelled": True}
            elif trouble:
                message = f"This base map cannot be had: {trouble}."
                answer = {"error": Refused("source", message).record}
            else:
                answer = {"ok": {"seconds": seconds, "holes": self.watch.holes}}
            self.wire.send({"id": request["id"], **answer})

        self.rendering = Rendering(request, fds[0], opened["layers"], done)

    def check_base(self, request, _fds):
        self.bases.forget(request["base"])
        return self.opened_base(request["base"], request["view"])["report"]

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

    def atlas(self, request):
        """Print page by page; between pages the desk is told, and heard if it cancels."""
        began = time.perf_counter()
        base = (
            self.opened_base(request["base"], request["view"])["layers"] if request["base"] else []
        )
        printer = AtlasPrinter(request, base)
        feedback = core.QgsFeedback()
        total = max(1, len(request["rows"]))

        def step(percent):
            done = min(total, round(percent / 100 * total))
            self.wire.send({"event": "progress", "id": request["id"], "done": done, "total": total})
            while select.select([self.wire.sock], [], [], 0)[0] and not feedback.isCanceled():
                message, _fds = self.wire.receive()
                if message is None or message["verb"] == "shutdown":
                    self.app.quit()
                    feedback.cancel()
                elif message["verb"] == "cancel" and message["target"] == request["id"]:
                    feedback.cancel()

        feedback.progressChanged.connect(step)
        try:
            files = printer.export(Path(request["path"]), feedback)
        finally:
            feedback.progressChanged.disconnect(step)
            printer.close()
        if files is None:
            self.wire.send({"id": request["id"], "cancelled": True})
            return
        answer = {"files": [str(file) for file in files], "seconds": time.perf_counter() - began}
        self.wire.send({"id": request["id"], "ok": answer})

    def close(self):
        if self.rendering is not None:
            self.rendering.stop()
        self.notifier.setEnabled(False)
        self.timer.stop()
        self.layers.clear()
        self.bases.clear()


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
    settings = core.QgsSettings()
    settings.setValue("/qgis/defaultTileMaxRetry", 0)
    settings.setValue("/PostgreSQL/default_timeout", 5)
    worker = Worker(wire, app)
    wire.send({"event": "ready", "pid": os.getpid()})
    app.exec_()
    worker.close()
    app.exitQgis()
    return 0


if __name__ == "__main__":
    sys.exit(main())
