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
    text,
    tuple_,
)

from app.data.case_row import SENT_BACK, TO_DISPATCH, joined
from app.data.search_text import TextIndex, query_pieces
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
        self._index = TextIndex(connection)
        self._wanted = query_pieces(query.text) if query.text.strip() else None
        self._order = ("id",) if self._wanted else _ORDERS[query.tab]
        self._ascending = self._order in (_BY_RANK, _BY_DUE)
        self.conditions = [*self._tab(), *self._area(query.area)]
        if self._wanted == ():
            self.conditions.append(false())

    def page(self) -> Select[Any]:
        """Return the select of one page, see `case_row.joined`."""
        wanted = joined().where(*self.conditions)
        if self._wanted:
            wanted = wanted.where(self._found())
        if self._query.after:
            wanted = wanted.where(self._beyond(self._query.after))
        columns = [_c[name] for name in self._order]
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
        within = self._ids(above=newest - _SAMPLED).subquery()
        share = self._connection.execute(select(func.count()).select_from(within)).scalar_one()
        return int(share * max(1.0, newest / _SAMPLED))

    def _ids(self, above: int | None = None) -> Select[Any]:
        only_words = self._wanted and not self.conditions
        if only_words:
            found = self._row_ids()
            return found if above is None else found.where(literal_column("rowid") > above)
        found = select(_c.id).where(*self.conditions)
        if self._wanted:
            found = found.where(self._found())
        return found if above is None else found.where(_c.id > above)

    def _found(self) -> ColumnElement[bool]:
        return _c.id.in_(self._row_ids())

    def _row_ids(self) -> Select[Any]:
        ids: Select[Any] = select(literal_column("rowid")).select_from(text("case_text"))
        return ids.where(self._condition())

    def _condition(self) -> Any:
        return text(self._index.condition).bindparams(wanted=self._index.match(self._wanted or ()))

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
        values = [int(part) for part in cursor.split(":") if _WHOLE.fullmatch(part)]
        if len(values) != len(self._order) or len(values) != cursor.count(":") + 1:
            raise InvalidInput("The page's cursor belongs to another list.", field="after")
        columns = tuple_(*(_c[name] for name in self._order))
        last = tuple_(*map(literal, values))
        return columns > last if self._ascending else columns < last
