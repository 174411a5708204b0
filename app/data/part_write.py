"""Writes parts and grids as they are now into the rows of a map; twice is as good as once."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from app.data.map_news import WrittenShape, shapes_where
from app.data.part_hand import MapHand
from app.data.part_map_rows import CHANGED, RETIRED, attrs_of, clean, plain_attrs
from app.domain.areas import iso_ms
from app.domain.parts.grids import GRID, Cell
from app.domain.parts.record import ACCURACY_M, Part, is_day, is_text
from app.services.parts_views import MapDue

_PART_SET = (
    "code = :code, class = :cls, state = :state, grid_uid = :grid, source = :source, "
    "initial_date = :initial, accuracy = :accuracy, attrs = :attrs, sample = :sample"
)
_PART_NAMES = "code, class, state, grid_uid, source, initial_date, accuracy, attrs, sample, uid"
_PART_VALUES = ":code, :cls, :state, :grid, :source, :initial, :accuracy, :attrs, :sample, :uid"
_OLD_PART = "SELECT fid, source, initial_date, accuracy, attrs FROM part WHERE uid = :uid"
_WIDER = 1e-3  # degrees around a cell in which its parts and places are looked for


@dataclass(frozen=True)
class Written:
    """A row of a part as it is in the map now: degrees WGS 84; or that it is gone."""

    fid: int
    uid: UUID
    lon: float
    lat: float
    cls: int
    state: int
    gone: bool


def write_due(hand: MapHand, due: MapDue) -> tuple[tuple[Written, ...], tuple[WrittenShape, ...]]:
    """Write cells, then parts; returns the rows of both. Part of the hand's transaction."""
    shapes: tuple[WrittenShape, ...] = ()
    if due.cells:
        shapes = _write_cells(hand, due.cells)
        hand.touch("area")
    rows = tuple(row for part in due.parts if (row := _write_part(hand, part)) is not None)
    if rows:
        hand.touch("part")
    return rows, shapes


def _write_part(hand: MapHand, part: Part) -> Written | None:
    old = hand.ask(_OLD_PART, uid=part.uid.bytes)
    if part.gone:
        if not old:
            return None
        hand.ask("DELETE FROM part WHERE fid = :fid", fid=old[0][0])
        return _written(int(old[0][0]), part)
    source, initial, accuracy, attrs = old[0][1:] if old else ("", "", "", None)
    grid = _grid_of(hand, part)
    values = {
        "uid": part.uid.bytes, "code": part.code, "cls": part.cls, "state": part.state,
        "grid": grid, "sample": int(part.sample), "attrs": _attrs_text(part, attrs),
        "source": part.source or _odd(source, clean(source, is_text)),
        "initial": part.initial_date or _odd(initial, clean(initial, is_day)),
        "accuracy": part.accuracy or _odd(accuracy, accuracy if accuracy in ACCURACY_M else ""),
        "geom": hand.value(bytes(shapely.to_wkb(shapely.Point(part.lon, part.lat)))),
    }  # fmt: skip
    if old:
        hand.ask(f"UPDATE part SET {_PART_SET}, geom = {hand.geom_value} WHERE uid = :uid",
                 **values)  # fmt: skip
        return _written(int(old[0][0]), part)
    rows = hand.ask(
        f"INSERT INTO part ({_PART_NAMES}, geom) VALUES ({_PART_VALUES}, {hand.geom_value}) "
        "RETURNING fid", **values,
    )  # fmt: skip
    return _written(int(rows[0][0]), part)


def _written(fid: int, part: Part) -> Written:
    return Written(fid, part.uid, part.lon, part.lat, part.cls, part.state, part.gone)


def _odd(stored: str | None, good: str) -> str:
    """Return what a row holds if it is of no form that a person could have changed."""
    return stored or "" if stored and not good else ""


def _attrs_text(part: Part, stored: str | None) -> str | None:
    """Return attributes for the row; those of a kind that nobody can change here stay."""
    raw = attrs_of(stored)
    plain = plain_attrs(raw)
    kept = {name: value for name, value in raw.items() if name not in plain}
    same = {name: raw[name] for name in plain if part.attrs.get(name) == plain[name]}
    made = {**kept, **part.attrs, **same}
    made.pop(CHANGED, None)
    made.pop(RETIRED, None)
    if part.changed_date:
        made[CHANGED] = part.changed_date
    if part.retired:
        made[RETIRED] = True
    return json.dumps(made, ensure_ascii=False, sort_keys=True) if made else None


def _grid_of(hand: MapHand, part: Part) -> bytes | None:
    """Return the part's grid if it is valid still, else the valid one that holds its place."""
    if part.grid is not None:
        uid = part.grid.bytes
        if hand.ask("SELECT 1 FROM area WHERE uid = :uid AND valid_to IS NULL", uid=uid):
            return uid
    x, y = part.lon, part.lat
    rows = hand.ask(
        f"SELECT uid, {hand.shape_sql} FROM area WHERE tier = 'grid' AND valid_to IS NULL "
        f"AND {hand.near('area')} ORDER BY code", x0=x, y0=y, x1=x, y1=y,
    )  # fmt: skip
    point = shapely.Point(x, y)
    return next((bytes(uid) for uid, geom in rows if hand.shape(geom).intersects(point)), None)


def _write_cells(hand: MapHand, cells: Sequence[Cell]) -> tuple[WrittenShape, ...]:
    written = [_write_cell(hand, cell) for cell in cells]
    cells = [one for one in cells if one.tier == GRID]
    valid = [one for one in cells if one.to_ms is None and not one.is_void]
    valid.sort(key=lambda one: one.code)  # on an edge the smallest code counts
    shapes = [shapely.from_wkb(one.wkb) for one in valid]
    known = {one.uid.bytes for one in cells}
    for layer in ("part", "place"):
        _rehome(hand, layer, [one.uid.bytes for one in valid], shapes, known)
    return tuple(one for some in written for one in some)


def _write_cell(hand: MapHand, cell: Cell) -> tuple[WrittenShape, ...]:
    uid = cell.uid.bytes
    if cell.is_void:
        rows = hand.ask("SELECT fid FROM area WHERE uid = :uid", uid=uid)
        hand.ask("DELETE FROM area WHERE uid = :uid", uid=uid)
        return tuple(WrittenShape("area", int(row[0]), gone=True) for row in rows)
    until = None if cell.to_ms is None else iso_ms(cell.to_ms)
    if hand.ask("SELECT 1 FROM area WHERE uid = :uid", uid=uid):
        hand.ask(f"UPDATE area SET code = :code, valid_to = :until, geom = {hand.geom_value} "
                 "WHERE uid = :uid", code=cell.code, until=until, uid=uid,
                 geom=hand.value(cell.wkb))  # fmt: skip
        return shapes_where(hand, "area", "uid = :uid", uid=uid)
    hand.ask(
        "INSERT INTO area (uid, tier, code, name, name_en, parent_uid, valid_from, valid_to, "
        "platform, sample, geom) VALUES (:uid, :tier, :code, :name, '', :parent, :since, :until, "
        f"0, :sample, {hand.geom_value})",
        uid=uid, tier=cell.tier, code=cell.code, name=cell.name, since=cell.since, until=until,
        parent=cell.parent.bytes if cell.parent else None, sample=int(cell.sample),
        geom=hand.value(cell.wkb),
    )  # fmt: skip
    return shapes_where(hand, "area", "uid = :uid", uid=uid)


def _rehome(
    hand: MapHand,
    layer: str,
    uids: Sequence[bytes],
    shapes: Sequence[BaseGeometry],
    known: Iterable[bytes],
) -> None:
    """Give rows of a layer that lie in changed cells the one that holds them now."""
    changed = set(known)
    for at, shape in enumerate(shapes):
        x0, y0, x1, y1 = shape.bounds
        rows = hand.ask(
            f"SELECT fid, grid_uid, {hand.shape_sql} FROM {layer} WHERE {hand.near(layer)}",
            x0=x0 - _WIDER, y0=y0 - _WIDER, x1=x1 + _WIDER, y1=y1 + _WIDER,
        )  # fmt: skip
        mine = [row for row in rows if row[1] is None or bytes(row[1]) in changed]
        if not mine:
            continue
        shapely.prepare(shape)
        points = np.array([hand.shape(row[2]) for row in mine], dtype=object)
        inside = shapely.intersects(shape, points)
        first = [not any(shapes[i].intersects(one) for i in range(at)) for one in points]
        for row, holds, is_first in zip(mine, inside.tolist(), first, strict=True):
            if holds and is_first and (row[1] is None or bytes(row[1]) != uids[at]):
                hand.ask(f"UPDATE {layer} SET grid_uid = :grid WHERE fid = :fid",
                         grid=uids[at], fid=row[0])  # fmt: skip
