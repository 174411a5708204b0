"""Between `CaseRow` and its table: columns, ranks, cells, joins."""

from __future__ import annotations

import math
from typing import Any
from uuid import UUID

from sqlalchemy import Row, Select, func, select

from app.data.tables import case_row, person, secret, unit
from app.domain.cases import CaseState
from app.services.changes import CaseRow, one_line

NEVER = 1 << 62  # stands for "no deadline" where rows are sorted by deadline
CELLS = 400  # cells to a degree: about 280 m north to south, 240 m across at Shanghai
CELL_ROW = 1 << 20
SENT_BACK, URGENT, TO_DISPATCH, URGENT_ELSEWHERE, ELSEWHERE, DONE = range(6)  # ranks
_WAITING_PHASES = ("intake", "dispatch")

_words = secret.alias("words")
_address = secret.alias("address")
_c = case_row.c

# In the order of CaseRow's fields, so that a row is made by position.
COLUMNS = (
    _c.uid,
    _c.receipt,
    _c.number,
    _c.step,
    _c.matter,
    _c.matter_name,
    func.coalesce(_words.c.value, ""),
    func.coalesce(_address.c.value, ""),
    _c.lon,
    _c.lat,
    _c.grid,
    _c.grid_code,
    _c.street,
    _c.district,
    _c.unit,
    func.coalesce(unit.c.name, ""),
    _c.person,
    func.coalesce(person.c.name, ""),
    _c.source,
    _c.reported_ms,
    _c.due_ms,
    _c.due_clock,
    _c.returned,
    _c.reworked,
    _c.auto,
    _c.urgent,
    _c.is_open,
    _c.changed_ms,
    _c.closed_ms,
    _c.sample,
    _c.confidence,
    _c.master,
    _c.confirmed_ms,
)
_TITLE = 6
EXTRA = (_c.id, _c.rank, _c.due_key)


def joined() -> Select[Any]:
    """Return the select of whole rows, with names and personal words joined, and `EXTRA`."""
    return select(*COLUMNS, *EXTRA).select_from(
        case_row.outerjoin(unit, unit.c.uid == _c.unit)
        .outerjoin(person, person.c.uid == _c.person)
        .outerjoin(_words, _words.c.key == _c.words_key)
        .outerjoin(_address, _address.c.key == _c.address_key)
    )


def to_row(values: Row[Any]) -> CaseRow:
    """Return the row that `joined` selected."""
    fields = list(values[: len(COLUMNS)])
    fields[_TITLE] = one_line(fields[_TITLE])
    return CaseRow(*fields)


def values_of(row: CaseRow, state: CaseState, phase: str) -> dict[str, Any]:
    """Return the stored values of a row; `phase` is its step's phase in the workflow."""
    return {
        **plain_values(row, phase),
        "words_key": state.refs.get("words"),
        "address_key": state.refs.get("address"),
    }


def plain_values(row: CaseRow, phase: str) -> dict[str, Any]:
    """Return the stored values of a row that has no personal words."""
    return {
        "uid": row.uid,
        "receipt": row.receipt,
        "number": row.number,
        "step": row.step,
        "phase": phase,
        "matter": row.matter,
        "matter_name": row.matter_name,
        "words_key": None,
        "address_key": None,
        "lon": row.lon,
        "lat": row.lat,
        "cell": cell_of(row.lon, row.lat),
        "grid": row.grid,
        "grid_code": row.grid_code,
        "street": row.street,
        "district": row.district,
        "unit": row.unit,
        "person": row.person,
        "source": row.source,
        "reported_ms": row.reported_ms,
        "due_ms": row.due_ms,
        "due_key": NEVER if row.due_ms is None else row.due_ms,
        "due_clock": row.due_clock,
        "returned": row.returned,
        "reworked": row.reworked,
        "auto": row.auto,
        "urgent": row.urgent,
        "is_open": row.is_open,
        "rank": rank_of(row, phase),
        "changed_ms": row.changed_ms,
        "closed_ms": row.closed_ms,
        "sample": row.sample,
        "confidence": row.confidence,
        "master": row.master,
        "confirmed_ms": row.confirmed_ms,
    }


def rank_of(row: CaseRow, phase: str) -> int:
    """Return where a row stands at the desk: sent back first, then urgent, then the rest."""
    if not row.is_open:
        return DONE
    if phase not in _WAITING_PHASES:
        return URGENT_ELSEWHERE if row.urgent else ELSEWHERE
    if row.returned:
        return SENT_BACK
    return URGENT if row.urgent else TO_DISPATCH


def cell_of(lon: float, lat: float) -> int:
    """Return the number of the cell that holds a point."""
    return cell_row(lat) * CELL_ROW + cell_column(lon)


def cell_row(lat: float) -> int:
    """Return the row of a latitude, counted from the south pole."""
    return math.floor((lat + 90) * CELLS)


def cell_column(lon: float) -> int:
    """Return the column of a longitude, counted from 180° west."""
    return math.floor((lon + 180) * CELLS)


def uid_or_none(text: str) -> UUID | None:
    """Return the uid that `text` writes out, if it does."""
    try:
        return UUID(text)
    except ValueError:
        return None
