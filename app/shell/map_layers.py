"""Between the layer tree and the map: what is shown, how strongly, which parts, filled by what."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from app.domain.camera import Camera
from app.domain.geodesy import CityFrame
from app.domain.layers import LAYERS, as_usual, with_opacity, with_range
from app.domain.map_columns import AREA_TIERS
from app.engines.citystore import CityStore
from app.shell.bridge import Bridge
from app.shell.map_tree import STATE_INK, TreeFacts, opacity_of, range_of, tree_rows
from app.shell.map_values import heat_at, open_cases, worst_signs
from app.store import Store
from layers.values.geometry import tier_for
from widgets.i18n import tr
from widgets.layer_tree import LayerTree
from widgets.map_view import MapView
from widgets.map_wishes import Wishes
from widgets.theme import Theme
from widgets.words import local

_VALUES_MS = 15_000  # open cases change all the time; the fill follows them this slowly
_SOON_MS = 120
_EVERY_STATE = 0b1111


class MapLayers(QObject):
    """Owns the layer tree of one map.

    Signals: `filtered` carries (want, states) when parts are filtered; `pressed` the name of a
    button of the tree that is not about layers.
    """

    filtered = Signal(object, object)
    pressed = Signal(str)

    def __init__(
        self, view: MapView, bridge: Bridge, frame: CityFrame, theme: Theme, cases: Store,
        parent: QObject, *, touch: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._view, self._bridge, self._frame = view, bridge, frame
        self._theme, self._cases = theme, cases
        self._tally: NDArray[np.int64] | None = None
        self._opened: frozenset[str] = frozenset()
        self.fill, self.hour = "cases", local(bridge.now_ms()).hour
        self.tree = LayerTree(theme, view, touch=touch)
        self._connect()
        self._later, self._soon = QTimer(self), QTimer(self)
        self._later.setInterval(_VALUES_MS)
        self._later.timeout.connect(self.renew_values)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SOON_MS)
        self._soon.timeout.connect(self.count)

    def _connect(self) -> None:
        tree = self.tree
        tree.switched.connect(self._on_switched)
        tree.opened.connect(self._on_opened)
        tree.slid.connect(self._on_slid)
        tree.pressed.connect(self._on_pressed)
        tree.only.connect(self._on_only)
        tree.without.connect(self._on_without)
        tree.searched.connect(self._on_searched)
        self._view.camera_changed.connect(self._on_camera)

    def turn(self) -> None:
        """Open or close the tree."""
        if not self.tree.leave():
            self.show()
            self.tree.open()
            self.count()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self.tree.set_theme(theme)
        self.renew_values()
        self.show()

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        self.tree.retranslate()
        self.show()

    def stop(self) -> None:
        """Let timers rest."""
        self._later.stop()
        self._soon.stop()

    # ---- what others ask --------------------------------------------------------------------

    def filter(self, want: NDArray[np.uint8], states: int) -> None:
        """Show only these classes, uint8 (256,), and states (bits) of parts."""
        self._view.wish(replace(self._view.wishes, want=want, states=states))
        self.filtered.emit(want, states)
        self.show()

    def filter_to(self, classes: frozenset[int] | None, states: frozenset[int] | None) -> None:
        """Show only what a link names; None for all."""
        want = np.ones(256, np.uint8)
        if classes is not None:
            want[:] = 0
            want[list(classes)] = 1
        bits = _EVERY_STATE if states is None else sum(1 << s for s in states)
        self.renew_values()
        self.filter(want, bits)

    def set_values(self, fill: str, hour: int | None) -> None:
        """Fill and warm by what a link names; what it does not name stays."""
        self.fill = fill or self.fill
        self.hour = self.hour if hour is None else hour
        self.renew_values()

    def fill_by(self, what: str) -> None:
        """Fill areas by `cases` or `signs`, and show it."""
        self.fill = what
        self._view.set_layer_visible("values", True)
        self.renew_values()
        self.show()

    def reset(self) -> None:
        """Show every layer and part as the program brings them."""
        self._view.wish(replace(self._view.wishes, layers=LAYERS))
        self.filter_to(None, None)

    def renew_values(self) -> None:
        """Bring what fills and warms up to date, where it is shown."""
        store, wishes = self._view.store, self._view.wishes
        on = {s.key for s in wishes.layers if s.visible}
        if store is None or not on & {"values", "heat"}:
            self._later.stop()
            return
        self._later.start()
        make = worst_signs if self.fill == "signs" else open_cases
        values = make(self._cases, store, self._theme) if "values" in on else wishes.values
        heat = heat_at(self._cases, self.hour, self._frame) if "heat" in on else wishes.heat
        self._view.wish(replace(wishes, values=values, heat=heat))

    def count(self) -> None:
        """Have the parts in sight counted for legend and filters."""
        store = self._view.store
        if store is not None:
            self._bridge.run(_InSight(store, self._view.camera), self._on_counted)

    # ---- what the tree says -------------------------------------------------------------

    def show(self) -> None:
        """Fill the tree anew."""
        view = self._view
        wishes, scale = view.wishes, view.camera.m_per_px
        facts = TreeFacts(
            wishes, scale, self._tally, view.look.family_colours(),
            tuple(self._theme.state(name).name() for name in STATE_INK), self._opened,
            self.tree.sought, self.fill, self.hour, self._legend(wishes, scale),
        )  # fmt: skip
        self.tree.show_rows(tree_rows(facts))

    def _legend(self, wishes: Wishes, scale: float) -> tuple[tuple[str, str, str], ...]:
        """Return the steps of the fill that are in sight now, with how many areas each."""
        values, store = wishes.values, self._view.store
        if values is None or store is None:
            return ()
        shapes = store.shapes["area"]
        rows = shapes.within(store.relative(self._view.camera.bounds()))
        rows = rows[shapes.kind[rows] == AREA_TIERS.index(tier_for(scale))]
        seen = values.by_row[rows]
        steps = np.digitize(seen[np.isfinite(seen)], np.array(values.limits))
        found = []
        for step, colour in enumerate(values.colours):
            n = int(np.count_nonzero(steps == step))
            if n and colour is not None:
                words = step_words(self.fill, step, values.limits)
                found.append((words, f"#{colour:06X}", f"{n:,}"))
        return tuple(found)

    # ---- what a person wants --------------------------------------------------------------

    def _on_switched(self, name: str, on: bool) -> None:
        kind, _, key = name.partition(":")
        wishes = self._view.wishes
        if kind == "layer":
            self._view.set_layer_visible(key, on)
            self.renew_values()
        elif kind == "fill":
            self.fill_by(key)
        elif kind in ("family", "class"):
            want = wishes.want.copy()
            want[self._members(kind, int(key))] = on
            self.filter(want, wishes.states)
        elif kind == "state":
            bit = 1 << int(key)
            self.filter(wishes.want, wishes.states | bit if on else wishes.states & ~bit)
        self.show()

    def _members(self, kind: str, number: int) -> NDArray[np.bool_]:
        """Return the classes that a row stands for, bool (256,)."""
        if kind == "family":
            return np.asarray(self._view.wishes.family == number)
        return np.asarray(np.arange(256) == number)

    def _on_only(self, name: str) -> None:
        self._narrow(name, only=True)

    def _on_without(self, name: str) -> None:
        self._narrow(name, only=False)

    def _narrow(self, name: str, *, only: bool) -> None:
        """Show only what a row stands for, or all but that; the other kind of filter stays."""
        kind, _, key = name.partition(":")
        wishes = self._view.wishes
        if kind == "state":
            bit = 1 << int(key)
            self.filter(wishes.want, bit if only else _EVERY_STATE & ~bit)
            return
        members = self._members(kind, int(key))
        self.filter((members if only else ~members).astype(np.uint8), wishes.states)

    def _on_opened(self, name: str, opened: bool) -> None:
        is_head = name.startswith(("group:", "filter:"))
        mark = f"shut:{name}" if is_head else name
        noted = not opened if is_head else opened
        self._opened = self._opened | {mark} if noted else self._opened - {mark}
        self.show()

    def _on_slid(self, name: str, low: float, high: float) -> None:
        kind, _, key = name.partition(":")
        wishes = self._view.wishes
        if kind == "hour":
            self.hour = round(high * 23)
            self.renew_values()
        elif kind == "opacity":
            layers = with_opacity(wishes.layers, key, round(opacity_of(high), 2))
            self._view.wish(replace(wishes, layers=layers))
        elif kind == "scales":
            layers = with_range(wishes.layers, key, *range_of(low, high))
            self._view.wish(replace(wishes, layers=layers))
        self.show()

    def _on_pressed(self, name: str) -> None:
        kind, _, key = name.partition(":")
        if name == "reset":
            self.reset()
        elif kind == "reset":
            wishes = self._view.wishes
            self._view.wish(replace(wishes, layers=as_usual(wishes.layers, key)))
            self.show()
        elif name == "unfilter":
            self.filter_to(None, None)
        else:
            self.pressed.emit(name)

    def _on_searched(self, _text: str) -> None:
        self.show()

    def _on_camera(self, _camera: Camera) -> None:
        if self.tree.isVisible():
            self._soon.start()

    def _on_counted(self, tally: NDArray[np.int64]) -> None:
        self._tally = tally
        if self.tree.isVisible():
            self.show()


def step_words(fill: str, step: int, limits: tuple[float, ...]) -> str:
    """Return what a step of the fill means, by the limits of all."""
    if fill == "signs":
        return tr(f"state.{('normal', 'attention', 'bad', 'critical')[step]}")
    least = int(np.ceil(limits[step - 1]))
    if step == len(limits):
        return tr("layer.from", n=least)
    most = int(np.ceil(limits[step])) - 1
    return str(least) if most <= least else f"{least} – {most}"


class _InSight:
    """Counts all parts in sight by class and state (pool thread)."""

    def __init__(self, store: CityStore, camera: Camera) -> None:
        self._store, self._camera = store, camera

    def __call__(self) -> NDArray[np.int64]:
        from app.engines.tiles_select import tally  # numba: not on the window's thread

        return tally(self._store, self._camera.bounds())
