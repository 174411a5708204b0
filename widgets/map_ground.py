"""The map's ground: tiles in the right place, and something to see where one is not there yet.

A place without its tile shows the nearest other scale that covers it, else the stored overview,
so the map is never blank. Tiles are laid on whole physical pixels, so that they stay sharp.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

from PySide6.QtGui import QColor, QPainter

from app.domain.camera import Bounds, Camera
from app.engines.citystore import CityStore
from app.engines.tiles import Image, Submit, TileKey, TileService, keys_over
from layers.look import Look
from layers.see_through import SeeThroughPainter
from layers.tiles import TilePainter, draw_overview
from widgets.map_arrivals import Arrivals
from widgets.map_base import BaseUnder
from widgets.map_icons import PartIcons
from widgets.map_mosaic import Grid, lay_part, lay_whole
from widgets.map_wants import STILL, Course, is_large, scale_for, wanted

_COARSEST, _FINEST = 32.0, 1 / 2  # how far other scales may stand in
_BLEED = 1.0  # logical pixels beyond the view that rounding may show
_LANES, _LANES_MOVING = 2, 1  # tiles drawn at once; a moving map leaves a core to the window


@dataclass(frozen=True)
class Covered:
    """How a frame was filled: shares of its area (0 to 1).

    `missing` had no tile of the scale that was to be laid; of that, `parent` was filled from a
    coarser scale or the overview. `exact` says that the scale laid is the view's own.
    """

    missing: float
    parent: float
    exact: bool

    @property
    def is_sharp(self) -> bool:
        """Whether every tile in sight is there at the view's own scale."""
        return self.exact and self.missing == 0.0


class Ground:
    """Tiles of one store. Lives on the window's thread; `close` it before the pool ends."""

    def __init__(self, store: CityStore, look: Look, submit: Submit, arrivals: Arrivals) -> None:
        self._store = store
        self._submit = submit
        self._arrivals = arrivals
        self._numbers = itertools.count(1)
        self._looks: dict[int, Look] = {}
        self._number = 0
        self._overview: tuple[int, Image] | None = None
        self._tiles, self._bare = TilePainter(store), SeeThroughPainter(store)
        self._service = TileService(self._draw, submit, arrivals.tell_tile, lanes=_LANES)
        self._icons = PartIcons()
        self._base: BaseUnder | None = None
        self._through: frozenset[int] = frozenset()  # the looks whose tiles are seen through
        self.dress(look)

    @property
    def look(self) -> Look:
        """How it looks now."""
        return self._looks[self._number]

    @property
    def idle(self) -> bool:
        """Whether nothing is wanted or being drawn."""
        return self._service.idle

    def dress(self, look: Look) -> None:
        """Draw in another look from now on (theme, layers, classes, pixel ratio)."""
        self._number = next(self._numbers)
        self._looks = {n: old for n, old in self._looks.items() if n == self._number - 1}
        self._looks[self._number] = look
        through = {self._number} if self._base is not None else set()
        self._through = frozenset(through | (self._through & self._looks.keys()))
        self._submit(_Overview(self._store, look, self._number, self._arrivals))

    def lay_under(self, base: BaseUnder | None) -> None:
        """Lay a base map under all, or our own ground; tiles are drawn anew."""
        self._base = base
        self.dress(self.look)

    def take_overview(self, made: tuple[int, Image]) -> None:
        """Keep an overview that a pool thread has made, if it is of the present look."""
        if made[0] == self._number:
            self._overview = made

    def forget(self) -> None:
        """Drop all tiles."""
        self._service.forget()

    def close(self) -> None:
        """Take no more wishes."""
        self._service.close()

    def want(self, camera: Camera, course: Course = STILL) -> None:
        """Ask for the tiles of a view that stands or moves; earlier wishes are dropped."""
        self._service.lanes = _LANES_MOVING if course.moves else _LANES
        self._service.want(wanted(self._number, camera, course, self.look.dpr))
        if self._base is not None:
            self._base.want(course.goal or camera, self.look.dpr)

    def shows(self, key: TileKey, camera: Camera) -> bool:
        """Whether a tile of the present look may be seen in this view."""
        return key.look == self._number and key.bounds.meets(camera.bounds(_BLEED))

    def paint(self, painter: QPainter, camera: Camera, course: Course = STILL) -> Covered:
        """Lay the ground of one frame on a painter in logical pixels."""
        painter.save()
        try:
            if camera.is_upright:
                painter.scale(1 / self.look.dpr, 1 / self.look.dpr)
                covered = self._paint_flat(painter, camera, course)
            else:
                covered = self._paint_turned(painter, camera, course)
        finally:
            painter.restore()
        self._icons.paint(painter, self._store, self.look, camera)
        return covered

    def _paint_turned(self, painter: QPainter, camera: Camera, course: Course) -> Covered:
        """Lay the ground turned by the heading; pitch is drawn as if straight down."""
        dpr = self.look.dpr
        turn = math.radians(camera.heading)
        sin, cos = abs(math.sin(turn)), abs(math.cos(turn))
        wide = math.ceil(camera.width * cos + camera.height * sin)  # as `wanted` has it
        high = math.ceil(camera.width * sin + camera.height * cos)
        flat = replace(camera, heading=0.0, pitch=0.0, width=wide, height=high)
        painter.translate(camera.width / 2, camera.height / 2)
        painter.rotate(-camera.heading)
        painter.translate(-wide / 2, -high / 2)
        painter.scale(1 / dpr, 1 / dpr)
        return self._paint_flat(painter, flat, course, smooth=True)

    def _paint_flat(
        self, painter: QPainter, camera: Camera, course: Course, *, smooth: bool = False
    ) -> Covered:
        grid = Grid.of(camera, self.look.dpr)
        scale = scale_for(camera, course, self.look.dpr)
        smooth = smooth or not is_large(camera, self.look.dpr)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, smooth)
        if self._base is not None:
            painter.fillRect(0, 0, grid.width, grid.height, QColor(self.look.land))
            self._base.paint(painter, camera, grid, smooth=not course.moves)
        opaque = self._base is None
        absent: list[TileKey] = []
        for key in keys_over(self._number, scale, camera.bounds(_BLEED)):
            image = self._service.get(key)
            if image is None:
                absent.append(key)
            else:
                lay_whole(painter, image, grid.place_of(key), opaque=opaque)
        missing, parent = self._stand_in(painter, grid, scale, absent) if absent else (0.0, 0.0)
        return Covered(missing, parent, scale == grid.scale)

    def _stand_in(
        self, painter: QPainter, grid: Grid, scale: float, absent: list[TileKey]
    ) -> tuple[float, float]:
        """Fill places from the nearest scale that covers each, else from the overview.

        Returns the shares of the view that had no tile, and that coarser ones filled.
        """
        missing = parent = 0.0
        others = self._others(scale)
        for key in absent:
            share = grid.share_of(grid.place_of(key))
            missing += share
            if not self._lay_other(painter, grid, key, others):
                parent += share
        return missing, parent

    def _others(self, scale: float) -> list[float]:
        near = [
            s for s in self._service.scales(self._number)
            if s != scale and _FINEST <= s / scale <= _COARSEST
        ]  # fmt: skip
        return sorted(near, key=lambda s: abs(math.log2(s / scale)))

    def _lay_other(self, painter: QPainter, grid: Grid, key: TileKey, others: list[float]) -> bool:
        """Fill the place of a tile from other scales; returns whether from as fine a one."""
        box = key.bounds
        for scale in others:
            pieces = self._pieces(scale, box)
            if pieces is not None:
                opaque = self._base is None
                for piece, image in pieces:
                    lay_part(painter, image, piece.bounds, box, grid, opaque=opaque)
                return scale <= key.m_per_px
        if self._base is not None:
            return False
        painter.fillRect(grid.place_of(key), QColor(self.look.ground))
        if self._overview is not None:
            lay_part(painter, self._overview[1], self._store.overview_box, box, grid)
        return False

    def _pieces(self, scale: float, box: Bounds) -> list[tuple[TileKey, Image]] | None:
        inner = box.grown(-scale * 1e-3)
        pieces = []
        for key in keys_over(self._number, scale, inner):
            image = self._service.get(key)
            if image is None:
                return None
            pieces.append((key, image))
        return pieces

    def _draw(self, key: TileKey) -> Image:
        """Draw a tile (pool thread)."""
        look = self._looks.get(key.look, self.look)
        painter = self._bare if key.look in self._through else self._tiles
        return painter.draw(look, key)


class _Overview:
    """Makes the overview in a look (pool thread)."""

    def __init__(self, store: CityStore, look: Look, number: int, arrivals: Arrivals) -> None:
        self._store, self._look, self._number, self._arrivals = store, look, number, arrivals

    def __call__(self) -> None:
        self._arrivals.tell_overview(self._number, draw_overview(self._store, self._look))
