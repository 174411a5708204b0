"""Maps on paper by a template, a page for each area."""

from pathlib import Path

from qgis import core
from qgis.PyQt.QtXml import QDomDocument

from app.engines.qgis_worker.layers import frame_crs, geopackage_uri, styled_layer
from app.engines.qgis_worker.papers import fit_paper
from app.engines.qgis_worker.sheets import metadata
from app.engines.qgis_worker.wire import Refused

PREVIEW = 1100  # pixels of the longer side of a page that is only looked at


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
        if request["page_mm"]:
            fit_paper(self.layout, self.map, *request["page_mm"])
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
            shape = core.QgsGeometry.fromWkt(self.request["shape"])
            if shape.isEmpty():
                rectangle = core.QgsRectangle(*self.request["view"]["extent"])
                shape = core.QgsGeometry.fromRect(rectangle)
            else:
                emphasise(layer)
            feature.setGeometry(shape)
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
        top = [self.coverage] if request["rows"] or request["shape"] else []
        self.map.setLayers([*top, *reversed(self.layers), *reversed(self.base)])
        self.map.setAtlasDriven(False)  # driven by QGIS it would outgrow its frame
        atlas.featureChanged.connect(self._show)
        page = words["page"].format(
            page="[% @atlas_featurenumber %]", pages="[% @atlas_totalfeatures %]"
        )
        notes = [words["sample_note"] if request["sample"] else "", request["credit"]]
        if not isinstance(self.layout.itemById("notes"), core.QgsLayoutItemLabel):
            notes.insert(0, request["notes"])
        scale = "1 : [% format_number(round(@map_scale, -2), 0) %]"
        self._text("title", "[% @atlas_pagename %]" if request["rows"] else request["title"])
        self._text("subtitle", request["subtitle"])
        self._text("date", f"{words['made']} {request['date']}")
        self._text("sample", words["sample"] if request["sample"] else "")
        self._text("legend_title", words["legend"] if request["legend"] else "")
        self._text("notes", request["notes"])
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
        box.scale(1.06 if self.request["rows"] or self.request["shape"] else 1.0)
        frame, middle = self.map.rect(), box.center()
        scale = max(box.width() / frame.width(), box.height() / frame.height()) / 2
        if self.request["scale"]:
            scale = self.request["scale"] / 1000 / 2  # metres a millimetre of the frame, halved
        dx, dy = frame.width() * scale, frame.height() * scale
        self.map.setExtent(
            core.QgsRectangle(middle.x() - dx, middle.y() - dy, middle.x() + dx, middle.y() + dy)
        )
        if not self.request["rows"]:
            self.map.setMapRotation(-self.request["view"]["heading"])

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
        legend.setVisibility(self.request["legend"])
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
        if self.request["preview"]:
            return self._preview(path)
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

    def _preview(self, path):
        """Draw the first page, its longer side of `PREVIEW` pixels."""
        atlas = self.layout.atlas()
        if not (atlas.beginRender() and atlas.first()):
            raise Refused("failed", "There is no page to be shown.", "rows")
        page = self.layout.pageCollection().page(0).pageSize()
        settings = core.QgsLayoutExporter.ImageExportSettings()
        settings.dpi = PREVIEW / (max(page.width(), page.height()) / 25.4)
        result = core.QgsLayoutExporter(self.layout).exportToImage(str(path), settings)
        atlas.endRender()
        if result != core.QgsLayoutExporter.Success:
            raise Refused("failed", f"QGIS could not draw the page (code {int(result)}).", "path")
        return [path]

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
