"""What the keys of the field do, in one table."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from app.shell.deeds import Deed
from widgets.field_bar import FACES

if TYPE_CHECKING:
    from app.shell.field import Field

_MOVE_KEYS = ("S", "H", "B", "P", "R")


def field_deeds(field: Field) -> tuple[Deed, ...]:
    """Return everything a key can do in the field."""
    moves = tuple(
        Deed(f"key_{key}", f"help.{key.lower()}", "decide", (key,), partial(field.press_here, key))
        for key in _MOVE_KEYS
    )
    pages = tuple(
        Deed(f"page_{face}", f"field.{face}", "window", (f"Ctrl+{n}",),
             partial(field.show_face, face))
        for n, face in enumerate(FACES, 1)
    )  # fmt: skip
    session, step = field.session, field.inbox.step
    return (
        *moves,
        Deed("undo", "help.undo", "decide", ("Ctrl+Z",), field.work.undo),
        Deed("photos", "help.photos", "decide", ("O",), field.choose_folder),
        Deed("next", "help.j", "select", ("J", "Down"), partial(step, 1)),
        Deed("previous", "help.k", "select", ("K", "Up"), partial(step, -1)),
        *pages,
        Deed("report", "help.report", "window", ("Ctrl+N",), partial(field.show_face, "form")),
        Deed("who", "help.who", "window", ("W",), field.become_next),
        Deed("language", "help.language", "window", ("Ctrl+Shift+L",), session.turn_language),
        Deed("full", "help.full", "window", ("F11",), field.turn_full),
        Deed("help", "help.title", "window", ("F1", "?"), field.open_help),
        Deed("close", "help.close", "window", ("Esc",), field.escape),
    )
