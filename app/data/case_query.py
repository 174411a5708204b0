"""A `CaseQuery` as SQL: which rows, in what order, from where on, and how many in all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property
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
_WALKED = 100_000  # rows read for one page where a word is neither common nor rare
_NEWEST_ROWS = 5_000
_SURE_HITS = 20  # so many among the newest rows of a large city mean that there are thousands
_WHOLE = re.compile(r"-?[0-9]{1,18}|46[0-9]{17}")  # within 64 bits; 46… is NEVER
_c = case_row.c
_master = case_row.alias("master_row")
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
    "still_same": _NEWEST,
}


def open_only() -> ColumnElement[bool]:
    """Return the condition that lets both databases use the indexes of open cases."""
    return literal_column("case_row.is_open")


def of_person(person: UUID | None) -> ColumnElement[bool]:
    """Return the condition that a case lies with `person`; nothing lies with nobody."""
    return false() if person is None else _c.person == person


def _to_confirm() -> ColumnElement[bool]:
    """Return the condition that a case's master was closed since anybody confirmed the merge."""
    of_master = select(_master.c.id).where(
        _master.c.uid == _c.master,
        _master.c.closed_ms > func.coalesce(_c.confirmed_ms, 0),
    )
    return _c.master.is_not(None) & of_master.exists()


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
            found = self._ids_of_page()
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
        if self._walks:
            newest = self._newest()
            hits = self._hits(newest, _NEWEST_ROWS)
            if hits >= _SURE_HITS:
                return int(hits * newest / _NEWEST_ROWS), True
        few = self._ids().limit(EXACT_UP_TO + 1).subquery()
        found = self._connection.execute(select(func.count()).select_from(few)).scalar_one()
        if found <= EXACT_UP_TO:
            return found, False
        newest = self._newest()
        hits = self._hits(newest, _SAMPLED)
        return max(found, int(hits * max(1.0, newest / _SAMPLED))), True

    @cached_property
    def _walks(self) -> bool:
        """Whether pages of words are looked for newest first: in a large city on PostgreSQL.

        Its GIN gives all matches or none: of a common word among millions that takes seconds,
        while the newest thousands of rows hold a page of it.
        """
        postgres = self._connection.dialect.name == "postgresql"
        worth = bool(self._wanted) and postgres and self._query.tab in ("all", "closed")
        return worth and self._newest() > _WALKED

    def _newest(self) -> int:
        return self._connection.execute(select(func.max(_c.id))).scalar_one() or 0

    def _hits(self, newest: int, width: int) -> int:
        """Return how many of the newest `width` rows are wanted."""
        ids = self._within(newest + 1, width) if self._walks else self._ids()
        within = ids.where(self._key(ids) > newest - width).subquery()
        hits: int = self._connection.execute(select(func.count()).select_from(within)).scalar_one()
        return hits

    def _ids_of_page(self) -> Sequence[int]:
        after = self._cursor(self._query.after)[0] if self._query.after else None
        if self._walks:
            return self._walked(self._newest() + 1 if after is None else after)
        postgres = self._connection.dialect.name == "postgresql"
        if postgres and self._query.tab in ("all", "closed"):
            return self._by_index(after)
        ids = self._ids()
        if after is not None:
            ids = ids.where(self._key(ids) < after)
        return self._first(ids)

    def _walked(self, below: int) -> Sequence[int]:
        """Return the page below an id: from the newest rows, else by the index of words."""
        width = _NEWEST_ROWS
        found = self._first(self._within(below, width))
        wider = int(1.5 * width * self._query.limit / max(1, len(found)))
        if len(found) < self._query.limit and width < below and wider <= _WALKED:
            width = wider
            found = self._first(self._within(below, width))
        if len(found) == self._query.limit or width >= below:
            return found
        return self._by_index(below)

    def _by_index(self, below: int | None) -> Sequence[int]:
        """Return the page from all rows that hold the words, sorted before others are asked for."""
        rowid = case_text.c.rowid
        matches = select(rowid).where(match(self._connection, self._wanted or ()))
        if below is not None:
            matches = matches.where(rowid < below)
        if not self.conditions:
            return self._first(matches)
        found = matches.order_by(rowid.desc()).offset(0).subquery()
        both = found.join(case_row, _c.id == found.c.rowid)
        return self._first(select(found.c.rowid).select_from(both).where(*self.conditions))

    def _first(self, ids: Select[Any]) -> Sequence[int]:
        newest = ids.order_by(self._key(ids).desc()).limit(self._query.limit)
        return self._connection.execute(newest).scalars().all()

    def _within(self, below: int, width: int) -> Select[Any]:
        """Select ids in a range of ids by reading the rows, without the index of words."""
        rowid = case_text.c.rowid
        here = match(self._connection, self._wanted or (), by_index=False)
        return self._among(here).where(rowid < below, rowid >= below - width)

    def _ids(self) -> Select[Any]:
        """Select ids, driven by what is rarer: open cases by their index, words by theirs."""
        if not self._wanted:
            return select(_c.id).where(*self.conditions)
        if self._query.tab in ("all", "closed"):
            return self._among(match(self._connection, self._wanted))
        here = select(case_text.c.rowid).where(case_text.c.rowid == _c.id)
        if self._connection.dialect.name == "postgresql":
            row = match(self._connection, self._wanted, by_index=False)
            here = here.where(row).limit(1).offset(0)  # looked up for each open case
        else:
            here = here.where(match(self._connection, self._wanted))
        return select(_c.id).where(*self.conditions, here.exists())

    def _among(self, matches: ColumnElement[bool]) -> Select[Any]:
        if not self.conditions:
            return select(case_text.c.rowid).where(matches)
        both = case_text.join(case_row, _c.id == case_text.c.rowid)
        return select(case_text.c.rowid).select_from(both).where(matches, *self.conditions)

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
            return [~open_only(), _c.master.is_(None)]
        if query.tab == "still_same":
            return [_to_confirm()]
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
