"""Rows of cases: written from folded states, read by page, tab, place and words."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Connection, bindparam, case, func, or_, select

from app.data.case_query import SOON_MS, CaseFilter, of_person, open_only
from app.data.case_row import (
    CELL_ROW,
    SENT_BACK,
    TO_DISPATCH,
    cell_column,
    cell_row,
    joined,
    to_row,
    uid_or_none,
    values_of,
)
from app.data.rules_table import SqlRules
from app.data.search_text import TextIndex
from app.data.tables import case_row
from app.data.upsert import upsert
from app.domain.cases import CaseState
from app.domain.geodesy import CityFrame
from app.services.changes import CaseRow
from app.services.views import CasePage, CaseQuery

_BATCH = 500
_MOST_CELL_ROWS = 40
_METRES_PER_DEGREE = 111_320.0
_SHORTEST_BEGINNING = 4
_POLAR = 89.9  # degrees; nearer to a pole there is no city, and no metres across
_ONE = joined().where(case_row.c.uid == bindparam("wanted"))
_ID = select(case_row.c.id).where(case_row.c.uid == bindparam("wanted"))


class SqlCaseTable:
    """Fulfils `ports.CaseTable` inside one transaction."""

    def __init__(self, connection: Connection, rules: SqlRules) -> None:
        self._connection = connection
        self._rules = rules
        self._text = TextIndex(connection)

    def put(self, row: CaseRow, state: CaseState, search_text: str) -> None:
        """Write a row and the words it is found by; its numbers need not be among them.

        Title, address and names are not kept here: they are joined when read.
        """
        phase = self._rules.current().step(row.matter, row.step).phase
        statement = upsert(self._connection, case_row, "uid", keep=("id",)).returning(case_row.c.id)
        row_id = self._connection.execute(statement, values_of(row, state, phase)).scalar_one()
        areas = (row.grid, row.street, row.district)
        self._text.put(row_id, f"{row.number} {row.receipt} {search_text}", areas)

    def row(self, uid: UUID) -> CaseRow | None:
        """Return the row of a case."""
        found = self._connection.execute(_ONE, {"wanted": uid}).first()
        return to_row(found) if found else None

    def rows(self, uids: Sequence[UUID]) -> Sequence[CaseRow]:
        """Return the rows that are there, in the order of `uids`."""
        found: dict[UUID, CaseRow] = {}
        for start in range(0, len(uids), _BATCH):
            wanted = joined().where(case_row.c.uid.in_(list(uids[start : start + _BATCH])))
            found.update((one[0], to_row(one)) for one in self._connection.execute(wanted))
        return [found[uid] for uid in uids if uid in found]

    def page(self, query: CaseQuery) -> CasePage:
        """Return one page; raises `InvalidInput` for an unknown tab or a broken cursor.

        Tabs that wait for a hand are in the order of rank and deadline, the others newest first;
        with `text`, the latest entered first. `due_soon` holds what is due within four hours of
        `now_ms`, and what is overdue.
        """
        wanted = CaseFilter(self._connection, query)
        total, estimated = wanted.total()
        if not total:
            return CasePage((), 0)
        found = self._connection.execute(wanted.page()).all()
        rows = tuple(to_row(one) for one in found)
        cursor = wanted.cursor(found[-1]) if len(found) == query.limit else ""
        return CasePage(rows, total, estimated, cursor)

    def counts(self, query: CaseQuery) -> Mapping[str, int]:
        """Return how many rows each tab holds, plus `closed_today` and `overdue`.

        Limited to `query.area`; `mine` counts for `query.person`. `closed` and `all` are
        estimates beyond 1,000.
        """
        limits = CaseFilter(self._connection, CaseQuery(area=query.area)).conditions
        counts = self._open_counts(query, limits)
        closed = select(func.count()).where(
            case_row.c.closed_ms >= self._midnight(query.now_ms), *limits
        )
        counts["closed_today"] = self._connection.execute(closed).scalar_one()
        for tab in ("closed", "all"):
            wanted = CaseFilter(self._connection, CaseQuery(tab=tab, area=query.area))
            counts[tab] = wanted.total()[0]
        return counts

    def near(self, lon: float, lat: float, metres: float, limit: int) -> Sequence[CaseRow]:
        """Return open cases within `metres`, nearest first."""
        if abs(lat) > _POLAR:
            return []
        frame = CityFrame(lon, lat)
        wanted = joined().where(open_only(), self._around(lon, lat, metres))
        within: list[tuple[float, CaseRow]] = []
        for one in self._connection.execute(wanted):
            row = to_row(one)
            x, y = frame.to_xy(row.lon, row.lat)
            distance = math.hypot(x, y)
            if distance <= metres:
                within.append((distance, row))
        within.sort(key=lambda pair: (pair[0], pair[1].uid))
        return [row for _, row in within[:limit]]

    def merged_into(self, master: UUID) -> Sequence[CaseRow]:
        """Return the rows of the cases merged into `master`, first reported first."""
        wanted = joined().where(case_row.c.master == master)
        found = [to_row(one) for one in self._connection.execute(wanted)]
        return sorted(found, key=lambda row: (row.reported_ms, row.uid.hex))

    def find(self, text: str) -> UUID | None:
        """Return the case with that uid, number or receipt number (or its unique beginning)."""
        text = text.strip()
        uid = uid_or_none(text)
        if uid is not None:
            known = self._connection.execute(_ID, {"wanted": uid}).first()
            return uid if known else None
        if len(text) < _SHORTEST_BEGINNING or "\x00" in text:
            return None
        found = self._beginning(text)
        return found.pop() if len(found) == 1 else None

    def _beginning(self, text: str) -> set[UUID]:
        found: set[UUID] = set()
        for column in (case_row.c.number, case_row.c.receipt):
            exact = self._uids(column == text)
            if len(exact) == 1:
                return exact
            found |= self._uids((column >= text) & (column < text + "\U0010ffff"))
        low, high = _uid_span(text)
        if low is not None:
            found |= self._uids(case_row.c.uid.between(low, high))
        return found

    def _uids(self, condition: ColumnElement[bool]) -> set[UUID]:
        wanted = select(case_row.c.uid).where(condition).limit(2)
        return set(self._connection.execute(wanted).scalars())

    def _open_counts(
        self, query: CaseQuery, limits: Iterable[ColumnElement[bool]]
    ) -> dict[str, int]:
        c = case_row.c
        parts: dict[str, ColumnElement[bool]] = {
            "to_dispatch": c.rank <= TO_DISPATCH,
            "returned": c.rank == SENT_BACK,
            "due_soon": c.due_key <= query.now_ms + SOON_MS,
            "overdue": c.due_key < query.now_ms,
            "mine": of_person(query.person),
        }
        sums = [func.sum(case((part, 1), else_=0)) for part in parts.values()]
        wanted = select(func.count(), *sums).select_from(case_row).where(open_only(), *limits)
        total, *values = self._connection.execute(wanted).one()
        counts = {name: int(value or 0) for name, value in zip(parts, values, strict=True)}
        return {**counts, "open": int(total)}

    def _midnight(self, now_ms: int) -> int:
        zone = ZoneInfo(self._rules.current().calendar.zone)
        now = datetime.fromtimestamp(now_ms / 1000, UTC).astimezone(zone)
        midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
        return int(midnight.timestamp() * 1000)

    def _around(self, lon: float, lat: float, metres: float) -> ColumnElement[bool]:
        up = metres / _METRES_PER_DEGREE * 1.01
        across = up / max(math.cos(math.radians(lat)), 0.01)
        low, high = cell_row(lat - up), cell_row(lat + up)
        if high - low > _MOST_CELL_ROWS:
            return case_row.c.lat.between(lat - up, lat + up) & case_row.c.lon.between(
                lon - across, lon + across
            )
        left, right = cell_column(lon - across), cell_column(lon + across)
        return or_(
            *(
                case_row.c.cell.between(row * CELL_ROW + left, row * CELL_ROW + right)
                for row in range(low, high + 1)
            )
        )


def _uid_span(text: str) -> tuple[UUID | None, UUID | None]:
    digits = text.replace("-", "").lower()
    low = uid_or_none(digits.ljust(32, "0"))
    return low, uid_or_none(digits.ljust(32, "f")) if low else None
