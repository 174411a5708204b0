"""Reads a workflow from its plain form and refuses what cannot be sound, naming the place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from app.domain.errors import InvalidInput
from app.domain.workflow import checks, model
from app.domain.workflow.grammar import (
    EFFECTS,
    PHASES,
    Chain,
    ClockKind,
    Fact,
    Move,
    Step,
    TaskRule,
    Workflow,
)

_FILE_KEYS = {"name", "zh", "en", "clocks", "facts", "states", "moves", "chains", "tasks"}
_STATE_KEYS = {"zh", "en", "national", "open", "phase"}
_CLOCK_KEYS = {"zh", "en"}
_FACT_KEYS = {"zh", "en", "values"}
_CHAIN_KEYS = {"move", "grade", "zh", "en", "steps"}
_TASK_KEYS = {"states", "roles", "clock"}
_MOVE_LISTS = {
    "from": "sources", "roles": "roles", "requires": "requires", "not_by": "not_by",
    "starts": "starts", "stops": "stops", "pauses": "pauses", "resumes": "resumes",
    "extends": "extends", "needs": "needs",
}  # fmt: skip
_MOVE_TEXTS = ("name", "zh", "en", "to", "key", "effect")
_MOVE_KEYS = {*_MOVE_LISTS, *_MOVE_TEXTS, "when", "sets", "approval", "machine"}
_MOVE_NEEDED = ("name", "zh", "en", "from", "to", "roles")
_MOST = {"states": 64, "moves": 256, "facts": 8, "clocks": 16, "chains": 64}
_TEXT_MOST = 200


def parse_workflow(raw: Mapping[str, Any]) -> Workflow:
    """Read and check a workflow; `raw` is the parsed TOML.

    Raises `InvalidInput` whose `field` is the place, for unknown words of the grammar, a state
    that cannot be reached, an open state without a way to the end, a move that nobody may make,
    a clock that never stops, and what the machine may never do.
    """
    _table(raw, "workflow", _FILE_KEYS)
    _not_too_many(raw)
    clocks = {n: _clock(n, v) for n, v in _named(raw, "clocks")}
    facts = {n: _fact(n, v) for n, v in _named(raw, "facts")}
    steps = {n: _step(n, v) for n, v in _named(raw, "states")}
    moves: dict[str, Move] = {}
    for value in _rows(raw, "moves"):
        move = _move(value)
        if move.name in moves:
            raise InvalidInput(f"moves.{move.name} stands twice.", field=f"moves.{move.name}")
        moves[move.name] = move
    workflow = Workflow(
        name=_text(raw, "name", "name", needed=False),
        steps=steps,
        moves=moves,
        clocks=clocks or _clocks_of(moves.values()),
        facts=facts,
        chains=tuple(_chain(value, i) for i, value in enumerate(_rows(raw, "chains"))),
        tasks=_tasks(raw.get("tasks", {})),
        zh=_text(raw, "zh", "zh", needed=False),
        en=_text(raw, "en", "en", needed=False),
    )
    checks.check(workflow)
    model.check(workflow)
    return workflow


def _not_too_many(raw: Mapping[str, Any]) -> None:
    for key, most in _MOST.items():
        value = raw.get(key, ())
        if isinstance(value, Mapping | list) and len(value) > most:
            raise InvalidInput(f"A workflow may have {most} {key}, not {len(value)}.", field=key)


def _table(raw: Any, where: str, known: Collection[str]) -> Mapping[str, Any]:
    if not isinstance(raw, Mapping):
        raise InvalidInput(f"{where} must be a table.", field=where)
    unknown = {str(key) for key in raw} - set(known)
    if unknown:
        raise InvalidInput(f"{where} has unknown keys: {sorted(unknown)}.", field=where)
    return raw


def _named(raw: Mapping[str, Any], key: str) -> list[tuple[str, Any]]:
    value = raw.get(key, {})
    if not isinstance(value, Mapping):
        raise InvalidInput(f"{key} must be a table.", field=key)
    return [(str(name), one) for name, one in value.items()]


def _rows(raw: Mapping[str, Any], key: str) -> list[Any]:
    value = raw.get(key, [])
    if not isinstance(value, list):
        raise InvalidInput(f"{key} must be a list of tables.", field=key)
    return value


def _text(raw: Mapping[str, Any], key: str, where: str, *, needed: bool = True) -> str:
    value = raw.get(key, None if needed else "")
    if value is None:
        raise InvalidInput(f"{where} lacks {key!r}.", field=where)
    if not isinstance(value, str) or len(value) > _TEXT_MOST or (needed and not value.strip()):
        raise InvalidInput(
            f"{key} of {where} must be text of 1 to {_TEXT_MOST} letters.", field=where
        )
    return value


def _flag(raw: Mapping[str, Any], key: str, where: str) -> bool:
    value = raw.get(key, False)
    if not isinstance(value, bool):
        raise InvalidInput(f"{key} of {where} must be true or false.", field=where)
    return value


def _words(raw: Mapping[str, Any], key: str, where: str) -> tuple[str, ...]:
    value = raw.get(key, [])
    if not isinstance(value, list) or not all(isinstance(one, str) and one for one in value):
        raise InvalidInput(f"{key} of {where} must be a list of names.", field=where)
    if len(set(value)) != len(value):
        raise InvalidInput(f"{key} of {where} names one thing twice.", field=where)
    return tuple(value)


def _step(name: str, value: Any) -> Step:
    where = f"states.{name}"
    raw = _table(value, where, _STATE_KEYS)
    if "open" not in raw:
        raise InvalidInput(f"{where} lacks 'open'.", field=where)
    words = [_text(raw, key, where) for key in ("zh", "en", "national", "phase")]
    if words[3] not in PHASES:
        raise InvalidInput(
            f"{where} has the unknown phase {words[3]!r}.",
            field=where,
            advice="One of: " + ", ".join(PHASES),
        )
    return Step(name, words[0], words[1], words[2], words[3], _flag(raw, "open", where))


def _clock(name: str, value: Any) -> ClockKind:
    where = f"clocks.{name}"
    raw = _table(value, where, _CLOCK_KEYS)
    return ClockKind(name, _text(raw, "zh", where), _text(raw, "en", where))


def _fact(name: str, value: Any) -> Fact:
    where = f"facts.{name}"
    raw = _table(value, where, _FACT_KEYS)
    values = raw.get("values")
    if not isinstance(values, Mapping) or not 1 <= len(values) <= 8:
        raise InvalidInput(f"{where} must have 1 to 8 values.", field=where)
    named: dict[str, tuple[str, str]] = {}
    for one, words in values.items():
        inner = _table(words, f"{where}.values.{one}", {"zh", "en"})
        place = f"{where}.values.{one}"
        named[str(one)] = (_text(inner, "zh", place), _text(inner, "en", place))
    return Fact(name, _text(raw, "zh", where), _text(raw, "en", where), named)


def _move(value: Any) -> Move:
    if not isinstance(value, Mapping):
        raise InvalidInput("Each of moves must be a table.", field="moves")
    where = f"moves.{value.get('name', '?')}"
    raw = _table(value, where, _MOVE_KEYS)
    for key in _MOVE_NEEDED:
        if key not in raw:
            raise InvalidInput(f"{where} lacks {key!r}.", field=where)
    lists = {field: _words(raw, key, where) for key, field in _MOVE_LISTS.items()}
    name = _text(raw, "name", where)
    effect = _text(raw, "effect", where, needed=False)
    return Move(
        name=name,
        zh=_text(raw, "zh", where),
        en=_text(raw, "en", where),
        target=_text(raw, "to", where),
        when=_when(raw.get("when", []), where),
        sets=_sets(raw.get("sets", {}), where),
        effect=effect or (name if name in EFFECTS else ""),
        approval=_flag(raw, "approval", where),
        machine=_flag(raw, "machine", where),
        key=_text(raw, "key", where, needed=False),
        **lists,
    )


def _when(value: Any, where: str) -> tuple[Mapping[str, tuple[str, ...]], ...]:
    tables = value if isinstance(value, list) else [value] if value else []
    if not all(isinstance(one, Mapping) and one for one in tables):
        raise InvalidInput(f"when of {where} must be a table of facts.", field=where)
    return tuple({str(fact): _words(one, fact, where) for fact in one} for one in tables)


def _sets(value: Any, where: str) -> Mapping[str, str]:
    if not isinstance(value, Mapping) or not all(isinstance(v, str) for v in value.values()):
        raise InvalidInput(f"sets of {where} must be a table of facts.", field=where)
    return {str(fact): one for fact, one in value.items()}


def _chain(value: Any, number: int) -> Chain:
    where = f"chains.{number + 1}"
    raw = _table(value, where, _CHAIN_KEYS)
    steps = raw.get("steps")
    if not isinstance(steps, list) or not 1 <= len(steps) <= 8:
        raise InvalidInput(f"{where} must have 1 to 8 steps.", field=where)
    return Chain(
        move=_text(raw, "move", where),
        grade=_text(raw, "grade", where),
        zh=_text(raw, "zh", where),
        en=_text(raw, "en", where),
        steps=tuple(_words({"steps": step}, "steps", where) for step in steps),
    )


def _tasks(value: Any) -> TaskRule:
    raw = _table(value, "tasks", _TASK_KEYS)
    return TaskRule(
        states=_words(raw, "states", "tasks"),
        roles=_words(raw, "roles", "tasks"),
        clock=_text(raw, "clock", "tasks", needed=False),
    )


def _clocks_of(moves: Collection[Move]) -> Mapping[str, ClockKind]:
    names = dict.fromkeys(name for move in moves for name in move.starts)
    return {name: ClockKind(name, name, name) for name in names}
