"""What a part's history says in words: who, when, what, why; and what a change brought about."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from app.domain.cases import E7
from app.domain.parts.record import ATTR, STATES
from app.domain.parts.register import Step
from app.services.parts_views import PartStory
from widgets.i18n import tr, tr_or
from widgets.words import local, person_named

_TOLD = ("part_grid", "part_code", "part_county")
_LEFT_OUT = ("grid", "retired")


def history_lines(story: PartStory) -> list[str]:
    """Return one line a step, oldest first, then one for each conflict."""
    steps = story.state.steps if story.state else ()
    lines = [_step_line(one, story) for one in steps]
    for one in story.state.conflicts if story.state else ():
        said = (value_words(one.field, one.value), value_words(one.field, one.other_value))
        lines.append(tr("part.conflict", field=field_name(one.field), one=said[0], other=said[1]))
    return lines


def note_words(notes: Sequence[str]) -> str:
    """Return what to tell of a change's notes; empty if there is nothing."""
    told = []
    for note in notes:
        kind, *words = note.split(" ")
        if kind in _TOLD:
            told.append(tr(f"part.note_{kind}", a=words[0] if words else "",
                           b=words[-1] if words else ""))  # fmt: skip
        elif kind == "map_waits":
            told.append(tr("part.note_waits"))
    return "  ".join(told)


def field_name(name: str) -> str:
    """Return the name of a field in the language spoken now."""
    if name.startswith(ATTR):
        return name.removeprefix(ATTR)
    return tr_or(f"part.{name}", name)


def value_words(name: str, value: Any) -> str:
    """Return a field's value as a person reads it."""
    if name == "state" and isinstance(value, int):
        return tr(f"part.{STATES[value]}")
    if name == "place" and value:
        return f"{value[0] / E7:.6f}, {value[1] / E7:.6f}"
    return str(value)


def _step_line(step: Step, story: PartStory) -> str:
    who = person_named(story.names.get(step.actor, "")) or tr(f"role.{step.role}")
    changed = [
        f"{field_name(name)} {value_words(name, step.old.get(name, ''))}→{value_words(name, value)}"
        for name, value in step.new.items()
        if name not in _LEFT_OUT and (step.type != "part_added" or name == "code")
    ]
    effect = "" if step.effect == "applied" else f"({tr(f'part.{step.effect}')})"
    words = (
        f"{local(step.at_ms):%m-%d %H:%M}", who, tr(f"part.{step.type.removeprefix('part_')}"),
        "; ".join(changed), effect, story.reasons.get(step.hash, ""),
    )  # fmt: skip
    return " ".join(word for word in words if word)
