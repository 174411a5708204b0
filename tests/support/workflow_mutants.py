"""Workflow files with one to four things changed, as a tired hand or a bad merge would."""

from __future__ import annotations

import copy
import random
from typing import Any

_LISTS = (
    "from", "roles", "requires", "not_by", "starts", "stops", "pauses", "resumes", "extends",
    "needs",
)  # fmt: skip
_NOISE = ("", "x", "undo", "machine", "reported", 7, None, True, [], {}, ["handler"], [None])


def mutant(raw: dict[str, Any], rng: random.Random) -> dict[str, Any]:
    """Return a changed copy of a plain workflow file."""
    changed = copy.deepcopy(raw)
    for _ in range(rng.choice((1, 1, 1, 2, 3, 4))):
        rng.choice((_list, _list, _list, _target, _drop, _double, _state, _noise, _chain))(
            changed, rng
        )
    return changed


def _moves(raw: dict[str, Any]) -> list[dict[str, Any]]:
    moves = raw.get("moves")
    return [one for one in moves if isinstance(one, dict)] if isinstance(moves, list) else []


def _list(raw: dict[str, Any], rng: random.Random) -> None:
    moves = _moves(raw)
    if not moves:
        return
    one, key = rng.choice(moves), rng.choice(_LISTS)
    others = [name for other in moves if isinstance(other.get(key), list) for name in other[key]]
    held = list(one[key]) if isinstance(one.get(key), list) else []
    if held and rng.random() < 0.6:
        held.remove(rng.choice(held))
    elif others:
        held.append(rng.choice(others))
    one[key] = held


def _target(raw: dict[str, Any], rng: random.Random) -> None:
    moves, held = _moves(raw), raw.get("states")
    states = list(held) if isinstance(held, dict) else []
    if moves and states:
        rng.choice(moves)["to"] = rng.choice(states)


def _drop(raw: dict[str, Any], rng: random.Random) -> None:
    if _moves(raw):
        raw["moves"].remove(rng.choice(_moves(raw)))


def _double(raw: dict[str, Any], rng: random.Random) -> None:
    if _moves(raw):
        one = copy.deepcopy(rng.choice(_moves(raw)))
        if rng.random() < 0.7:
            one["name"] = f"{one.get('name')}_again"
        raw["moves"].append(one)


def _state(raw: dict[str, Any], rng: random.Random) -> None:
    states = raw.get("states")
    if not isinstance(states, dict) or not states:
        return
    name = rng.choice(list(states))
    if rng.random() < 0.5:
        del states[name]
    elif isinstance(states[name], dict):
        states[name]["open"] = not states[name].get("open")


def _noise(raw: dict[str, Any], rng: random.Random) -> None:
    at: Any = raw
    for _ in range(rng.randint(1, 4)):
        keys = list(at) if isinstance(at, dict) else list(range(len(at)))
        if not keys:
            return
        key = rng.choice(keys)
        if rng.random() < 0.4 or not isinstance(at[key], dict | list):
            at[key] = copy.deepcopy(rng.choice(_NOISE))
            return
        at = at[key]


def _chain(raw: dict[str, Any], rng: random.Random) -> None:
    chains = raw.get("chains")
    if not isinstance(chains, list) or not chains:
        return
    if rng.random() < 0.5:
        chains.remove(rng.choice(chains))
        return
    one = rng.choice(chains)
    if isinstance(one, dict) and isinstance(one.get("steps"), list):
        one["steps"] = rng.choice(([], [[]], [["machine"]], [["shift_lead"], ["shift_lead"]]))
