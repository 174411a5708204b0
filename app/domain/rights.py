"""Rights as of an action's parents: what its author could not do whatever else happened.

What two people did apart may turn out not to be open, and is then refused by the fold; that is
nobody's fault. What is named here was beyond its author's rights the moment it was signed, judged
by the action, the rule set it pins and its ancestors alone, so that every replica judges alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.domain.actions import Action
from app.domain.rules import RuleBook, RulesByHash
from app.domain.sightings import MERGE_ROLES
from app.domain.workflow import ERASE, ERASE_ROLES, UNDO, Move
from app.domain.workflow.grammar import APPROVE, DECLINE, MERGES, REPLY

UNDO_ROLES = ("dispatcher", "shift_lead")
REPLY_ROLES = (*MERGE_ROLES, "machine")
GRANTS = (APPROVE, DECLINE)
HANDLES = ("handle", "fix")  # effects of moves whose author has handled the case


def beyond_rights(line: Sequence[Action], rules: RulesByHash) -> Mapping[str, str]:
    """Return why, by hash, for the actions of one case that were beyond their author's rights.

    `line` is in the fold's order (parents first), `rules` knows every rule set it pins. The
    reasons are `role`, `handled_it` (who handled a case cannot check it) and `asked_it` (nobody
    grants what he asked for). Which workflow a case follows is the fold's to say: here counts what
    no workflow of the rule set would allow.
    """
    by_hash = {action.hash: action for action in line}
    found: dict[str, str] = {}
    for at, action in enumerate(line):
        book = rules(action.rules)
        moves = book.moves_named(action.type)
        if not _has_role(action, moves, book, by_hash):
            found[action.hash] = "role"
        elif action.type in GRANTS and _asked(action, by_hash):
            found[action.hash] = "asked_it"
        elif _is_barred(moves) and _handled(action, line[:at], rules):
            found[action.hash] = "handled_it"
    return found


def _has_role(
    action: Action, moves: Sequence[Move], book: RuleBook, by_hash: Mapping[str, Action]
) -> bool:
    if action.type == ERASE:
        return action.role in ERASE_ROLES
    if action.type == UNDO:
        undone = by_hash.get(str(action.body.get("undoes", "")))
        return undone is None or undone.actor == action.actor or action.role in UNDO_ROLES
    if action.type in GRANTS:
        asked = by_hash.get(str(action.body.get("request", "")))
        return asked is None or book.may_approve(asked.type, action.role)
    if action.type in MERGES:
        return action.role in MERGE_ROLES
    if action.type == REPLY:
        return action.role in REPLY_ROLES
    return not moves or any(action.role in one.roles for one in moves)


def _is_barred(moves: Sequence[Move]) -> bool:
    return bool(moves) and all("handler" in move.not_by for move in moves)


def _asked(action: Action, by_hash: Mapping[str, Action]) -> bool:
    asked = by_hash.get(str(action.body.get("request", "")))
    return asked is not None and asked.actor == action.actor


def _handled(action: Action, earlier: Sequence[Action], rules: RulesByHash) -> bool:
    """Tell whether the author handled the case last, of what the author had seen."""
    seen = set(action.parents)
    for one in reversed(earlier):
        if one.hash not in seen:
            continue
        if any(move.effect in HANDLES for move in rules(one.rules).moves_named(one.type)):
            return one.actor == action.actor
        seen.update(one.parents)
    return False
