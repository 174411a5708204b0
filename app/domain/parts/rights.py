"""Who may change parts and grids: one small table, the same for command, fold and window."""

from __future__ import annotations

from collections.abc import Collection, Mapping

_KEEPERS = ("supervisor", "dispatcher", "shift_lead", "duty_leader")
PART_RIGHTS: Mapping[str, tuple[str, ...]] = {
    "state": (*_KEEPERS, "handler"),  # who mends a thing says that it is whole again
    "edit": _KEEPERS,
    "add": _KEEPERS,
    "retire": _KEEPERS,
    "undo": ("dispatcher", "shift_lead", "duty_leader"),  # of what another did
    "grids": ("shift_lead", "duty_leader"),
}


def right_for(fields: Collection[str]) -> str:
    """Return the right that a change of these fields of a part needs."""
    if "retired" in fields:
        return "retire"
    return "state" if set(fields) == {"state"} else "edit"


def may(role: str, right: str) -> bool:
    """Tell whether a role has a right."""
    return role in PART_RIGHTS[right]
