"""Print 打印 at the desk: view, atlas or selection on paper, made by the QGIS process.

The view with its cases is the window's own picture; everything else QGIS draws from the map.
Nothing here waits. Without QGIS a person is told what is missing.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from app.domain.errors import AppError, NotFound
from app.domain.page_setup import PageSetup
from app.engines.qgis_protocol import Atlas, Printed, Sheet
from app.shell.bridge import Bridge
from app.shell.print_sheet import extent_of, sheet_of
from app.store import Store
from widgets.i18n import language, tr
from widgets.map_view import MapView
from widgets.notice import error_words
from widgets.palette import Command
from widgets.print_form import PrintChoice, PrintForm
from widgets.theme import Theme
from widgets.words import local

_DEEDS = ("street", "grid")
_NAME = "atlas:"
_TELL_EACH = 5  # pages


@dataclass(frozen=True)
class PrintWish:
    """What an atlas is to hold: an area (its code, empty for the city) by tier, or an extent.

    `extent` and `shape` (WKT) are local metres, `template` a name or a path.
    """

    area: str
    tier: str
    template: str
    with_base: bool
    lang: str
    setup: PageSetup
    extent: tuple[float, float, float, float] | None = None
    heading: float = 0.0
    shape: str = ""


class SheetPrinter(Protocol):
    """What prints: `app.engines.qgis_client.QgisProcess` fulfils it."""

    def print_sheet(self, sheet: Sheet, path: Path) -> Future[Printed]: ...

    def print_atlas(
        self, atlas: Atlas, path: Path, progress: Callable[[int, int], None] = ...
    ) -> Future[Printed]: ...


class PrintPlans(Protocol):
    """Says what is to be printed; `app.assembly.basemap_shelf.BaseMapShelf` fulfils it."""

    def plan_print(self, wish: PrintWish) -> Future[Atlas]:
        """Find out, on another thread."""

    def templates(self) -> Sequence[str]:
        """Return the names of the templates."""


class Printing(QObject):
    """Asks, shows, prints. `told` carries a sentence, `failed` an error, `chosen` plain values."""

    told = Signal(str)
    failed = Signal(object)
    chosen = Signal(object)
    _paged = Signal(int, int)

    def __init__(
        self, printer: SheetPrinter | None, plans: PrintPlans | None, bridge: Bridge,
        view: MapView, theme: Theme, parent: QWidget,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._printer, self._plans, self._bridge, self._view = printer, plans, bridge, view
        self._window = parent
        self.form = PrintForm(theme, parent)
        self.area: Callable[[], str] = str  # the code of the area one looks at
        self.shape: Callable[[], Any] = _nothing  # what is selected, local metres
        self._choice = PrintChoice()
        self._store: Store | None = None
        self._title = ""
        self._preview: Future[Any] | None = None
        self._printing: Future[Printed] | None = None
        self._path = Path()
        self.form.print_wanted.connect(self._on_print)
        self.form.preview_wanted.connect(self._on_preview)
        self.form.template_wanted.connect(self._on_template)
        self.form.stop_wanted.connect(self.stop)
        self._paged.connect(self._on_page)

    def load(self, plain: Mapping[str, Any]) -> None:
        """Take what was chosen last."""
        self._choice = PrintChoice.from_plain(plain)

    def open(self, store: Store, title: str, content: str = "") -> None:
        """Open the form, on the last choice or on `content`."""
        if self._printer is None:
            self.told.emit(tr("print.missing"))
            return
        self._store, self._title = store, title
        choice = replace(self._choice, content=content) if content else self._choice
        names = self._plans.templates() if self._plans is not None else ("atlas",)
        self.form.open_with(choice, names, selection=self.shape() is not None, title="")

    def commands(self) -> list[Command]:
        """Return what the palette offers."""
        if self._printer is None or self._plans is None:
            return []
        return [Command(_NAME + tier, tr(f"atlas.{tier}")) for tier in _DEEDS]

    def take(self, name: str, store: Store, title: str) -> bool:
        """Do what a command of ours says; returns whether it was one."""
        if not name.startswith(_NAME):
            return False
        self.open(store, title, name.removeprefix(_NAME))
        return True

    def stop(self) -> None:
        """Give up the print that goes on; it leaves nothing behind."""
        printing, self._printing = self._printing, None
        if printing is not None:
            printing.cancel()
            self.told.emit(tr("atlas.stopped"))
        self.form.show_progress(0, 0)

    def print_to(self, path: Path, choice: PrintChoice, store: Store, title: str) -> None:
        """Print what is chosen into `path`."""
        if self._printer is None:
            self.told.emit(tr("print.missing"))
            return
        self._path, self._store, self._title = path, store, title
        self._choice = choice
        self.chosen.emit(choice.plain())
        self.form.show_progress(0, 1)
        self.told.emit(tr("print.begun"))
        if choice.content == "cases":
            sheet = self.sheet(store, title, choice.setup)
            self._follow_print(lambda: self._printer_of().print_sheet(sheet, path))
        else:
            self._plan(choice, self._on_planned, self._on_failed)

    def sheet(self, store: Store, title: str, setup: PageSetup | None = None) -> Sheet:
        """Return the view as it stands now, with its cases."""
        facts, now = self._bridge.core.facts, self._bridge.now_ms()
        return sheet_of(self._view, store, facts, title, setup or PageSetup(), now)

    # ---- printing ------------------------------------------------------------------------

    def _on_print(self, choice: PrintChoice) -> None:
        stamp = f"{local(self._bridge.now_ms()):%Y%m%d-%H%M}"
        word = tr("atlas.file" if choice.content in _DEEDS else "print.file")
        proposal = str(Path.home() / f"{word}-{stamp}.{choice.kind}")
        kinds = f"{choice.kind.upper()} (*.{choice.kind})"
        name, _ = QFileDialog.getSaveFileName(self._window, tr("print.go"), proposal, kinds)
        if name and self._store is not None:
            path = Path(name)
            if path.suffix.lower() != f".{choice.kind}":
                path = path.with_name(f"{path.name}.{choice.kind}")
            self.print_to(path, choice, self._store, self._title)

    def _printer_of(self) -> SheetPrinter:
        assert self._printer is not None
        return self._printer

    def _plan(
        self, choice: PrintChoice, done: Callable[[Atlas], None],
        failed: Callable[[BaseException], None],
    ) -> None:  # fmt: skip
        if self._plans is None:
            failed(NotFound("Only this view with its cases can be printed here.", field="content"))
            return
        try:
            planned = self._plans.plan_print(self._wish(choice))
        except AppError as error:
            failed(error)
            return
        self._bridge.follow(planned, done, failed)

    def _wish(self, choice: PrintChoice) -> PrintWish:
        wish = PrintWish(
            self.area(), choice.content if choice.content in _DEEDS else "", choice.template,
            choice.with_base, language(), choice.setup,
        )  # fmt: skip
        if choice.content == "selection":
            shape = self.shape()
            return replace(wish, extent=_grown(shape.bounds), shape=shape.wkt)
        if choice.content == "view":
            camera = self._view.camera
            return replace(wish, extent=extent_of(camera), heading=camera.heading)
        return wish

    def _on_planned(self, atlas: Atlas) -> None:
        if len(atlas.rows):
            self.told.emit(tr("atlas.begun", n=len(atlas.rows)))
        path = self._path
        self._follow_print(lambda: self._printer_of().print_atlas(atlas, path, self._tell))

    def _follow_print(self, begin: Callable[[], Future[Printed]]) -> None:
        try:
            self._printing = begin()
        except AppError as error:
            self._on_failed(error)
            return
        self._bridge.follow(self._printing, self._on_printed, self._on_failed)

    def _tell(self, done: int, total: int) -> None:
        """Hear of a page (the printer's thread)."""
        self._paged.emit(done, total)

    @Slot(int, int)
    def _on_page(self, done: int, total: int) -> None:
        if self._printing is None:
            return
        self.form.show_progress(done, total)
        if done % _TELL_EACH == 0 and done < total:
            self.told.emit(tr("atlas.page", n=done, total=total))

    def _on_printed(self, printed: Printed) -> None:
        self._printing = None
        self.form.show_progress(0, 0)
        self.form.leave()
        files = ", ".join(str(path) for path in printed.files[:3])
        files += " …" if len(printed.files) > 3 else ""
        said = tr("print.done", n=printed.pages, files=files)
        if printed.trouble:
            said = f"{said} {tr('print.without_base', why=printed.trouble)}"
        self.told.emit(said)

    def _on_failed(self, error: BaseException) -> None:
        self._printing = None
        self.form.show_progress(0, 0)
        if isinstance(error, CancelledError):
            return
        if self.form.isVisible():
            self.form.say(" ".join(filter(None, error_words(error))))
        else:
            self.failed.emit(error)

    # ---- preview -------------------------------------------------------------------------

    def _on_preview(self, choice: PrintChoice) -> None:
        if self._preview is not None:
            self._preview.cancel()
        if choice.content == "cases":
            self.form.no_preview(tr("print.preview_cases"))
        else:
            self._plan(choice, self._draw_preview, self._on_no_preview)

    def _draw_preview(self, atlas: Atlas) -> None:
        if not self.form.isVisible():
            return
        pages = max(1, len(atlas.rows))
        words = replace(atlas.words, page=atlas.words.page.format(page=1, pages=pages))
        first = replace(atlas, rows=tuple(atlas.rows[:1]), preview=True, words=words)
        folder = Path(tempfile.mkdtemp(prefix="wangge-preview-"))
        self._preview = self._printer_of().print_atlas(first, folder / "page.png")
        picture = _read(self._preview, folder)
        self._bridge.follow(picture, _Shown(self.form, pages).show, self._on_no_preview)

    def _on_no_preview(self, error: BaseException) -> None:
        self.form.no_preview(error_words(error)[0])

    def _on_template(self) -> None:
        title, kinds = tr("print.template_other"), "QGIS (*.qpt)"
        name, _ = QFileDialog.getOpenFileName(self._window, title, str(Path.home()), kinds)
        self.form.take_template(name)


class _Shown:
    """Where a picture of the first of so many pages is shown."""

    def __init__(self, form: PrintForm, pages: int) -> None:
        self._form, self._pages = form, pages

    def show(self, picture: bytes) -> None:
        """Show it."""
        self._form.show_preview(picture, self._pages)


def _read(printing: Future[Printed], folder: Path) -> Future[bytes]:
    """Return the bytes of what is printed; the folder goes however it ends."""
    picture: Future[bytes] = Future()

    def over(done: Future[Printed]) -> None:
        try:
            picture.set_result(done.result().files[0].read_bytes())
        except CancelledError:
            picture.cancel()
        except (AppError, OSError) as error:
            picture.set_exception(error)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    printing.add_done_callback(over)
    return picture


def _nothing() -> None:
    """Nothing is selected."""


def _grown(box: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """Return the box of a selection with a little around it; never empty."""
    by = max(5.0, 0.03 * max(box[2] - box[0], box[3] - box[1]))
    return (box[0] - by, box[1] - by, box[2] + by, box[3] + by)
