"""What lies under one pixel: stacked parts, building, road, pipe and the chain of areas."""

from __future__ import annotations

import math
from dataclasses import dataclass
from uuid import UUID

import numpy as np
from numpy.typing import NDArray

from app.domain.camera import Bounds, Camera
from app.domain.map_columns import BUILDING_KINDS, PIPE_KINDS, ROAD_KINDS
from app.engines.citystore import CityStore, Shapes
from layers.look import Look
from widgets.map_picks import PART_REACH, PARTS_FROM, AreaPicked, area_holding

_MOST_PARTS = 40
_MOST_PIPES = 8
_LINE_REACH = 8.0  # pixels
_CELL = 256.0
_CHAIN = ("compound", "grid", "community", "street", "district")
_GRAIN = 1 / 128  # metres, of the ends of pipes


@dataclass(frozen=True)
class Found:
    """One thing under the pointer; place in local metres.

    `kind` is case, unit, part, address, building, road, pipe or area; `fid` is its row in map.gpkg,
    `cls` and `state` of parts, `detail` a word of the map's own (kind of road or pipe, tier),
    `size` millimetres of a pipe; `metres` is how far it is, NaN where that means nothing.
    """

    kind: str
    x: float
    y: float
    name: str = ""
    detail: str = ""
    fid: int = 0
    cls: int = 0
    state: int = 0
    size: int = 0
    uid: UUID | None = None
    area: AreaPicked | None = None
    metres: float = math.nan


def identify(
    store: CityStore, look: Look, camera: Camera, sx: float, sy: float
) -> tuple[Found, ...]:
    """Return what of the map's own lies under a pixel, the smallest things first."""
    x, y = camera.to_world(sx, sy)
    scale = camera.m_per_px
    near = PART_REACH * scale
    found: list[Found] = []
    if look.shows("parts", scale) and scale <= PARTS_FROM:
        found += parts_near(store, look, x, y, near)
    if look.shows("pipes", scale) and scale <= PARTS_FROM:
        found += _pipes(store, x, y, _LINE_REACH * scale)
    if look.shows("buildings", scale):
        found += _building(store, x, y)
    if look.shows("roads", scale):
        found += _road(store, x, y, _LINE_REACH * scale)
    return (*found, *areas_at(store, x, y))


def parts_near(
    store: CityStore, look: Look, x: float, y: float, radius: float, most: int = _MOST_PARTS
) -> list[Found]:
    """Return the shown parts within `radius` metres of (x, y), local metres, nearest first."""
    from app.engines.tiles_select import nearest_parts  # slow to import, loaded by the first tile

    parts = nearest_parts(store, x, y, radius, look.want, most=most, states=look.states)
    return [Found("part", p.x, p.y, fid=p.fid, cls=p.cls, state=p.state) for p in parts]


def areas_at(store: CityStore, x: float, y: float) -> list[Found]:
    """Return the chain of areas that holds a point, the smallest first."""
    chain = [area_holding(store, x, y, tier) for tier in _CHAIN]
    return [
        Found("area", x, y, name=area.name or area.code, detail=area.tier, fid=area.fid, area=area)
        for area in chain
        if area is not None
    ]


def _building(store: CityStore, x: float, y: float) -> list[Found]:
    shapes = store.shapes["building"]
    rx, ry = x - store.origin[0], y - store.origin[1]
    for row in shapes.within(Bounds(rx, ry, rx, ry)):
        if shapes.is_inside(int(row), rx, ry):
            kind = BUILDING_KINDS[min(int(shapes.kind[row]), len(BUILDING_KINDS) - 1)]
            name, fid = shapes.text("name", int(row)), int(shapes.fid[row])
            return [Found("building", x, y, name=name, detail=kind, fid=fid)]
    return []


def _road(store: CityStore, x: float, y: float, reach: float) -> list[Found]:
    shapes = store.shapes["road"]
    rx, ry = x - store.origin[0], y - store.origin[1]
    rows = shapes.within(Bounds(rx, ry, rx, ry).grown(reach))
    away = [(_away(shapes, int(row), rx, ry) - float(shapes.width[row]) / 2, row) for row in rows]
    away = [pair for pair in away if pair[0] <= reach]
    if not away:
        return []
    row = int(min(away)[1])
    kind = ROAD_KINDS[min(int(shapes.kind[row]), len(ROAD_KINDS) - 1)]
    return [Found("road", x, y, name=shapes.text("name", row), detail=kind,
                  fid=int(shapes.fid[row]))]  # fmt: skip


def _pipes(store: CityStore, x: float, y: float, reach: float) -> list[Found]:
    """Return the pipes within reach, nearest first; pieces lie in the cell of their middle."""
    pipes, index = store.pipes, store.pipes.index
    rx, ry = x - store.origin[0], y - store.origin[1]
    near: dict[int, tuple[float, int]] = {}  # by fid: how far, row of the piece
    i0, j0 = int(rx // _CELL), int(ry // _CELL)
    for j in range(max(j0 - 1, 0), min(j0 + 2, index.side)):
        for i in range(max(i0 - 1, 0), min(i0 + 2, index.side)):
            c = int(index.cell[j * index.side + i])
            if c < 0:
                continue
            rows = slice(int(index.start[c]), int(index.start[c]) + int(index.num[c]))
            middle = np.array([(i + 0.5) * _CELL, (j + 0.5) * _CELL])
            a = np.stack([pipes.ax[rows], pipes.ay[rows]], 1).astype(np.float64) * _GRAIN + middle
            b = np.stack([pipes.bx[rows], pipes.by[rows]], 1).astype(np.float64) * _GRAIN + middle
            away = _to_segments(a, b, rx, ry)
            for at in np.flatnonzero(away <= reach):
                row = rows.start + int(at)
                one = (float(away[at]), row)
                fid = int(pipes.fid[row])
                near[fid] = min(one, near.get(fid, one))
    found = []
    for _away_m, row in sorted(near.values())[:_MOST_PIPES]:
        kind = PIPE_KINDS[min(int(pipes.kind[row]), len(PIPE_KINDS) - 1)]
        fid, size = int(pipes.fid[row]), int(pipes.size[row])
        found.append(Found("pipe", x, y, detail=kind, fid=fid, size=size))
    return found


def _away(shapes: Shapes, row: int, x: float, y: float) -> float:
    lines = [line.astype(np.float64) for line in shapes.rings(row) if len(line) > 1]
    return min((float(_to_segments(p[:-1], p[1:], x, y).min()) for p in lines), default=np.inf)


def _to_segments(
    a: NDArray[np.float64], b: NDArray[np.float64], x: float, y: float
) -> NDArray[np.float64]:
    """Return how far (x, y) is from each segment, metres (n,)."""
    p, d = np.array([x, y]) - a, b - a
    long2 = np.maximum((d * d).sum(axis=1), 1e-12)
    share = np.clip((p * d).sum(axis=1) / long2, 0.0, 1.0)[:, None]
    return np.asarray(np.hypot(*(p - d * share).T))
