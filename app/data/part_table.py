"""Tables of parts and grids as their actions make them, and of what the map is to take of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Connection, Table, bindparam, func, insert, select

from app.data.errors import readable
from app.data.facts import get_fact, put_fact
from app.data.tables import grid_edit, map_journal, part_edit
from app.data.upsert import upsert
from app.domain.parts.grids import Cell, GridState, cell_body, cell_of
from app.domain.parts.record import Part, part_of
from app.domain.parts.register import PartState
from app.services.parts_views import MapDue, PartRow

JOURNAL = "map_journal"
_ENTRY = {
    table.name: select(table.c.entry).where(table.c.uid == bindparam("uid"))
    for table in (part_edit, grid_edit)
}
_OF_CODE = select(part_edit.c.uid).where(part_edit.c.code == bindparam("code"))
_LAST = {
    table.name: select(func.max(table.c.code)).where(
        table.c.code >= bindparam("low"), table.c.code < bindparam("high")
    )
    for table in (part_edit, grid_edit)
}
_NEWEST = select(func.max(map_journal.c.number))
_DUE = (
    select(map_journal)
    .where(map_journal.c.number > bindparam("after"))
    .order_by(map_journal.c.number)
)


class SqlParts:
    """Fulfils `ports.Parts` inside one transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def put_part(self, state: PartState, revision: int) -> None:
        """Keep a folded part, and note that the map is to take it."""
        if state.part is None:
            return
        self._put(part_edit, state.uid, state.part.code, _part_text(state.part), revision)
        self._note([("part", state.uid)])

    def put_grids(self, state: GridState, revision: int) -> None:
        """Keep the cells that have changed, and note that the map is to take them."""
        changed = []
        for cell in state.cells.values():
            text = _cell_text(cell)
            if self._read(grid_edit, cell.uid) != text:
                self._put(grid_edit, cell.uid, cell.code, text, revision)
                changed.append(("grid", cell.uid))
        self._note(changed)

    def part(self, uid: UUID) -> Part | None:
        """Return a part that some action has changed."""
        text = self._read(part_edit, uid)
        return _part(uid, text) if text is not None else None

    def cell(self, uid: UUID) -> Cell | None:
        """Return a grid that some action has changed."""
        text = self._read(grid_edit, uid)
        return _cell(text) if text is not None else None

    def of_code(self, code: str) -> Sequence[UUID]:
        """Return the changed parts that bear a code now."""
        return list(self._connection.execute(_OF_CODE, {"code": code}).scalars())

    def last_code(self, prefix: str, *, grids: bool = False) -> str:
        """Return the largest code of changed parts (or grids) that begins so, empty if none."""
        statement = _LAST[grid_edit.name if grids else part_edit.name]
        found = self._connection.execute(statement, {"low": prefix, "high": prefix + ":"})
        return found.scalar() or ""

    def rows(self, uids: Iterable[UUID]) -> Sequence[PartRow]:
        """Return what a map shows of those that some action has changed."""
        parts = (self.part(uid) for uid in uids)
        return [PartRow.of(one) for one in parts if one is not None]

    def journal(self) -> tuple[str, int]:
        """Return the journal's own name and the number of its newest entry, 0 if there is none."""
        name = get_fact(self._connection, JOURNAL) or ""
        return name, int(self._connection.execute(_NEWEST).scalar() or 0)

    def due(self, after: int) -> MapDue:
        """Return what the map is to take of the entries after number `after`."""
        rows = self._connection.execute(_DUE, {"after": after}).fetchall()
        uids = {kind: dict.fromkeys(row.uid for row in rows if row.kind == kind)
                for kind in ("part", "grid")}  # fmt: skip
        parts = [self.part(uid) for uid in uids["part"]]
        cells = [self.cell(uid) for uid in uids["grid"]]
        return MapDue(
            self.journal()[0], max((row.number for row in rows), default=after),
            tuple(one for one in parts if one is not None),
            tuple(one for one in cells if one is not None),
        )  # fmt: skip

    def _put(self, table: Table, uid: UUID, code: str, entry: str, revision: int) -> None:
        row = {"uid": uid, "code": code, "entry": entry, "revision": revision}
        self._connection.execute(upsert(self._connection, table, "uid"), row)

    def _read(self, table: Table, uid: UUID) -> str | None:
        found: str | None = self._connection.execute(_ENTRY[table.name], {"uid": uid}).scalar()
        return found

    def _note(self, entries: Sequence[tuple[str, UUID]]) -> None:
        if not entries:
            return
        if get_fact(self._connection, JOURNAL) is None:
            put_fact(self._connection, JOURNAL, uuid4().hex)
        rows = [{"kind": kind, "uid": uid} for kind, uid in entries]
        self._connection.execute(insert(map_journal), rows)


def _part_text(part: Part) -> str:
    raw = {
        "patch": part.as_patch(), "changed_date": part.changed_date, "sample": part.sample,
        "gone": part.gone,
    }  # fmt: skip
    return json.dumps(raw, ensure_ascii=False, sort_keys=True)


def _part(uid: UUID, text: str) -> Part:
    with readable("register of parts"):
        raw: Mapping[str, Any] = json.loads(text)
        made = part_of(uid, raw["patch"], raw["changed_date"], sample=raw["sample"])
        return made.as_gone() if raw["gone"] else made


def _cell_text(cell: Cell) -> str:
    raw = {**cell_body(cell), "to_ms": cell.to_ms, "void": cell.is_void}
    return json.dumps(raw, ensure_ascii=False, sort_keys=True)


def _cell(text: str) -> Cell:
    with readable("register of grids"):
        raw: Mapping[str, Any] = json.loads(text)
        return cell_of(raw).ending(raw["to_ms"], is_void=raw["void"])
