"""The panel of saved views on one map: between what a person wants there and `MapViews`."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication

from app.domain.errors import AppError, InvalidInput
from app.shell.bridge import Bridge
from app.shell.map_views import MapViews
from app.shell.map_words import view_words
from app.shell.view_pictures import ViewPictures
from widgets.i18n import tr
from widgets.map_ask import MapAsk
from widgets.map_view import MapView
from widgets.theme import Theme
from widgets.views_panel import SavedView, ViewsPanel

SAVE, RENAME, LINK = "save", "rename", "link"


class MapBookmarks(QObject):
    """Owns the panel.

    Signals: `told` a sentence, `failed` an error, `wall_chosen` the link that the wall is to show.
    """

    told = Signal(str)
    failed = Signal(object)
    wall_chosen = Signal(object)

    def __init__(
        self, view: MapView, bridge: Bridge, views: MapViews, ask: MapAsk, theme: Theme,
        parent: QObject, *, touch: bool = False,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._view, self._views, self._ask = view, views, ask
        self._renaming = ""
        self.pictures = ViewPictures(bridge, None, self)
        self.panel = ViewsPanel(theme, view, high=44 if touch else 30)
        self.panel.wanted.connect(self._on_wanted)
        self.pictures.came.connect(self.show)
        views.saved.connect(self._on_saved)

    def keep_pictures(self, folder: Path) -> None:
        """Keep pictures of saved views in a folder from now on."""
        self.pictures.folder = folder

    def turn(self) -> None:
        """Open or close the panel."""
        if not self.panel.leave():
            self.show()
            self.panel.open()
            self.pictures.want(self._views.links.values())

    def show(self) -> None:
        """Fill the panel anew."""
        self.panel.show_views([
            SavedView(name, _words(link), self.pictures.get(link))
            for name, link in self._views.links.items()
        ])  # fmt: skip

    def open(self, link: str) -> None:
        """Show the view of a link; what is wrong with it is told."""
        try:
            self._views.open(link)
        except AppError as error:
            self.failed.emit(error)

    def ask_name(self) -> None:
        """Ask under which name to keep this view."""
        self._ask.ask(SAVE, tr("view.name"))

    def ask_link(self) -> None:
        """Ask for a link to open; one on the clipboard is offered."""
        held = QGuiApplication.clipboard().text().strip()
        self._ask.ask(LINK, tr("view.link"), held if held.startswith("wangge:") else "")

    def answer(self, name: str, text: str) -> bool:
        """Take an answer to a question; returns whether it was asked here."""
        if name == SAVE:
            self._views.save(text)
            self.pictures.take(self._views.links[text], self._view)
        elif name == RENAME:
            self._views.rename(self._renaming, text)
            self.panel.choose(text)
            self.panel.open()
        elif name == LINK:
            self.open(text)
        else:
            return False
        return True

    def _on_wanted(self, deed: str, name: str) -> None:
        views = self._views
        link = views.links.get(name, "")
        match deed:
            case "go":
                self.open(link)
            case "update":
                views.save(name)
                self.pictures.take(views.links[name], self._view)
            case "rename":
                self._renaming = name
                self._ask.ask(RENAME, tr("view.name"), name)
            case "delete":
                views.forget(name)
            case "up" | "down":
                views.move(name, -1 if deed == "up" else 1)
                self.panel.choose(name)
            case "wall":
                self.wall_chosen.emit(link)
                self.told.emit(tr("view.on_wall", name=name))
            case "copy":
                QGuiApplication.clipboard().setText(link)
                self.told.emit(tr("view.copied"))
            case "undo":
                views.undo()

    def _on_saved(self, _links: object) -> None:
        self.show()


def _words(link: str) -> str:
    try:
        return view_words(link)
    except InvalidInput:
        return tr("view.damaged")  # by hand, in the settings; opening it says what is wrong
