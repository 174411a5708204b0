"""Where a window stood: the only thing kept in Qt's own settings, one place for each station."""

from __future__ import annotations

from PySide6.QtCore import QByteArray, QSettings, QSize
from PySide6.QtWidgets import QWidget

_USUAL = QSize(1920, 1080)


def show_where_it_was(window: QWidget, station: str) -> None:
    """Show a window where it was left; at first as large as usual, or filling a smaller screen.

    The wall is the screen.
    """
    if station == "wall":
        window.resize(_USUAL)
        window.showFullScreen()
        return
    kept = _settings().value(f"geometry/{station}")
    if isinstance(kept, QByteArray) and window.restoreGeometry(kept):
        window.show()
        return
    room = window.screen().availableSize()
    window.resize(_USUAL.boundedTo(room))
    if room.width() > _USUAL.width() and room.height() > _USUAL.height():
        window.show()
    else:
        window.showMaximized()


def keep_place(window: QWidget, station: str) -> None:
    """Remember where a window stands."""
    if station != "wall":
        _settings().setValue(f"geometry/{station}", window.saveGeometry())


def _settings() -> QSettings:
    return QSettings("wangge", "window")
