"""Who sits here and what is chosen: the view state that the parts of a station share."""

from __future__ import annotations

from uuid import UUID

from PySide6.QtCore import QObject, Signal

from app.domain.areas import Area
from app.services.commands import Actor
from widgets.i18n import language, set_language
from widgets.theme import Theme, load_theme

NOBODY = UUID(int=0)


class Session(QObject):
    """View state. Setting anything emits its signal, once, if it is other than before."""

    case_changed = Signal(object)
    who_changed = Signal()
    theme_changed = Signal(object)
    language_changed = Signal()
    path_changed = Signal()

    def __init__(
        self, parent: QObject | None = None, *, theme: str = "light", role: str = "dispatcher"
    ) -> None:
        super().__init__(parent)
        self.theme: Theme = load_theme(theme)
        self.actor = Actor(NOBODY, role)
        self.name = ""
        self.case: UUID | None = None
        self.path: tuple[Area, ...] = ()

    def choose(self, case: UUID | None) -> None:
        """Choose a case everywhere."""
        if case != self.case:
            self.case = case
            self.case_changed.emit(case)

    def become(self, person: UUID, name: str, role: str) -> None:
        """Act as another person or in another role from now on."""
        self.actor, self.name = Actor(person, role), name
        self.who_changed.emit()

    def go(self, path: tuple[Area, ...]) -> None:
        """Be in another area; `path` from the district down, empty for the whole city."""
        self.path = path
        self.path_changed.emit()

    def turn_theme(self) -> None:
        """Change between light and dark."""
        self.set_theme("light" if self.theme.dark else "dark")

    def set_theme(self, name: str) -> None:
        """Take the theme of that name."""
        self.theme = load_theme(name)
        self.theme_changed.emit(self.theme)

    def turn_language(self) -> None:
        """Change between Chinese and English."""
        self.set_language("en" if language() == "zh" else "zh")

    def set_language(self, lang: str) -> None:
        """Speak `lang`."""
        set_language(lang)
        self.language_changed.emit()
