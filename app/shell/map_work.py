"""Working on the map of a desk: tools, cards, layers and views, wired to the map and the city."""

from __future__ import annotations

from uuid import UUID

import numpy as np
import shapely
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.domain.camera import Bounds
from app.domain.errors import AppError
from app.domain.geodesy import CityFrame
from app.domain.measures import area_of, length_of, said_area, said_length
from app.shell.bridge import Bridge
from app.shell.map_exporting import MapExporting, PartExporter
from app.shell.map_layers import MapLayers
from app.shell.map_selecting import Selected, Selecting, fids_of, rings_of
from app.shell.map_views import GO, MapViews
from app.shell.map_words import class_rows, found_row, state_words
from app.shell.session import Session
from app.store import Store
from widgets.i18n import tr
from widgets.map_ask import MapAsk
from widgets.map_card import CardKeys, CardRow, MapCard
from widgets.map_identify import Found, identify, parts_near
from widgets.map_picks import CasePicked, PartPicked
from widgets.map_strip import MapStrip, StripItem
from widgets.map_tools.box import BoxTool
from widgets.map_tools.draw import Drawing, DrawTool
from widgets.map_tools.ground import GroundTool
from widgets.map_view import MapView
from widgets.theme import Theme

STRIP = (
    StripItem("box", "selection-drag", "tool.box", "Shift B"),
    StripItem("polygon", "vector-polygon", "tool.polygon", "Shift P"),
    StripItem("lasso", "lasso", "tool.lasso", "Shift L"),
    StripItem("length", "ruler", "tool.length", "M"),
    StripItem("area", "ruler-square", "tool.area", "Shift M"),
    StripItem("nearest", "target", "tool.nearest", "N"),
    StripItem("buffer", "circle-expand", "tool.buffer", "U"),
    StripItem("layers", "layers-outline", "tool.layers", "L"),
    StripItem("save", "bookmark-outline", "view.save", "V"),
)
_NEAREST, _NEAREST_M = 10, 2_000.0
_LEAST_M, _MOST_M = 0.1, 100_000.0


class MapWork(QObject):
    """Everything a person does on one map. `told` carries a sentence, `failed` an error."""

    told = Signal(str)
    failed = Signal(object)

    def __init__(
        self, bridge: Bridge, session: Session, view: MapView, cases: Store, window: QWidget,
        export: PartExporter | None = None,
    ) -> None:  # fmt: skip
        super().__init__(window)
        facts, theme = bridge.core.facts, session.theme
        self._bridge, self._session, self._view, self._cases = bridge, session, view, cases
        self.frame = CityFrame(facts.lon0, facts.lat0)
        self._found: tuple[Found, ...] = ()
        self.classes: tuple[int, ...] = ()  # that the card lists, if it lists a selection
        self._active = ""
        self._line: NDArray[np.float64] | None = None  # the last drawn or clicked, for a buffer
        self.selecting = Selecting(bridge, self)
        self.exporting = MapExporting(export, bridge, window)
        self.views = MapViews(view, self.frame, session, self)
        self.layers = MapLayers(view, bridge, self.frame, theme, cases, self._view_buttons, self)
        self.strip = MapStrip(STRIP, theme, view)
        self.card, self.ask = MapCard(theme, view), MapAsk(theme, view)
        self._make_tools()
        self._connect()

    def _make_tools(self) -> None:
        view = self._view
        self.ground = GroundTool()
        self.shift_box = BoxTool(self)
        self.tools: dict[str, BoxTool | DrawTool] = {
            "box": BoxTool(self, always=True),
            "polygon": DrawTool(self, closed=True),
            "lasso": DrawTool(self, closed=True, freehand=True),
            "length": DrawTool(self, label=self.label),
            "area": DrawTool(self, closed=True, label=self.label),
        }
        view.tools.add(CardKeys(self.card))
        view.tools.add(self.ground)
        view.tools.add(self.shift_box)
        for name, tool in (*self.tools.items(), ("box", self.shift_box)):
            tool.changed.connect(view.update)
            if name in ("box", "polygon", "lasso"):
                tool.finished.connect(self._on_selected)
            else:
                tool.finished.connect(self._on_measured)
            if isinstance(tool, DrawTool):
                tool.cancelled.connect(self.put_away)

    def _connect(self) -> None:
        view, layers = self._view, self.layers
        self.strip.chosen.connect(self.take)
        view.looked_at.connect(self._on_looked)
        self.card.row_opened.connect(self._on_row)
        self.card.pressed.connect(self._on_pressed)
        self.card.closed.connect(self.clear)
        self.ask.answered.connect(self._on_answer)
        self.selecting.changed.connect(self._on_changed)
        self.views.filtered.connect(layers.filter_to)
        self.views.saved.connect(self._on_saved)
        layers.filtered.connect(self._on_filtered)
        layers.tree.pressed.connect(self._on_pressed)
        for part in (self.views, self.exporting):
            part.told.connect(self.told)
        for other in (self.selecting, self.exporting):
            other.failed.connect(self.failed)
        self._session.theme_changed.connect(self._on_theme)
        self._session.language_changed.connect(self._on_language)

    # ---- what a person asks for -----------------------------------------------------------

    def take(self, name: str) -> None:
        """Take up a tool of the strip, or put it away if it is the one in hand."""
        if name == "layers":
            self.layers.turn()
        elif name == "nearest":
            self.find_nearest()
        elif name == "buffer":
            self.ask_radius()
        elif name == "save":
            self.ask_name()
        elif name == self._active:
            self.put_away()
        else:
            self._active = name
            self._view.take_tool(self.tools[name])
            self.told.emit(tr(f"tool.{name}_how"))
        self._light()

    def put_away(self) -> None:
        """Have no tool in hand."""
        self._active = ""
        self._view.take_tool(None)
        self._light()

    def leave(self) -> bool:
        """Esc: close the uppermost of what is open here; returns whether there was anything."""
        if self.ask.isVisible():
            self.ask.hide()
            return True
        if self._active and self._view.tools.taken is self.tools[self._active]:
            self.put_away()
            return True
        if self.card.isVisible() or self.selecting.shape is not None:
            self.clear()
            return True
        left = self.layers.tree.leave()
        self._light()
        return left

    def clear(self) -> None:
        """Select and list nothing."""
        self.card.leave()
        self.selecting.clear()
        self.ground.show(None)
        self._found, self._line = (), None
        self._view.update()

    def open_link(self, text: str) -> None:
        """Show the view of a link; what is wrong with it is told."""
        try:
            self.views.open(text)
        except AppError as error:
            self.failed.emit(error)

    def do(self, name: str) -> bool:
        """Do what the palette offered here; returns whether it was ours."""
        if not name.startswith(GO):
            return False
        self.open_link(self.views.links[name.removeprefix(GO)])
        return True

    def ask_radius(self) -> None:
        """Ask how far around the selection, line or middle of the map."""
        self.ask.ask("buffer", tr("select.radius"), "50")

    def ask_name(self) -> None:
        """Ask under which name to keep this view."""
        self.ask.ask("save", tr("view.name"))

    def find_nearest(self) -> None:
        """List the shown parts nearest to the middle of the map."""
        store = self._view.store
        if store is None:
            return
        camera = self._view.camera
        look, x, y = self._view.look, camera.x, camera.y
        found = parts_near(store, look, x, y, _NEAREST_M, _NEAREST)
        self._found = tuple(found)
        rows = [found_row(one, self._cases, float(np.hypot(one.x - x, one.y - y))) for one in found]
        self.card.fill(tr("select.nearest"), rows or [CardRow(tr("select.none"), lit=False)])
        self.card.setFocus()

    def label(self, xy: NDArray[np.float64], closed: bool) -> str:
        """Return length, or area and perimeter, of a shape in local metres."""
        if not closed:
            return said_length(length_of(xy, self.frame))
        around = length_of(np.vstack([xy, xy[:1]]), self.frame)
        return f"{said_area(area_of(xy, self.frame))}\n{said_length(around)}"

    # ---- identify -------------------------------------------------------------------------

    def _on_looked(self, at: tuple[float, float]) -> None:
        view, store = self._view, self._view.store
        if store is None:
            return
        x, y = view.camera.to_world(*at)
        self._line = np.array([[x, y]])
        if self.selecting.shape is not None:
            self.clear()
        live = view.live_at(*at)
        found = identify(store, view.look, view.camera, *at)
        if live is not None:
            kind = "case" if isinstance(live, CasePicked) else "unit"
            found = (Found(kind, x, y, uid=live.uid), *found)
        self._found = found
        rows = [found_row(one, self._cases) for one in found]
        if rows:
            self.card.fill(tr("identify.title"), rows, total=str(len(rows)))
        else:
            self.card.leave()

    def _on_row(self, at: int) -> None:
        if self.selecting.selected is not None and self.card_is_selection:
            self._turn_class(self.classes[at])
        elif at < len(self._found):
            self._open(self._found[at])

    @property
    def card_is_selection(self) -> bool:
        """Whether the card lists the selection's classes."""
        return bool(self.classes)

    def _open(self, found: Found) -> None:
        view = self._view
        lon, lat = (float(v) for v in self.frame.to_lonlat(found.x, found.y))
        if found.kind == "case" and isinstance(found.uid, UUID):
            self._session.choose(found.uid)
        elif found.kind == "part":
            picked = PartPicked(found.fid, found.cls, found.state, lon, lat)
            view.part_picked.emit(picked)
        elif found.area is not None:
            box = self._box_of(found.area.fid)
            view.fit(box)
        else:
            view.select_place(lon, lat, found_row(found, self._cases).text)

    def _box_of(self, fid: int) -> Bounds | None:
        store = self._view.store
        if store is None:
            return None
        shapes = store.shapes["area"]
        (row,) = np.flatnonzero(shapes.fid == fid)[:1]
        x0, y0, x1, y1 = (float(v) for v in shapes.box[row])
        ox, oy = store.origin
        return Bounds(x0 + ox, y0 + oy, x1 + ox, y1 + oy)

    # ---- selecting ------------------------------------------------------------------------

    def _on_selected(self, drawing: Drawing) -> None:
        store = self._view.store
        if store is not None:
            again = self.selecting.shape is not None and drawing.shift
            fresh = Drawing(drawing.xy, True, again, drawing.alt)
            self.selecting.take(fresh, store)
        tool = self.tools.get(self._active)
        if isinstance(tool, DrawTool):
            tool.keep(None)

    def _on_measured(self, drawing: Drawing) -> None:
        self._line = np.vstack([drawing.xy, drawing.xy[:1]]) if drawing.closed else drawing.xy
        self.told.emit(self.label(drawing.xy, drawing.closed).replace("\n", "  ·  "))

    def _on_changed(self, selected: Selected | None) -> None:
        if selected is None:
            self.classes = ()
            return
        self.ground.show(rings_of(selected.shape))
        self._view.update()
        self.classes, rows = class_rows(selected)
        self._found = ()
        buttons = (
            ("all", tr("select.all")), ("export", tr("select.export")),
            ("buffer", tr("select.widen")), ("clear", tr("select.clear")),
        )  # fmt: skip
        self.card.fill(
            tr("select.title"), rows or [CardRow(tr("select.none"), lit=False)],
            total=f"{selected.total:,}",
            heads=(tr("select.count"), tr("select.not_whole")), buttons=buttons,
        )  # fmt: skip
        self.card.setToolTip(state_words(selected))

    def _turn_class(self, cls: int) -> None:
        """Take a class in or out; of all, a click on one keeps only that one."""
        selected, store = self.selecting.selected, self._view.store
        if selected is None or store is None:
            return
        want = selected.want.copy()
        if selected.want.all():
            want[:] = 0
        want[cls] = 0 if want[cls] else 1
        self.selecting.narrow(want, selected.states, store)

    def _on_filtered(self, want: NDArray[np.uint8], states: int) -> None:
        if self._view.store is not None:
            self.selecting.narrow(want, states, self._view.store)

    def do_button(self, name: str) -> None:
        """Do what a button of the card or the tree of that name does."""
        self._on_pressed(name)

    def _on_pressed(self, name: str) -> None:
        selected, store = self.selecting.selected, self._view.store
        if name == "export" and selected is not None and store is not None:
            self.exporting.ask_and_export(fids_of(store, selected))
        elif name == "all" and store is not None:
            self.selecting.narrow(np.ones(256, np.uint8), 0b1111, store)
        elif name == "buffer":
            self.ask_radius()
        elif name == "clear":
            self.clear()
        elif name == "unfilter":
            self.layers.filter_to(None, None)
        elif name == "view:save":
            self.ask_name()
        else:
            self.do(name)

    def _on_answer(self, name: str, text: str) -> None:
        if name == "save":
            self.views.save(text)
            return
        try:
            metres = float(text)
        except ValueError:
            metres = 0.0
        store = self._view.store
        if not _LEAST_M <= metres <= _MOST_M:
            self.told.emit(tr("select.bad_radius", text=text))
        elif store is not None:
            self._widen(metres)

    def _widen(self, metres: float) -> None:
        """Select what lies within `metres` of the selection, the last line or point, or here."""
        store, camera = self._view.store, self._view.camera
        if store is None:
            return
        if self.selecting.shape is not None:
            self.selecting.buffer(metres, store)
            return
        line = np.array([[camera.x, camera.y]]) if self._line is None else self._line
        base = shapely.Point(line[0]) if len(line) == 1 else shapely.LineString(line)
        self.put_away()
        self.selecting.combine(base.buffer(metres, quad_segs=24), store)

    # ---- the rest -------------------------------------------------------------------------

    def _view_buttons(self) -> tuple[tuple[str, str], ...]:
        return tuple((f"{GO}{name}", name) for name in list(self.views.links)[-3:])

    def _on_saved(self, _links: object) -> None:
        self.layers.show()

    def _light(self) -> None:
        shown = ("layers",) if self.layers.tree.isVisible() else ()
        self.strip.light(*shown, self._active)

    def _on_theme(self, theme: Theme) -> None:
        for part in (self.strip, self.card, self.ask, self.layers):
            part.set_theme(theme)

    def _on_language(self) -> None:
        self.strip.retranslate()
        self.layers.retranslate()
        self.card.leave()
