"""The map's ground: tiles in the right place, and something to see where one is not there yet.

A place without its tile shows the nearest other scale that covers it, else the stored overview,
so the map is never blank. Tiles are laid on whole physical pixels, so that they stay sharp.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, QPointF, QRect, QRectF, Signal
from PySide6.QtGui import QColor, QImage, QPainter

from app.domain.camera import Bounds, Camera
from app.engines.citystore import CityStore
from app.engines.tiles import SIDE, Image, Submit, TileKey, TileService, keys_over
from layers.look import Look
from layers.tiles import draw_overview, draw_tile
from widgets.map_icons import PartIcons

_COARSEST, _FINEST = 16.0, 1 / 8  # how far other scales may stand in


class Arrivals(QObject):
    """Carries what pool threads have made to the window's thread.

    Without a Qt parent: jobs that still run when the map goes hold it, by its methods.
    """

    tile_arrived = Signal(object)
    overview_arrived = Signal(object)
    count_arrived = Signal(object)

    def tell_tile(self, key: TileKey) -> None:
        """Say that a tile is there (any thread)."""
        self.tile_arrived.emit(key)

    def tell_overview(self, number: int, image: Image) -> None:
        """Hand over an overview in look `number` (any thread)."""
        self.overview_arrived.emit((number, image))

    def tell_count(self, serial: int, parts: int) -> None:
        """Hand over a count (any thread)."""
        self.count_arrived.emit((serial, parts))


@dataclass(frozen=True)
class Covered:
    """How a frame was filled: tiles in sight, how many were sharp."""

    tiles: int
    sharp: int

    @property
    def is_sharp(self) -> bool:
        """Whether every tile in sight is there at the right scale."""
        return self.tiles == self.sharp


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
        self._service = TileService(self._draw, submit, arrivals.tell_tile)
        self._icons = PartIcons()
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
        self._submit(_Overview(self._store, look, self._number, self._arrivals))

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

    def want(self, camera: Camera, margin_px: float = 0.0) -> None:
        """Ask for the tiles in sight of `camera`; wishes for other views are dropped."""
        self._service.want(keys_over(self._number, self._scale(camera), camera.bounds(margin_px)))

    def place_of(self, key: TileKey, camera: Camera) -> QRect:
        """Return where a tile lies, logical pixels; all of the view if it may show elsewhere."""
        scale, dpr = self._scale(camera), self.look.dpr
        if not camera.is_upright or key.m_per_px != scale or key.look != self._number:
            return QRect(0, 0, camera.width, camera.height)
        left, top = self._corner(camera)
        x, y = (key.col * SIDE - left) / dpr, (-(key.row + 1) * SIDE - top) / dpr
        side = math.ceil(SIDE / dpr) + 2
        return QRect(math.floor(x) - 1, math.floor(y) - 1, side, side)

    def _corner(self, camera: Camera) -> tuple[int, int]:
        """Return the north west corner of the view in whole physical pixels from (0, 0)."""
        scale, dpr = self._scale(camera), self.look.dpr
        return (
            round(camera.x / scale - camera.width * dpr / 2),
            round(-camera.y / scale - camera.height * dpr / 2),
        )

    def paint(self, painter: QPainter, camera: Camera) -> Covered:
        """Lay the ground of one frame on a painter in logical pixels."""
        painter.fillRect(QRect(0, 0, camera.width, camera.height), QColor(self.look.ground))
        painter.save()
        try:
            if camera.is_upright:
                dpr = self.look.dpr
                painter.scale(1 / dpr, 1 / dpr)
                covered = self._paint_flat(painter, camera)
            else:
                covered = self._paint_turned(painter, camera)
        finally:
            painter.restore()
        self._icons.paint(painter, self._store, self.look, camera)
        return covered

    def _paint_turned(self, painter: QPainter, camera: Camera) -> Covered:
        """Lay the ground turned by the heading; pitch is drawn as if straight down."""
        dpr = self.look.dpr
        side = math.ceil(math.hypot(camera.width, camera.height))
        flat = replace(camera, heading=0.0, pitch=0.0, width=side, height=side)
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        painter.translate(camera.width / 2, camera.height / 2)
        painter.rotate(-camera.heading)
        painter.translate(-side / 2, -side / 2)
        painter.scale(1 / dpr, 1 / dpr)
        return self._paint_flat(painter, flat)

    def _paint_flat(self, painter: QPainter, camera: Camera) -> Covered:
        scale = self._scale(camera)
        left, top = self._corner(camera)
        keys = keys_over(self._number, scale, camera.bounds(1.0))
        others = self._others(scale)
        sharp = 0
        for key in keys:
            place = QRect(key.col * SIDE - left, -(key.row + 1) * SIDE - top, SIDE, SIDE)
            image = self._service.get(key)
            if image is not None:
                sharp += 1
                painter.drawImage(place.topLeft(), as_qimage(image))
            else:
                self._stand_in(painter, key, place, others)
        return Covered(len(keys), sharp)

    def _others(self, scale: float) -> list[float]:
        near = [
            s for s in self._service.scales(self._number)
            if s != scale and _FINEST <= s / scale <= _COARSEST
        ]  # fmt: skip
        return sorted(near, key=lambda s: abs(math.log2(s / scale)))

    def _stand_in(self, painter: QPainter, key: TileKey, place: QRect, others: list[float]) -> None:
        """Fill a tile's place from the nearest scale that covers all of it, else the overview."""
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
        box = key.bounds
        for scale in others:
            pieces = self._pieces(scale, box)
            if pieces is not None:
                for piece, image in pieces:
                    _lay(painter, image, piece.bounds, box, place)
                return
        if self._overview is not None:
            _lay(painter, self._overview[1], self._store.overview_box, box, place)

    def _pieces(self, scale: float, box: Bounds) -> list[tuple[TileKey, Image]] | None:
        inner = box.grown(-scale * 1e-3)
        pieces = []
        for key in keys_over(self._number, scale, inner):
            image = self._service.get(key)
            if image is None:
                return None
            pieces.append((key, image))
        return pieces

    def _scale(self, camera: Camera) -> float:
        """Metres a physical pixel."""
        return camera.m_per_px / self.look.dpr

    def _draw(self, key: TileKey) -> Image:
        """Draw a tile (pool thread)."""
        look = self._looks.get(key.look)
        return draw_tile(self._store, look if look is not None else self.look, key)


class _Overview:
    """Makes the overview in a look (pool thread)."""

    def __init__(self, store: CityStore, look: Look, number: int, arrivals: Arrivals) -> None:
        self._store, self._look, self._number, self._arrivals = store, look, number, arrivals

    def __call__(self) -> None:
        self._arrivals.tell_overview(self._number, draw_overview(self._store, self._look))


def as_qimage(image: Image) -> QImage:
    """Wrap an image without copying; it must outlive the wrapper."""
    h, w = image.shape
    return QImage(image.data, w, h, w * 4, QImage.Format.Format_RGB32)


def _lay(painter: QPainter, image: Image, has: Bounds, box: Bounds, place: QRect) -> None:
    """Lay the part of `image` (which shows `has`) that lies in `box` where `box` is on screen."""
    x0, x1 = max(box.x0, has.x0), min(box.x1, has.x1)
    y0, y1 = max(box.y0, has.y0), min(box.y1, has.y1)
    if x0 >= x1 or y0 >= y1:
        return
    unit = place.width() / box.width
    # whole pixels on the screen, so that neighbours meet without a seam; the source follows
    left, right = (round(place.x() + (x - box.x0) * unit) for x in (x0, x1))
    top, low = (round(place.y() + (box.y1 - y) * unit) for y in (y1, y0))
    if right <= left or low <= top:
        return
    h, w = image.shape
    target = QRectF(left, top, right - left, low - top)
    source = QRectF(
        QPointF((x0 - has.x0) / has.width * w, (has.y1 - y1) / has.height * h),
        QPointF((x1 - has.x0) / has.width * w, (has.y1 - y0) / has.height * h),
    )
    painter.drawImage(target, as_qimage(image), source)
