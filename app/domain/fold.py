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
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from app.domain.actions import Action
from app.domain.bodies import BODY_VERSION
from app.domain.cases import CaseState, Entry
from app.domain.effects import applied, refs_of
from app.domain.erasure import Erased, erased_by
from app.domain.errors import NotFound
from app.domain.refusals import refusal
from app.domain.rights import beyond_rights
from app.domain.rules import RulesByHash
from app.domain.workflow import ERASE, UNDO
from app.domain.workflow.grammar import REPLY


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
        if why or action.type in (ERASE, REPLY):
            continue
        if action.type == UNDO:
            undone = stack.pop()
            state = undone.before
            _mark_undone(entries, undone.hash)
            continue
        before = state
        state = applied(state, action, rules(action.rules))
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
            if entry.effect != "quarantined" and entry.type not in (ERASE, REPLY)
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
        refs=refs_of(action),
        photos=() if action.version != BODY_VERSION else tuple(action.body.get("photos", ())),
        auto=action.body.get("auto", False) is True,
    )
