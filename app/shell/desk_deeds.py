"""What the keys of the desk do, in one table."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from app.domain.signs import DIMENSIONS
from app.shell.deeds import Deed

if TYPE_CHECKING:
    from app.shell.desk import Desk

_MOVE_KEYS = ("A", "D", "S", "H", "P", "R", "C", "B", "X", "Y", "Q", ".")


def desk_deeds(desk: Desk) -> tuple[Deed, ...]:
    """Return everything a key can do at this desk."""
    moves = tuple(
        Deed(f"key_{key}", f"help.{key.lower()}", "decide", (key,), _Press(desk, key))
        for key in _MOVE_KEYS
    )
    choices = tuple(
        Deed(f"choose_{n}", f"help.choose_{n}", "decide", (str(n),), _Choose(desk, n), False)
        for n in (1, 2, 3)
    )
    boards = tuple(
        Deed(f"board_{n}", f"dimension.{name}", "signs", (f"Alt+{n}",), _Board(desk, n))
        for n, name in enumerate(DIMENSIONS, 1)
    )
    session, step = desk.session, desk.inbox.step
    return (
        Deed("next", "help.j", "select", ("J", "Down"), _Step(step, 1)),
        Deed("previous", "help.k", "select", ("K", "Up"), _Step(step, -1)),
        Deed("page_down", "help.page_down", "select", ("PgDown",), _Step(step, 10), False),
        Deed("page_up", "help.page_up", "select", ("PgUp",), _Step(step, -10), False),
        Deed(
            "tabs", "help.tabs", "select", ("T", "Ctrl+Tab"), _Step(desk.inbox.turn_tab, 1), False
        ),
        Deed("alarm", "help.g", "select", ("G",), desk.see_alarm),
        *moves,
        *choices,
        *boards,
        Deed("photo", "help.photo", "decide", ("O",), desk.panel.open_photo),
        Deed("photos", "help.photos", "decide", ("Ctrl+O",), desk.panel.add_photos),
        Deed("undo", "help.undo", "decide", ("Ctrl+Z",), desk.cases.undo),
        *_map_edits(desk),
        Deed("report", "help.report", "window", ("Ctrl+N",), desk.open_form),
        Deed("palette", "help.palette", "window", ("Ctrl+K",), desk.open_palette, False),
        Deed("print", "help.print", "window", ("Ctrl+P",), desk.print_view),
        Deed("preferences", "settings.title", "window", ("Ctrl+,",), desk.open_preferences),
        Deed("who", "help.who", "window", ("W",), desk.become_next),
        Deed("theme", "help.theme", "window", ("Ctrl+L",), session.turn_theme),
        Deed("language", "help.language", "window", ("Ctrl+Shift+L",), session.turn_language),
        Deed(
            "new_window",
            "help.new_window",
            "window",
            ("Ctrl+Shift+N",),
            desk.new_window_wanted.emit,
        ),
        Deed("full", "help.full", "window", ("F11",), desk.turn_full),
        Deed("city", "command.city", "window", ("Home",), desk.show_city),
        Deed("addresses", "address.title", "window", ("Ctrl+Shift+A",), desk.addresses.open),
        Deed("apart", "apart.title", "window", (), desk.show_apart),
        Deed("help", "help.title", "window", ("F1", "?"), desk.open_help),
        Deed("close", "help.close", "window", ("Esc",), desk.escape, False),
    )


def _map_edits(desk: Desk) -> tuple[Deed, ...]:
    """Return what changes parts and grids."""
    part, grid = desk.cases.part_look, desk.cases.grid_look
    return (
        Deed("part_edit", "part.edit", "window", ("E",), part.edit),
        Deed("part_add", "part.add", "window", (), part.add),
        Deed("grid_split", "grid.split", "window", (), grid.split),
        Deed("grid_merge", "grid.merge", "window", (), grid.merge),
        Deed("grid_undo", "grid.undo", "window", (), grid.undo),
    )


class _Press:
    """A key of the sheet, as a thing to do."""

    def __init__(self, desk: Desk, key: str) -> None:
        self._desk, self._key = desk, key

    def __call__(self) -> None:
        self._desk.press(self._key)


class _Board:
    """A place of the sign strip, as a thing to open."""

    def __init__(self, desk: Desk, number: int) -> None:
        self._desk, self._number = desk, number

    def __call__(self) -> None:
        self._desk.open_board_at(self._number)


class _Choose:
    """A number key, as a thing to do."""

    def __init__(self, desk: Desk, number: int) -> None:
        self._desk, self._number = desk, number

    def __call__(self) -> None:
        self._desk.panel.choose_matter(self._number)


class _Step:
    """A step in a list, as a thing to do."""

    def __init__(self, step: Callable[[int], None], by: int) -> None:
        self._step, self._by = step, by

    def __call__(self) -> None:
        self._step(self._by)
