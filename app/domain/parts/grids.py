"""Splits and merges of grids 单元网格: what signed actions make of them.

All are about one subject a city, its register of grids, so that two that touch the same cell apart
are seen together. Each ends some cells (`old`) and begins others (`new`) that cover the same
ground, at one minute; an undo does the same the other way round, with cells of new uids, so that
what was so at a past minute stays so. One that would end a cell which is ended already (taken
apart) is refused, and shown with the one that came first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID, uuid5

from app.domain.actions import Action
from app.domain.errors import InvalidInput
from app.domain.fold import heads, in_line
from app.domain.parts.rights import may

SPLIT, MERGED, UNDONE = "grids_split", "grids_merged", "grids_undone"
GRID_ACTIONS = (SPLIT, MERGED, UNDONE)
GRID, DUTY_GRID = "grid", "duty_grid"
_VERSION = 1
_TEXTS = ("uid", "code", "name", "parent", "wkb", "valid_from")


@dataclass(frozen=True)
class Cell:
    """One grid: its shape is WKB (MultiPolygon, WGS 84). Times Unix ms, `to_ms` None while valid.

    A duty grid 责任网格 (`tier`) is a cell too, where a merge moves its edge.
    `since` is the ISO text by which the map says its beginning. A cell that `is_void` is not to
    be in the map: what began it does not count.
    """

    uid: UUID
    code: str
    name: str
    parent: UUID | None
    wkb: bytes
    since: str
    sample: bool
    to_ms: int | None = None
    is_void: bool = False
    tier: str = GRID

    def ending(self, to_ms: int | None, *, is_void: bool) -> Cell:
        """Return it with another end."""
        return replace(self, to_ms=to_ms, is_void=is_void)


@dataclass(frozen=True)
class GridStep:
    """One split, merge or undo; `effect` is applied, undone, refused (see `why`) or waiting."""

    hash: str
    type: str
    at_ms: int
    actor: UUID
    role: str
    device: str
    old: tuple[Cell, ...]
    new: tuple[Cell, ...]
    effect: str
    why: str = ""
    against: tuple[str, ...] = ()
    undoes: str = ""
    note: UUID | None = None


@dataclass(frozen=True)
class GridState:
    """All cells that were ever split or merged, and how it came."""

    subject: UUID
    cells: Mapping[UUID, Cell]
    steps: tuple[GridStep, ...]
    heads: tuple[str, ...]

    def step(self, beginning: str) -> GridStep | None:
        """Return the one step whose hash begins so."""
        found = [one for one in self.steps if one.hash.startswith(beginning)]
        return found[0] if len(found) == 1 else None

    def last(self) -> GridStep | None:
        """Return the newest step that counts and can be taken back."""
        found = [one for one in self.steps if one.effect == "applied" and one.type != UNDONE]
        return found[-1] if found else None


def grid_register(city: UUID) -> UUID:
    """Return the subject of all actions about the grids of a city."""
    return uuid5(city, "grids")


def fold_grids(actions: Iterable[Action]) -> GridState | None:
    """Return the state of a city's grids, None while none was ever changed."""
    known = [one for one in actions if one.type in GRID_ACTIONS]
    if not known:
        return None
    strange = {one.hash for one in known if one.version != _VERSION or body_fault(one.body)}
    ready, waiting = in_line(known, strange)
    fold = _Fold()
    for action in ready:
        fold.take(action)
    late = tuple(_step(one, "waiting", "form" if one.hash in strange else "parent")
                 for one in waiting if one.hash not in strange)  # fmt: skip
    return GridState(known[0].subject, fold.cells, (*fold.steps, *late), heads(ready))


@dataclass
class _Fold:
    cells: dict[UUID, Cell] = field(default_factory=dict)
    ended: dict[UUID, str] = field(default_factory=dict)
    steps: list[GridStep] = field(default_factory=list)

    def take(self, action: Action) -> None:
        """Let one action count, or say why it does not."""
        step = _step(action, "applied")
        why, against = self._refusal(step)
        if why:
            self.steps.append(replace(step, effect="refused", why=why, against=against))
            for cell in step.old:
                self.cells.setdefault(cell.uid, cell)
            for cell in step.new:
                self.cells.setdefault(cell.uid, replace(cell, is_void=True))
            return
        for cell in step.old:
            self.cells[cell.uid] = replace(self.cells.get(cell.uid, cell), to_ms=step.at_ms)
            self.ended[cell.uid] = step.hash
        self.cells |= {cell.uid: cell for cell in step.new}
        if step.type == UNDONE:
            self.steps = [
                replace(one, effect="undone") if one.hash == step.undoes else one
                for one in self.steps
            ]
        self.steps.append(step)

    def _refusal(self, step: GridStep) -> tuple[str, tuple[str, ...]]:
        if not may(step.role, "grids"):
            return "role", ()
        ended = dict.fromkeys(self.ended[one.uid] for one in step.old if one.uid in self.ended)
        if ended:
            return "ended", tuple(ended)
        known = [self.cells.get(one.uid) for one in step.old]
        if any(one is not None and one.is_void for one in known):
            return "void", ()
        if any(one.uid in self.cells for one in step.new):
            return "again", ()
        return "", ()


def cell_body(cell: Cell) -> dict[str, Any]:
    """Return a cell as it stands in an action."""
    return {
        "uid": str(cell.uid), "code": cell.code, "name": cell.name,
        "parent": str(cell.parent or ""), "wkb": cell.wkb.hex(), "valid_from": cell.since,
        "sample": cell.sample, **({} if cell.tier == GRID else {"tier": cell.tier}),
    }  # fmt: skip


def cell_of(body: Mapping[str, Any]) -> Cell:
    """Return the cell that stands in an action of a proper form."""
    return Cell(
        UUID(body["uid"]), body["code"], body["name"],
        UUID(body["parent"]) if body["parent"] else None, bytes.fromhex(body["wkb"]),
        body["valid_from"], body["sample"], tier=body.get("tier", GRID),
    )  # fmt: skip


def body_fault(body: Mapping[str, Any]) -> str:
    """Return the field of an action about grids that has a wrong form, or empty."""
    if not isinstance(body.get("at_ms"), int) or isinstance(body.get("at_ms"), bool):
        return "at_ms"
    for side in ("old", "new"):
        cells = body.get(side)
        if not isinstance(cells, list | tuple) or not cells:
            return side
        try:
            if not all(_is_cell(one) for one in cells):
                return side
        except (ValueError, TypeError, AttributeError, InvalidInput):
            return side
    return ""


def _is_cell(raw: object) -> bool:
    if not isinstance(raw, Mapping) or not isinstance(raw.get("sample"), bool):
        return False
    if not all(isinstance(raw.get(name), str) for name in _TEXTS):
        return False
    if raw.get("tier", GRID) not in (GRID, DUTY_GRID):
        return False
    return bool(cell_of(raw).wkb)


def _step(action: Action, effect: str, why: str = "") -> GridStep:
    body = action.body
    refs = body.get("refs")
    ref = refs.get("reason") if isinstance(refs, Mapping) else None
    return GridStep(
        action.hash, action.type, body["at_ms"], action.actor, action.role, action.device,
        tuple(map(cell_of, body["old"])), tuple(map(cell_of, body["new"])), effect, why,
        undoes=str(body.get("undoes", "")), note=UUID(ref["key"]) if ref else None,
    )  # fmt: skip
