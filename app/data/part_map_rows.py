"""What the rows of a map say of parts and grids."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from uuid import UUID

import shapely

from app.data.part_hand import MapHand
from app.data.readers.classes import class_codes
from app.domain.cases import E7
from app.domain.codes import PartLayout
from app.domain.parts.grids import DUTY_GRID, GRID, Cell
from app.domain.parts.record import Part, is_code, is_day, is_name, is_text

CHANGED, RETIRED = "change_date", "retired"
_PART = "uid, code, class, state, grid_uid, source, initial_date, accuracy, attrs, sample"
_SOME = 200


def find_part(hand: MapHand, uid: UUID) -> Part | None:
    """Return a part of the map."""
    rows = hand.ask(f"SELECT {_PART}, {hand.shape_sql} FROM part WHERE uid = :uid", uid=uid.bytes)
    if not rows:
        return None
    _uid, code, cls, state, grid, source, initial, accuracy, attrs, sample, geom = rows[0]
    point = hand.shape(geom)
    raw = attrs_of(attrs)
    return Part(
        uid, clean(code, is_code), int(cls or 0), int(state or 0),
        round(float(shapely.get_x(point)) * E7), round(float(shapely.get_y(point)) * E7),
        UUID(bytes=bytes(grid)) if grid else None, clean(source, is_text),
        accuracy if accuracy in ("A", "B", "C") else "", clean(initial, is_day),
        clean(raw.get(CHANGED), is_day), plain_attrs(raw), bool(sample), raw.get(RETIRED) is True,
    )  # fmt: skip


def attrs_of(text: str | None) -> dict[str, Any]:
    """Return the attributes in a row; none if they cannot be read."""
    try:
        raw = json.loads(text or "{}")
    except ValueError:
        return {}
    return raw if isinstance(raw, dict) else {}


def plain_attrs(raw: Mapping[str, Any]) -> dict[str, str]:
    """Return the attributes that a person may change: short texts and numbers, as text."""
    return {
        name: str(value)
        for name, value in raw.items()
        if name not in (CHANGED, RETIRED) and is_name(name) and is_plain(value)
    }


def is_plain(value: object) -> bool:
    """Tell whether an attribute's value can be told and changed as one short text."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return False
    return bool(str(value)) and is_text(str(value))


def clean(value: Any, is_good: Any) -> str:
    """Return a text of a row, empty if it is none of that form."""
    return value if isinstance(value, str) and is_good(value) else ""


def find_fid(hand: MapHand, uid: UUID) -> int | None:
    """Return the row of a part."""
    rows = hand.ask("SELECT fid FROM part WHERE uid = :uid", uid=uid.bytes)
    return int(rows[0][0]) if rows else None


def find_uid(hand: MapHand, fid: int) -> UUID | None:
    """Return the part in a row."""
    rows = hand.ask("SELECT uid FROM part WHERE fid = :fid", fid=fid)
    return UUID(bytes=bytes(rows[0][0])) if rows else None


def find_of_code(hand: MapHand, code: str) -> list[UUID]:
    """Return the parts with a code."""
    rows = hand.ask("SELECT uid FROM part WHERE code = :code", code=code)
    return [UUID(bytes=bytes(row[0])) for row in rows]


def greatest_code(hand: MapHand, layer: str, prefix: str) -> str:
    """Return the largest code of a layer that begins so, empty if there is none."""
    rows = hand.ask(
        f"SELECT code FROM {layer} WHERE {hand.begins()} "
        "ORDER BY code DESC LIMIT 1",
        low=prefix, high=prefix + ":",
    )  # fmt: skip
    return str(rows[0][0]) if rows else ""


def layout_of(hand: MapHand) -> PartLayout:
    """Return the layout in which the codes of the map's parts are written.

    It was declared when they came in, and their class was read by it; so code and class of a few
    rows tell. A map without parts yet takes the shorter minor class.
    """
    codes = class_codes()
    rows = hand.ask(f"SELECT class, code FROM part LIMIT {_SOME}")
    told = [(codes[int(cls)], code) for cls, code in rows if cls in codes and code]
    for layout in PartLayout:
        width = layout.widths[2]
        wanted = [code[6:8] + code[8 : 8 + width].lstrip("0").zfill(2) for _, code in told]
        if all(cls == cut for (cls, _), cut in zip(told, wanted, strict=True)):
            return layout
    return PartLayout.SHORT_MINOR


def find_grids(hand: MapHand, code: str) -> list[UUID]:
    """Return the valid grids with a code."""
    rows = hand.ask(
        "SELECT uid FROM area WHERE code = :code AND tier = 'grid' AND valid_to IS NULL", code=code
    )
    return [UUID(bytes=bytes(row[0])) for row in rows]


def find_cell(hand: MapHand, uid: UUID) -> Cell | None:
    """Return a grid or duty grid with its shape."""
    rows = hand.ask(
        "SELECT code, name, parent_uid, valid_from, valid_to, sample, tier, "
        f"{hand.shape_sql} FROM area WHERE uid = :uid", uid=uid.bytes,
    )  # fmt: skip
    if not rows or rows[0][6] not in (GRID, DUTY_GRID):
        return None
    code, name, parent, since, until, sample, tier, geom = rows[0]
    return Cell(
        uid, code or "", name or "", UUID(bytes=bytes(parent)) if parent else None,
        bytes(shapely.to_wkb(hand.shape(geom), byte_order=1)), since or "", bool(sample),
        None if until is None else 0, tier=tier,
    )  # fmt: skip


def find_duty_grid(hand: MapHand, uid: UUID) -> UUID | None:
    """Return the duty grid that holds the middle of a grid."""
    cell = find_cell(hand, uid)
    if cell is None:
        return None
    inside = shapely.point_on_surface(shapely.from_wkb(cell.wkb))
    x, y = float(inside.x), float(inside.y)
    rows = hand.ask(
        f"SELECT uid, {hand.shape_sql} FROM area WHERE tier = 'duty_grid' AND valid_to IS NULL "
        f"AND {hand.near('area')} ORDER BY code", x0=x, y0=y, x1=x, y1=y,
    )  # fmt: skip
    for found, geom in rows:
        if hand.shape(geom).intersects(inside):
            return UUID(bytes=bytes(found))
    return None
