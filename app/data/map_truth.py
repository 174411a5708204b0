"""Holds the rows of a map to what the log says of parts and grids: a part of `city check`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, replace

import shapely

from app.data.city import SqlCity
from app.data.part_hand import MapHand
from app.data.part_map_rows import find_cell, find_part
from app.domain.parts.grids import Cell
from app.domain.parts.record import Part

_FIRST = 200  # rows that are told one by one


def rows_that_differ(city: SqlCity) -> list[tuple[str, str]]:
    """Return code and fault of each row that is not what signed actions made of it.

    What the map has still to take is passed over, and so is a part's grid, which follows from
    where it lies. Raises `StorageFailure` if the map cannot be read.
    """
    with city.begin(write=False) as uow:
        own, newest = uow.parts.journal()
        if not newest:
            return []
        due = uow.parts.due(0)
        with city.edits.reading() as hand:
            journal, number = hand.taken()
            late = uow.parts.due(number if journal == own else 0)
            waiting = {one.uid for one in late.parts} | {one.uid for one in late.cells}
            found = [
                *(_part_fault(hand, one) for one in due.parts if one.uid not in waiting),
                *(_cell_fault(hand, one) for one in due.cells if one.uid not in waiting),
            ]
    return list(_told([one for one in found if one is not None]))


def _told(found: list[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    yield from found[:_FIRST]
    if len(found) > _FIRST:
        yield "", f"{len(found) - _FIRST} further rows of the map differ from the log"


def _part_fault(hand: MapHand, part: Part) -> tuple[str, str] | None:
    row = find_part(hand, part.uid)
    if part.gone:
        return (part.code, "the map still has a part that was taken out") if row else None
    if row is None:
        return part.code, "the map lacks a part that was added or changed"
    row = replace(row, grid=part.grid)
    wrong = [one.name for one in fields(Part) if getattr(row, one.name) != getattr(part, one.name)]
    return (part.code, f"the map differs from the log in {', '.join(wrong)}") if wrong else None


def _cell_fault(hand: MapHand, cell: Cell) -> tuple[str, str] | None:
    row = find_cell(hand, cell.uid)
    if cell.is_void:
        return (cell.code, "the map has a grid that does not count") if row else None
    if row is None:
        return cell.code, "the map lacks a grid that was split or merged"
    wrong = [
        name for name in ("code", "parent", "tier") if getattr(row, name) != getattr(cell, name)
    ]
    if (row.to_ms is None) != (cell.to_ms is None):
        wrong.append("valid_to")
    if not shapely.equals_exact(shapely.from_wkb(row.wkb), shapely.from_wkb(cell.wkb), 0.0):
        wrong.append("geom")
    return (cell.code, f"the map differs from the log in {', '.join(wrong)}") if wrong else None
