"""The fold: a case's state from its actions, the same for every order of delivery.

Actions form a hash DAG by `parents`. They are laid in one line: parents first, and among those
free to come next the smallest (stamp, hash). Each is then applied if the rule set it pins opens
it at that point. What is not open (two people acted apart, a role too small, handler and checker
the same) stays in the history as `refused` with the reason, or as `quarantined` if it was beyond
its author's rights already as of its parents (see `rights`); an action whose parents or rule set
are not here yet, or whose body is of a later release, waits outside the state with all that
follows it. Nothing reads the present, and nothing is dropped.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from uuid import UUID

from app.domain.actions import Action
from app.domain.addresses.placed import placed_of
from app.domain.bodies import BODY_VERSION
from app.domain.cases import CaseState, Entry
from app.domain.clocks import Clock
from app.domain.erasure import Erased, erased_by
from app.domain.errors import NotFound
from app.domain.rights import UNDO_ROLES, beyond_rights
from app.domain.rules import RuleBook, RulesByHash
from app.domain.workflow import CREATE, ERASE, UNDO, Move

_ALWAYS_REQUIRED = {CREATE: ("place",), "file": ("matter",)}  # whatever a rule set forgets
_REQUIRED_FIELDS = {
    "place": ("lon_e7", "lat_e7"),
    "words": ("refs.words",),
    "matter": ("matter",),
    "unit": ("unit",),
    "post": ("post",),
    "person": ("person",),
    "reason": ("refs.reason",),
    "note": ("refs.note",),
    "photo": ("photos",),
}


@dataclass(frozen=True)
class _Undoable:
    hash: str
    actor: UUID
    before: CaseState


def fold(actions: Iterable[Action], rules: RulesByHash) -> CaseState | None:
    """Return the state after `actions` of one case, or None while its report is not here."""
    known = list(actions)
    unread = _unread(known, rules)
    ready, waiting = in_line(known, unread)
    state: CaseState | None = None
    stack: list[_Undoable] = []
    entries: list[Entry] = []
    beyond = beyond_rights(ready, rules)
    for action in ready:
        why = beyond.get(action.hash) or refusal(state, action, rules(action.rules), _top(stack))
        entries.append(_entry(action, _effect(action, why, beyond), why))
        if why or action.type == ERASE:
            continue
        if action.type == UNDO:
            undone = stack.pop()
            state = undone.before
            _mark_undone(entries, undone.hash)
            continue
        before = state
        state = _apply(state, action, rules(action.rules))
        if before is not None:
            stack.append(_Undoable(action.hash, action.actor, before))
    if state is None:
        return None
    entries.extend(
        _entry(action, "waiting", unread.get(action.hash, "parent")) for action in waiting
    )
    gone = erased_by(ready, beyond).photos
    return replace(
        state,
        photos=tuple(photo for photo in state.photos if photo not in gone),
        history=tuple(
            replace(entry, photos=tuple(photo for photo in entry.photos if photo not in gone))
            if gone and entry.photos
            else entry
            for entry in entries
        ),
        heads=heads(ready),
        changed_ms=max(
            entry.at_ms
            for entry in entries
            if entry.effect != "quarantined" and entry.type != ERASE
        ),
    )


def erased_of(actions: Iterable[Action], rules: RulesByHash) -> Erased:
    """Return what the erasures among the actions of one case erase."""
    known = list(actions)
    if not any(action.type == ERASE for action in known):
        return Erased()
    ready, _ = in_line(known, _unread(known, rules))
    return erased_by(ready, beyond_rights(ready, rules))


def beyond_of(actions: Iterable[Action], rules: RulesByHash) -> Mapping[str, str]:
    """Return why, by hash, for the actions of one case beyond their authors' rights."""
    known = list(actions)
    ready, _ = in_line(known, _unread(known, rules))
    return beyond_rights(ready, rules)


def _effect(action: Action, why: str, beyond: Container[str]) -> str:
    if action.hash in beyond:
        return "quarantined"
    return "refused" if why else "applied"


def _unread(actions: Iterable[Action], rules: RulesByHash) -> dict[str, str]:
    """Return why actions cannot be read here yet, by hash: `rules` or `version`."""
    seen: dict[str, bool] = {}
    unread: dict[str, str] = {}
    for action in actions:
        if action.rules not in seen:
            seen[action.rules] = _is_known(action.rules, rules)
        if action.version != BODY_VERSION:
            unread[action.hash] = "version"
        elif not seen[action.rules]:
            unread[action.hash] = "rules"
    return unread


def _is_known(digest: str, rules: RulesByHash) -> bool:
    try:
        rules(digest)
    except NotFound:
        return False
    return True


def in_line(
    actions: Iterable[Action], unread: Container[str] = ()
) -> tuple[list[Action], list[Action]]:
    """Return actions in their one order, and those that wait.

    An action waits whose hash is in `unread` or whose parents are missing or wait.
    """
    by_hash = {action.hash: action for action in actions}
    missing = {
        h: (h in unread) + sum(p not in by_hash for p in a.parents) for h, a in by_hash.items()
    }
    open_parents = {h: len(a.parents) for h, a in by_hash.items()}
    children: dict[str, list[str]] = {}
    for h, action in by_hash.items():
        for parent in action.parents:
            children.setdefault(parent, []).append(h)
    free = [(a.stamp, h) for h, a in by_hash.items() if not a.parents and not missing[h]]
    heapq.heapify(free)
    ready: list[Action] = []
    while free:
        _, h = heapq.heappop(free)
        ready.append(by_hash[h])
        for child in children.get(h, ()):
            open_parents[child] -= 1
            if not open_parents[child] and not missing[child]:
                heapq.heappush(free, (by_hash[child].stamp, child))
    done = {action.hash for action in ready}
    waiting = sorted(
        (a for h, a in by_hash.items() if h not in done), key=lambda a: (a.stamp, a.hash)
    )
    return ready, waiting


def heads(actions: Iterable[Action]) -> tuple[str, ...]:
    """Return the hashes that no other action names as parent, sorted."""
    known = list(actions)
    named = {parent for action in known for parent in action.parents}
    return tuple(sorted({action.hash for action in known} - named))


def refusal(
    state: CaseState | None, action: Action, rules: RuleBook, undoable: tuple[str, UUID] | None
) -> str:
    """Return why `action` is not open now, as a short code, or an empty text if it is."""
    if action.type == UNDO:
        return _refuse_undo(action, undoable)
    if action.type == ERASE:
        return "" if state is not None else "not_reported"
    move = rules.workflow.moves.get(action.type)
    if move is None:
        return "unknown_move"
    if (state is None) != (action.type == CREATE):
        return "not_reported" if state is None else "reported_twice"
    if state is not None and state.step not in move.sources:
        return f"not_from_{state.step}"
    why = refusal_of_role(state, move, action.role, action.actor) or _missing_field(move, action)
    if not why and action.type == "file" and action.body["matter"] not in rules.matters:
        return "unknown_matter"
    return why


def refusal_of_role(state: CaseState | None, move: Move, role: str, actor: UUID) -> str:
    """Return why this person may not make `move` in this role, or an empty text."""
    if role not in move.roles:
        return "role"
    if state is not None and "handler" in move.not_by and state.handler == actor:
        return "handled_it"
    return ""


def _refuse_undo(action: Action, undoable: tuple[str, UUID] | None) -> str:
    if undoable is None or action.body.get("undoes") != undoable[0]:
        return "not_last"
    if action.actor != undoable[1] and action.role not in UNDO_ROLES:
        return "role"
    return ""


def _missing_field(move: Move, action: Action) -> str:
    for need in (*move.requires, *_ALWAYS_REQUIRED.get(move.name, ())):
        for path in _REQUIRED_FIELDS.get(need, (need,)):
            value: object = action.body
            for part in path.split("."):
                value = value.get(part) if isinstance(value, Mapping) else None
            if value is None or value in ("", []):
                return f"missing_{need}"
    return ""


def _top(stack: list[_Undoable]) -> tuple[str, UUID] | None:
    return (stack[-1].hash, stack[-1].actor) if stack else None


def _mark_undone(entries: list[Entry], digest: str) -> None:
    for i, entry in enumerate(entries):
        if entry.hash == digest:
            entries[i] = replace(entry, effect="undone")


def _entry(action: Action, effect: str, why: str) -> Entry:
    return Entry(
        hash=action.hash,
        type=action.type,
        at_ms=action.stamp.ms,
        actor=action.actor,
        role=action.role,
        effect=effect,
        why=why,
        refs=_refs(action),
        photos=() if action.version != BODY_VERSION else tuple(action.body.get("photos", ())),
        auto=action.body.get("auto", False) is True,
    )


def _refs(action: Action) -> dict[str, UUID]:
    if action.version != BODY_VERSION:
        return {}
    raw = action.body.get("refs", {})
    return {kind: UUID(value["key"]) for kind, value in raw.items()}


def _apply(state: CaseState | None, action: Action, rules: RuleBook) -> CaseState:
    move = rules.workflow.moves[action.type]
    after = _report(action, rules) if state is None else state
    effect = _EFFECTS.get(action.type)
    if effect is not None:
        after = effect(after, action)
    after = replace(after, step=move.target, clocks=_clocks(after, move, action, rules))
    return after


def _report(action: Action, rules: RuleBook) -> CaseState:
    body = action.body
    matter = body.get("matter", "")
    return CaseState(
        uid=action.subject,
        receipt=body.get("receipt", ""),
        step="",
        lon_e7=body["lon_e7"],
        lat_e7=body["lat_e7"],
        source=body.get("source", "unknown"),
        reported_ms=body.get("at_ms", action.stamp.ms),
        matter=matter if matter in rules.matters else "",
        grid=_uid(body, "grid"),
        street=_uid(body, "street"),
        district=_uid(body, "district"),
        sample=body.get("sample", False),
        placed=placed_of(body.get("placed")),
        refs=_refs(action),
        photos=tuple(body.get("photos", ())),
    )


def _filed(state: CaseState, action: Action) -> CaseState:
    return replace(
        state, matter=action.body["matter"], number=action.body.get("number", state.number)
    )


def _dispatched(state: CaseState, action: Action) -> CaseState:
    body = action.body
    return replace(
        state,
        unit=_uid(body, "unit"),
        post=_uid(body, "post"),
        person=_uid(body, "person"),
        reasons=tuple(body.get("reasons", ())),
        auto=bool(body.get("auto", False)),
    )


def _handled(state: CaseState, action: Action) -> CaseState:
    photos = (*state.photos, *action.body.get("photos", ()))
    return replace(state, handler=action.actor, photos=photos)


def _returned(state: CaseState, action: Action) -> CaseState:
    return replace(state, returned=state.returned + 1, unit=None, post=None, person=None)


def _reworked(state: CaseState, action: Action) -> CaseState:
    return replace(state, reworked=state.reworked + 1)


_EFFECTS: dict[str, Callable[[CaseState, Action], CaseState]] = {
    "file": _filed,
    "dispatch": _dispatched,
    "handle": _handled,
    "return": _returned,
    "rework": _reworked,
}


def _uid(body: Mapping[str, object], name: str) -> UUID | None:
    value = body.get(name)
    return UUID(value) if isinstance(value, str) and value else None


def _clocks(state: CaseState, move: Move, action: Action, rules: RuleBook) -> tuple[Clock, ...]:
    now = action.stamp.ms
    kept = tuple(
        replace(clock, stopped_ms=now)
        if clock.name in move.stops and clock.stopped_ms is None
        else clock
        for clock in state.clocks
    )
    started = tuple(start_clock(name, now, state.matter, rules) for name in move.starts)
    return (*kept, *started)


def start_clock(name: str, start_ms: int, matter: str, rules: RuleBook) -> Clock:
    """Return the clock `name` of a case of `matter` started at `start_ms` (Unix ms)."""
    start = datetime.fromtimestamp(start_ms / 1000, UTC)
    due = rules.calendar.due(start, rules.limit(matter, name))
    beyond = due.date() > rules.calendar.known_until
    return Clock(name, start_ms, int(due.timestamp() * 1000), provisional=beyond)
