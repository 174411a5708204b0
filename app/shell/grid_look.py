"""Splitting and merging grids 单元网格 on the map: draw the cut or choose cells, see, confirm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from app.domain.errors import AppError
from app.domain.geodesy import CityFrame
from app.domain.parts.grids import Cell
from app.services.changes import Changes
from app.services.commands import MergeGrids, SplitGrid, UndoGrids
from app.services.parts import check_right
from app.services.parts_asking import FindGrid, PlanMerge, PlanSplit
from app.services.parts_views import MergePlan
from app.services.questions import Locate
from app.shell.bridge import Bridge
from app.shell.session import Session
from app.shell.stage import Stage
from widgets.crosshair import Crosshair, Place
from widgets.i18n import tr

_HECTARE = 10_000.0


class GridLook(QObject):
    """One split or merge at a time. `told` carries words of news, `failed` an error.

    Split: corners of the cut (click or Space), Enter to see what it makes, Enter again to do it.
    Merge: cells (click or Space; again takes one out), Enter to see, Enter again to do it.
    """

    told = Signal(str)
    failed = Signal(object)

    def __init__(self, bridge: Bridge, session: Session, stage: Stage) -> None:
        super().__init__(stage)
        self._bridge, self._session, self._stage = bridge, session, stage
        facts = bridge.core.facts
        self._frame = CityFrame(facts.lon0, facts.lat0)
        self.cross = Crosshair(self, lambda: stage.view.camera.m_per_px)
        self._doing = ""  # split | merge
        self._cells: list[Cell] = []
        self._ready: SplitGrid | MergeGrids | None = None
        self.cross.changed.connect(stage.widget.update)
        self.cross.added.connect(self._on_added)
        self.cross.taken_back.connect(self._on_taken_back)
        self.cross.ended.connect(self._on_ended)
        self.cross.cancelled.connect(self.leave)

    def split(self) -> None:
        """Begin to draw a cut."""
        self._begin("split")

    def merge(self) -> None:
        """Begin to choose cells."""
        self._begin("merge")

    def undo(self) -> None:
        """Take back the last split or merge."""
        if self._is_open():
            command = UndoGrids(self._session.actor)
            self._bridge.submit(command, self._on_done, self.failed.emit)

    def leave(self) -> bool:
        """Put the cross away; returns whether it was out."""
        was, self._doing = bool(self._doing), ""
        if was:
            self._stage.view.take_tool(None)
        self._cells, self._ready = [], None
        return was

    def _is_open(self) -> bool:
        try:
            check_right(self._session.actor, "grids")
        except AppError as error:
            self.failed.emit(error)
            return False
        return True

    def _begin(self, what: str) -> None:
        if not self._is_open():
            return
        self.leave()
        self._doing = what
        camera = self._stage.view.camera
        self.cross.begin((camera.x, camera.y))
        self._stage.view.take_tool(self.cross)
        self.told.emit(tr(f"grid.{what}_how"))

    # ---- while it is drawn ---------------------------------------------------------------

    def _on_added(self, at: Place) -> None:
        self._ready = None
        if self._doing == "split":
            self.cross.show_shapes(())
            self.cross.line.append(at)
        elif self._doing == "merge":
            self._bridge.ask(Locate(*self._lonlat(at)), self._on_located, self.failed.emit)

    def _on_located(self, where: Any) -> None:
        if where.grid is not None and self._doing == "merge":
            question = FindGrid(str(where.grid.uid))
            self._bridge.ask(question, self._on_cell, self.failed.emit)

    def _on_cell(self, cell: Cell) -> None:
        uids = [one.uid for one in self._cells]
        if cell.uid in uids:
            del self._cells[uids.index(cell.uid)]
        else:
            self._cells.append(cell)
        self._show([one.wkb for one in self._cells])
        self.told.emit(tr("grid.chosen", codes="  ".join(one.code for one in self._cells)))

    def _on_taken_back(self) -> None:
        self._ready = None
        if self._doing == "split" and self.cross.line:
            self.cross.line.pop()
        elif self._cells:
            self._cells.pop()
            self._show([one.wkb for one in self._cells])

    def _on_ended(self, _at: Place) -> None:
        if self._ready is not None:
            self._bridge.submit(self._ready, self._on_done, self.failed.emit)
            self.leave()
        elif self._doing == "split":
            self._plan_split()
        elif self._doing == "merge":
            grids = tuple(one.uid for one in self._cells)
            plan = PlanMerge(grids, grids[0] if grids else None)
            self._bridge.ask(plan, self._on_merge_planned, self.failed.emit)

    def _plan_split(self) -> None:
        line = self.cross.line
        if len(line) < 2:
            self.told.emit(tr("grid.split_how"))
            return
        middle = shapely.LineString(line).interpolate(0.5, normalized=True)
        where = Locate(*self._lonlat((middle.x, middle.y)))
        self._bridge.ask(where, self._on_cut_located, self.failed.emit)

    def _on_cut_located(self, where: Any) -> None:
        if where.grid is None:
            self.told.emit(tr("grid.none"))
            return
        line = tuple(self._lonlat(place) for place in self.cross.line)
        self._ready = SplitGrid(self._session.actor, where.grid.uid, line)
        self._bridge.ask(PlanSplit(where.grid.uid, line), self._on_planned, self._on_no_plan)

    def _on_planned(self, pieces: tuple[bytes, ...]) -> None:
        areas = self._show(pieces)
        self.told.emit(tr("grid.split_plan", n=len(pieces), areas=" + ".join(areas)))

    def _on_merge_planned(self, plan: MergePlan) -> None:
        """Show what would be; the duty grid of the grid picked first takes it."""
        grids = tuple(one.uid for one in self._cells)
        self._ready = MergeGrids(self._session.actor, grids, duty=grids[0])
        areas = self._show([plan.wkb])
        words = tr("grid.merge_plan", n=len(grids), areas=areas[0])
        if plan.taker is not None:
            givers = "  ".join(one.code for one in plan.givers)
            words += "  ·  " + tr("grid.merge_duty", taker=plan.taker.code, givers=givers)
        self.told.emit(words)

    def _on_no_plan(self, error: BaseException) -> None:
        self._ready = None
        self.failed.emit(error)

    def _on_done(self, changes: Changes) -> None:
        _kind, *codes = changes.notes[0].split(" ")
        self.told.emit(tr("grid.done", codes=" ".join(codes).replace(">", "→")))

    # ---- shapes --------------------------------------------------------------------------

    def _show(self, wkbs: Sequence[bytes]) -> list[str]:
        """Show shapes as a preview; returns their areas in words."""
        rings: list[NDArray[np.float64]] = []
        areas = []
        for shape in shapely.from_wkb(list(wkbs)):
            total = 0.0
            for polygon in shapely.get_parts(shape):
                ring = shapely.get_coordinates(shapely.get_exterior_ring(polygon))
                x, y = self._frame.to_xy(ring[:, 0], ring[:, 1])
                rings.append(np.column_stack([x, y]))
                total += shapely.Polygon(rings[-1]).area
            areas.append(f"{total / _HECTARE:,.2f} ha")
        self.cross.show_shapes(rings)
        return areas

    def _lonlat(self, at: Place) -> tuple[float, float]:
        lon, lat = self._frame.to_lonlat(*at)
        return float(lon), float(lat)
