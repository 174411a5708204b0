"""The register of parts: what signed actions make of one part, the same for every order of arrival.

`part_added`, `part_changed` and `part_undone` are actions about the part's uid. A part of the map
needs no action until somebody changes it: the first change carries the part as it was (`before`).
Two people who change a field apart both count; the later in the fold's line stands, and the field
is in conflict, with both values shown, until somebody who saw both says what is true.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import UUID

from app.domain.actions import Action
from app.domain.fold import heads, in_line
from app.domain.parts.record import Part, is_day, lacks, part_of, patch_fault, patched
from app.domain.parts.rights import may, right_for

ADDED, CHANGED, UNDONE = "part_added", "part_changed", "part_undone"
PART_ACTIONS = (ADDED, CHANGED, UNDONE)
_VERSION = 1


@dataclass(frozen=True)
class Step:
    """One action about a part, and what became of it.

    `effect`: applied, undone, refused (then `why` says so: role, retired, gone, added_twice,
    no_part, form, nothing, undone) or waiting. `against` are the steps taken apart from it that
    say otherwise. `note` is the key of the reason in the vault.
    """

    hash: str
    type: str
    at_ms: int
    actor: UUID
    role: str
    device: str
    old: Mapping[str, Any]
    new: Mapping[str, Any]
    effect: str
    why: str = ""
    against: tuple[str, ...] = ()
    note: UUID | None = None
    undoes: str = ""


@dataclass(frozen=True)
class Conflict:
    """A field on which two steps taken apart differ; `stands` is the one that counts."""

    field: str
    stands: str
    other: str
    value: Any
    other_value: Any


@dataclass(frozen=True)
class PartState:
    """A part as its actions make it; `part` is None while no valid one says what it is."""

    uid: UUID
    part: Part | None
    steps: tuple[Step, ...]
    conflicts: tuple[Conflict, ...]
    heads: tuple[str, ...]

    def last(self) -> Step | None:
        """Return the newest step that counts and can be taken back."""
        found = [one for one in self.steps if one.effect == "applied" and one.type != UNDONE]
        return found[-1] if found else None


def fold_part(actions: Iterable[Action]) -> PartState | None:
    """Return a part's state, None without any action about it."""
    known = [one for one in actions if one.type in PART_ACTIONS]
    if not known:
        return None
    strange = {one.hash for one in known if one.version != _VERSION}
    ready, waiting = in_line(known, strange)
    fold = _Fold()
    for action in ready:
        fold.take(action)
    conflicts = fold.conflicts()
    against: dict[str, list[str]] = {}
    for one in conflicts:
        against.setdefault(one.stands, []).append(one.other)
        against.setdefault(one.other, []).append(one.stands)
    steps = [replace(one, against=tuple(against.get(one.hash, ()))) for one in fold.steps]
    steps += [_step(one, "waiting", "parent") for one in waiting]
    return PartState(known[0].subject, fold.part, tuple(steps), conflicts, heads(ready))


@dataclass
class _Fold:
    part: Part | None = None
    steps: list[Step] = field(default_factory=list)
    counted: dict[str, Action] = field(default_factory=dict)
    ancestors: dict[str, frozenset[str]] = field(default_factory=dict)
    before: Part | None = None  # as the map had it
    added: Part | None = None

    def take(self, action: Action) -> None:
        """Let one action count, or say why it does not."""
        above = (self.ancestors[parent] | {parent} for parent in action.parents)
        self.ancestors[action.hash] = frozenset().union(*above)
        why = self._refusal(action)
        self.steps.append(_step(action, "refused" if why else "applied", why))
        if why:
            return
        if action.type == UNDONE:
            self._undo(action.body["undoes"])
        else:
            self.counted[action.hash] = action
        self.part = self._replayed(action)

    def conflicts(self) -> tuple[Conflict, ...]:
        """Return the fields on which the last word was said without knowing of another."""
        writers: dict[str, list[Action]] = {}
        for action in self.counted.values():
            for name in action.body["new"]:
                writers.setdefault(name, []).append(action)
        found = []
        for name, some in sorted(writers.items()):
            last = some[-1]
            said = last.body["new"][name]
            found += [
                Conflict(name, last.hash, one.hash, said, one.body["new"][name])
                for one in some[:-1]
                if one.hash not in self.ancestors[last.hash] and one.body["new"][name] != said
            ]
        return tuple(found)

    def _refusal(self, action: Action) -> str:
        if action.type == UNDONE:
            return self._refuse_undo(action)
        why = form_fault(action.body, whole=action.type == ADDED)
        if why:
            return "form"
        if action.type == ADDED:
            if not may(action.role, "add"):
                return "role"
            return "added_twice" if self.part is not None else ""
        new = action.body["new"]
        if not may(action.role, right_for(new)):
            return "role"
        if self.part is None:
            return "" if "before" in action.body else "no_part"
        if self.part.gone:
            return "gone"
        return "retired" if self.part.retired and "retired" not in new else ""

    def _refuse_undo(self, action: Action) -> str:
        undone = self.counted.get(str(action.body.get("undoes", "")))
        if undone is None:
            return "undone"
        return "" if undone.actor == action.actor or may(action.role, "undo") else "role"

    def _undo(self, digest: str) -> None:
        del self.counted[digest]
        self.steps = [
            replace(one, effect="undone") if one.hash == digest else one for one in self.steps
        ]

    def _replayed(self, newest: Action) -> Part | None:
        """Return the part after all actions that count, in their order."""
        body = newest.body
        if self.part is None and newest.type == CHANGED:
            date, sample = body.get("before_date", ""), body["sample"]
            self.before = part_of(newest.subject, body["before"], date, sample=sample)
        if newest.type == ADDED:
            self.added = part_of(newest.subject, body["new"], body["date"], sample=body["sample"])
        part = self.before or self.added
        if part is not None and self.before is None and not self._is_added():
            part = replace(part, gone=True)
        for action in self.counted.values():
            if part is not None and action.type == CHANGED:
                part = patched(part, action.body["new"], action.body["date"])
        return part

    def _is_added(self) -> bool:
        return any(one.type == ADDED for one in self.counted.values())


def form_fault(body: Mapping[str, Any], *, whole: bool) -> str:
    """Return the field of an adding (`whole`) or a change that has a wrong form, or empty."""
    new = body.get("new")
    fault = patch_fault(new)
    if fault:
        return fault
    assert isinstance(new, Mapping)
    if not is_day(body.get("date")) or not body["date"]:
        return "date"
    if not isinstance(body.get("sample"), bool):
        return "sample"
    if whole:
        return lacks(new)
    if not new:
        return "new"
    if "before" in body:
        before = body["before"]
        if not is_day(body.get("before_date", "")):
            return "before_date"
        return patch_fault(before) or lacks(before)
    return patch_fault(body.get("old", {}))


def _step(action: Action, effect: str, why: str = "") -> Step:
    body = action.body
    said = {name: body.get(name) for name in ("old", "new")}
    maps = {name: value if isinstance(value, Mapping) else {} for name, value in said.items()}
    return Step(
        action.hash, action.type, action.stamp.ms, action.actor, action.role, action.device,
        maps["old"], maps["new"], effect, why, note=_note(body), undoes=str(body.get("undoes", "")),
    )  # fmt: skip


def _note(body: Mapping[str, Any]) -> UUID | None:
    refs = body.get("refs")
    ref = refs.get("reason") if isinstance(refs, Mapping) else None
    return UUID(ref["key"]) if ref else None
