"""An atlas from the desk: a page for each street or grid of the area one looks at."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol, runtime_checkable

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QFileDialog, QWidget

from app.engines.qgis_protocol import Atlas, Printed
from app.shell.bridge import Bridge
from widgets.i18n import language, tr
from widgets.palette import Command
from widgets.words import local

_TIERS = ("street", "grid")
_NAME, _STOP = "atlas:", "atlas:stop"
_TELL_EACH = 5  # pages


@runtime_checkable
class AtlasPrinter(Protocol):
    """What prints: `app.engines.qgis_client.QgisProcess` fulfils it."""

    def print_atlas(
        self, atlas: Atlas, path: Path, progress: Callable[[int, int], None]
    ) -> Future[Printed]:
        """Print it."""


class PlanAtlas(Protocol):
    """Says what an atlas of an area (its code, empty for the city) holds, on another thread."""

    def __call__(self, area: str, tier: str, lang: str) -> Future[Atlas]: ...


class AtlasPrinting(QObject):
    """Asks for a file and prints. `told` carries a sentence, `failed` an error."""

    told = Signal(str)
    failed = Signal(object)
    _page = Signal(int, int)

    def __init__(
        self, printer: AtlasPrinter, plan: PlanAtlas, bridge: Bridge, area: Callable[[], str],
        parent: QWidget,
    ) -> None:  # fmt: skip
        super().__init__(parent)
        self._printer, self._plan, self._bridge, self._area = printer, plan, bridge, area
        self._window = parent
        self._path = Path()
        self._printing: Future[Printed] | None = None
        self._page.connect(self._on_page)

    def commands(self) -> list[Command]:
        """Return what the palette offers now."""
        if self._printing is not None:
            return [Command(_STOP, tr("atlas.stop"))]
        return [Command(_NAME + tier, tr(f"atlas.{tier}")) for tier in _TIERS]

    def take(self, name: str) -> bool:
        """Do what a command of ours says; returns whether it was one."""
        if not name.startswith(_NAME):
            return False
        if name != _STOP:
            self._ask(name.removeprefix(_NAME))
        elif self._printing is not None:
            self._printing.cancel()
            self._printing = None
            self.told.emit(tr("atlas.stopped"))
        return True

    def print_to(self, path: Path, tier: str) -> None:
        """Print an atlas of the area one looks at into `path`."""
        self._path = path
        planned = self._plan(self._area(), tier, language())
        self._bridge.follow(planned, self._on_planned, self._on_failed)

    def _ask(self, tier: str) -> None:
        stamp = f"{local(self._bridge.now_ms()):%Y%m%d-%H%M}"
        proposal = str(Path.home() / f"{tr('atlas.file')}-{stamp}.pdf")
        chosen, _ = QFileDialog.getSaveFileName(
            self._window, tr(f"atlas.{tier}"), proposal, "PDF (*.pdf);;PNG (*.png)"
        )
        if chosen:
            self.print_to(Path(chosen), tier)

    def _on_planned(self, atlas: Atlas) -> None:
        self.told.emit(tr("atlas.begun", n=len(atlas.rows)))
        self._printing = self._printer.print_atlas(atlas, self._path, self._tell)
        self._bridge.follow(self._printing, self._on_printed, self._on_failed)

    def _tell(self, done: int, total: int) -> None:
        """Hear of a page (the printer's thread)."""
        self._page.emit(done, total)

    @Slot(int, int)
    def _on_page(self, done: int, total: int) -> None:
        if done % _TELL_EACH == 0 and done < total:
            self.told.emit(tr("atlas.page", n=done, total=total))

    def _on_printed(self, printed: Printed) -> None:
        self._printing = None
        self.told.emit(tr("print.done", n=printed.pages, files=str(printed.files[0])))

    def _on_failed(self, error: BaseException) -> None:
        self._printing = None
        self.failed.emit(error)
