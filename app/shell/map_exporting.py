"""Writes a selection out, off this thread, and says how far it is."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFileDialog, QWidget

from app.shell.bridge import Bridge
from widgets.i18n import tr

Find = Callable[[], NDArray[np.uint32]]
Progress = Callable[[str, float], None]
_FORMS = "GeoPackage (*.gpkg);;GeoJSON (*.geojson);;CSV (*.csv);;Excel (*.xlsx)"


class PartExporter(Protocol):
    """Writes the parts that `find` finds (on its own thread) to a file; gives how many."""

    def __call__(self, find: Find, out: Path, progress: Progress) -> Future[int]: ...


class MapExporting(QObject):
    """`told` carries a sentence, `failed` an error."""

    told = Signal(str)
    failed = Signal(object)
    _came = Signal(float)

    def __init__(self, export: PartExporter | None, bridge: Bridge, window: QWidget) -> None:
        super().__init__(window)
        self._export, self._bridge, self._window = export, bridge, window
        self._out = Path()
        self._came.connect(self._on_progress, Qt.ConnectionType.QueuedConnection)

    def ask_and_export(self, find: Find) -> None:
        """Ask for a file and write the selection into it."""
        if self._export is None:
            self.told.emit(tr("select.no_export"))
            return
        proposal = str(Path.home() / f"{tr('select.file')}.gpkg")
        chosen, form = QFileDialog.getSaveFileName(
            self._window, tr("select.export"), proposal, _FORMS
        )
        if chosen:
            ending = form.partition("*")[2].rstrip(")")
            out = Path(chosen)
            self.export_to(out if out.suffix else out.with_suffix(ending), find)

    def export_to(self, out: Path, find: Find) -> None:
        """Write the selection into `out`."""
        if self._export is None:
            self.told.emit(tr("select.no_export"))
            return
        self._out = out
        self.told.emit(tr("select.exporting", share=0))
        self._bridge.follow(self._export(find, out, self._tell), self._on_done, self._on_failed)

    def _tell(self, _stage: str, share: float) -> None:
        """Take progress on whichever thread it comes."""
        self._came.emit(share)

    def _on_progress(self, share: float) -> None:
        if share < 1.0:
            self.told.emit(tr("select.exporting", share=round(share * 100)))

    def _on_done(self, rows: int) -> None:
        self.told.emit(tr("select.exported", n=f"{rows:,}", file=str(self._out)))

    def _on_failed(self, error: BaseException) -> None:
        self.failed.emit(error)
