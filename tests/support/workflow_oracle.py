"""Whether a workflow file is sound, said by other means than the program's own walk.

Works on the plain file alone. Situations are grown to a fixed point as tuples, then those from
where an end can be reached are grown backwards the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

KINDS = ("officer", "citizen", "hotline", "device", "police")
Situation = tuple[str, frozenset[tuple[str, str]], frozenset[tuple[str, str]]]


def fault_of(raw: dict[str, Any]) -> str:
    """Return what is wrong with a readable file, an empty text if it is sound."""
    moves = {one["name"]: one for one in raw["moves"]}
    try:
        edges = grown(moves)
    except ValueError as error:
        return str(error)
    return (
        fault_of_persons(raw, edges)
        or fault_of_ends(raw, edges)
        or fault_of_reach(raw, moves, edges)
    )


def grown(moves: dict[str, Any]) -> dict[Situation, list[tuple[str, Situation]]]:
    """Return every situation with the moves open there and where they lead."""
    create = moves["report"]
    found: dict[Situation, list[tuple[str, Situation]]] = {}
    fresh = {
        (
            create["to"],
            frozenset({"source": kind, **create.get("sets", {})}.items()),
            frozenset((clock, "runs") for clock in create.get("starts", ())),
        )
        for kind in KINDS
    }
    while fresh:
        for situation in fresh:
            found[situation] = [(one["name"], then(situation, one)) for one in on(situation, moves)]
        fresh = {after for edges in found.values() for _, after in edges} - found.keys()
    return found


def on(situation: Situation, moves: dict[str, Any]) -> Iterator[dict[str, Any]]:
    step, facts, _ = situation
    known = dict(facts)
    for one in moves.values():
        when = one.get("when", [])
        tables = [when] if isinstance(when, dict) and when else list(when)
        fits = [all(known.get(f) in values for f, values in table.items()) for table in tables]
        if step in one["from"] and (not fits or True in fits):
            yield one


def then(situation: Situation, one: dict[str, Any]) -> Situation:
    _, facts, clocks = situation
    held = dict(clocks)
    for clock in one.get("stops", ()):
        held.pop(clock, None)
    before = dict(held)
    for clock, how in before.items():
        if how == "runs" and clock in one.get("pauses", ()):
            held[clock] = "stands"
        if how == "stands" and clock in one.get("resumes", ()):
            held[clock] = "runs"
    for clock in one.get("starts", ()):
        if clock in held:
            raise ValueError(f"{one['name']} starts {clock} twice")
        held[clock] = "runs"
    known = dict(facts) | one.get("sets", {})
    return one["to"], frozenset(known.items()), frozenset(held.items())


def fault_of_persons(raw: dict[str, Any], edges: dict[Situation, list[Any]]) -> str:
    roles = {one["name"]: set(one["roles"]) - {"machine"} for one in raw["moves"]}
    for (step, _, _), ways in edges.items():
        if raw["states"][step]["open"] and not any(roles[name] for name, _ in ways):
            return f"nobody at {step}"
    return ""


def fault_of_ends(raw: dict[str, Any], edges: dict[Situation, list[Any]]) -> str:
    ends = {one for one in edges if not raw["states"][one[0]]["open"]}
    for step, _, clocks in ends:
        if clocks:
            return f"a clock runs at {step}"
    alive = set(ends)
    grew = True
    while grew:
        more = {
            one for one, ways in edges.items()
            if one not in alive and any(after in alive for _, after in ways)
        }  # fmt: skip
        grew = bool(more)
        alive |= more
    lost = edges.keys() - alive
    return f"no end from {next(iter(lost))[0]}" if lost else ""


def fault_of_reach(
    raw: dict[str, Any], moves: dict[str, Any], edges: dict[Situation, list[Any]]
) -> str:
    reached = {step for step, _, _ in edges}
    taken = {name for ways in edges.values() for name, _ in ways} | {"report"}
    unreached = set(raw["states"]) - reached
    never = set(moves) - taken
    return f"unreached {unreached}, never {never}" if unreached or never else ""
