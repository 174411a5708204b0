"""Rights as of an action's parents: what its author could not do whatever else happened.

What two people did apart may turn out not to be open, and is then refused by the fold; that is
nobody's fault. What is named here was beyond its author's rights the moment it was signed, judged
by the action, the rule set it pins and its ancestors alone, so that every replica judges alike.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.domain.actions import Action
from app.domain.rules import RulesByHash
from app.domain.workflow import ERASE, ERASE_ROLES, UNDO, Move

UNDO_ROLES = ("dispatcher", "shift_lead")
_HANDLE = "handle"


def beyond_rights(line: Sequence[Action], rules: RulesByHash) -> Mapping[str, str]:
    """Return why, by hash, for the actions of one case that were beyond their author's rights.

    `line` is in the fold's order (parents first), `rules` knows every rule set it pins. The
    reasons are `role` and `handled_it` (who handled a case cannot check it).
    """
    by_hash = {action.hash: action for action in line}
    found: dict[str, str] = {}
    for at, action in enumerate(line):
        move = rules(action.rules).workflow.moves.get(action.type)
        if not _has_role(action, move, by_hash):
            found[action.hash] = "role"
        elif move is not None and "handler" in move.not_by and _handled(action, line[:at]):
            found[action.hash] = "handled_it"
    return found


def _has_role(action: Action, move: Move | None, by_hash: Mapping[str, Action]) -> bool:
    if action.type == ERASE:
        return action.role in ERASE_ROLES
    if action.type == UNDO:
        undone = by_hash.get(str(action.body.get("undoes", "")))
        return undone is None or undone.actor == action.actor or action.role in UNDO_ROLES
    return move is None or action.role in move.roles


def _handled(action: Action, earlier: Sequence[Action]) -> bool:
    """Tell whether the author handled the case last, of what the author had seen."""
    seen = set(action.parents)
    for one in reversed(earlier):
        if one.hash not in seen:
            continue
        if one.type == _HANDLE:
            return one.actor == action.actor
        seen.update(one.parents)
    return False
