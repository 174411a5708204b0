"""Printed sheets: places what `app/engines/qgis_sheet.py` composed."""

from qgis import core
from qgis.PyQt.QtCore import Qt
from qgis.PyQt.QtGui import QColor, QFont, QImage

from app.engines.qgis_worker.layers import frame_crs, marker
from app.engines.qgis_worker.wire import Refused

CELL_MARGIN = 1.1  # mm, comes on top of a table's own widths and heights
SIDES = {"left": Qt.AlignLeft, "right": Qt.AlignRight, "center": Qt.AlignHCenter}


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
            page.setPageSize(core.QgsLayoutSize(*self.request["page_mm"]))
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
