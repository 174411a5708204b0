"""A `CaseQuery` as SQL: which rows, in what order, from where on, and how many in all."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    false,
    func,
    literal,
    literal_column,
    select,
    tuple_,
)

from app.data.case_row import SENT_BACK, TO_DISPATCH, joined
from app.data.search_text import area_pieces, case_text, match, query_pieces
from app.data.tables import case_row
from app.domain.errors import InvalidInput
from app.services.views import CaseQuery

SOON_MS = 4 * 3600 * 1000
EXACT_UP_TO = 1_000
_SAMPLED = 20_000
_WHOLE = re.compile(r"-?[0-9]{1,18}|46[0-9]{17}")  # within 64 bits; 46… is NEVER
_c = case_row.c
_BY_RANK = ("rank", "due_key", "id")
_BY_DUE = ("due_key", "id")
_NEWEST = ("reported_ms", "id")
_ORDERS = {
    "to_dispatch": _BY_RANK,
    "returned": _BY_RANK,
    "mine": _BY_DUE,
    "due_soon": _BY_DUE,
    "open": _NEWEST,
    "closed": _NEWEST,
    "all": _NEWEST,
}


def open_only() -> ColumnElement[bool]:
    """Return the condition that lets both databases use the indexes of open cases."""
    return literal_column("case_row.is_open")


def of_person(person: UUID | None) -> ColumnElement[bool]:
    """Return the condition that a case lies with `person`; nothing lies with nobody."""
    return false() if person is None else _c.person == person


class CaseFilter:
    """One query against one connection."""

    def __init__(self, connection: Connection, query: CaseQuery) -> None:
        if query.tab not in _ORDERS:
            raise InvalidInput(
                f"There is no tab {query.tab!r}; there are {', '.join(_ORDERS)}.", field="tab"
            )
        self._connection = connection
        self._query = query
        self._wanted = self._pieces()
        self._order = ("id",) if self._wanted else _ORDERS[query.tab]
        self._ascending = self._order in (_BY_RANK, _BY_DUE)
        self.conditions = [*self._tab(), *self._area(query.area)]
        if self._wanted == ():
            self.conditions.append(false())

    def page(self) -> Select[Any]:
        """Return the select of one page, see `case_row.joined`."""
        columns = [_c[name] for name in self._order]
        if self._wanted:
            found = self._connection.execute(self._ids_of_page()).scalars().all()
            return joined().where(_c.id.in_(found)).order_by(_c.id.desc())
        wanted = joined().where(*self.conditions)
        if self._query.after:
            wanted = wanted.where(self._beyond(self._query.after))
        return wanted.order_by(
            *(column.asc() if self._ascending else column.desc() for column in columns)
        ).limit(self._query.limit)

    def cursor(self, last: Row[Any]) -> str:
        """Return where the page after the row `last` begins."""
        values = last._mapping
        return ":".join(str(values[_c[name]]) for name in self._order)

    def total(self) -> tuple[int, bool]:
        """Return how many rows there are, and whether that is an estimate."""
        few = self._ids().limit(EXACT_UP_TO + 1).subquery()
        found = self._connection.execute(select(func.count()).select_from(few)).scalar_one()
        if found <= EXACT_UP_TO:
            return found, False
        return max(found, self._estimate()), True

    def _estimate(self) -> int:
        newest = self._connection.execute(select(func.max(_c.id))).scalar_one()
        ids = self._ids()
        within = ids.where(self._key(ids) > newest - _SAMPLED).subquery()
        share = self._connection.execute(select(func.count()).select_from(within)).scalar_one()
        return int(share * max(1.0, newest / _SAMPLED))

    def _ids_of_page(self) -> Select[Any]:
        ids = self._ids()
        key = self._key(ids)
        if self._query.after:
            ids = ids.where(key < self._cursor(self._query.after)[0])
        return ids.order_by(key.desc()).limit(self._query.limit)

    def _ids(self) -> Select[Any]:
        """Select ids, driven by what is rarer: open cases by their index, words by theirs."""
        if not self._wanted:
            return select(_c.id).where(*self.conditions)
        matches = match(self._connection, self._wanted)
        if self._connection.dialect.name == "postgresql":
            found = select(case_text.c.rowid).where(matches)
            return select(_c.id).where(_c.id.in_(found), *self.conditions)
        if self._query.tab in ("all", "closed"):
            if not self.conditions:
                return select(case_text.c.rowid).where(matches)
            both = case_text.join(case_row, _c.id == case_text.c.rowid)
            return select(case_text.c.rowid).select_from(both).where(matches, *self.conditions)
        here = select(case_text.c.rowid).where(matches, case_text.c.rowid == _c.id)
        return select(_c.id).where(*self.conditions, here.exists())

    def _key(self, ids: Select[Any]) -> ColumnElement[int]:
        (key,) = ids.selected_columns
        return key

    def _pieces(self) -> tuple[str, ...] | None:
        """Return what the words must hold, None without words; the area narrows them too."""
        if not self._query.text.strip():
            return None
        wanted = query_pieces(self._query.text)
        return (*wanted, *area_pieces(self._query.area)) if wanted else ()

    def _tab(self) -> list[ColumnElement[bool]]:
        query = self._query
        if query.tab == "all":
            return []
        if query.tab == "closed":
            return [~open_only()]
        conditions = {
            "open": [],
            "to_dispatch": [_c.rank <= TO_DISPATCH],
            "returned": [_c.rank == SENT_BACK],
            "mine": [of_person(query.person)],
            "due_soon": [_c.due_key <= query.now_ms + SOON_MS],
        }[query.tab]
        return [open_only(), *conditions]

    def _area(self, area: UUID | None) -> list[ColumnElement[bool]]:
        if area is None:
            return []
        for column in (_c.grid, _c.street, _c.district):
            known = self._connection.execute(select(_c.id).where(column == area).limit(1)).first()
            if known:
                return [column == area]
        return [false()]

    def _beyond(self, cursor: str) -> ColumnElement[bool]:
        columns = tuple_(*(_c[name] for name in self._order))
        last = tuple_(*map(literal, self._cursor(cursor)))
        return columns > last if self._ascending else columns < last

    def _cursor(self, cursor: str) -> list[int]:
        values = [int(part) for part in cursor.split(":") if _WHOLE.fullmatch(part)]
        if len(values) != len(self._order) or len(values) != cursor.count(":") + 1:
            raise InvalidInput("The page's cursor belongs to another list.", field="after")
        return values
