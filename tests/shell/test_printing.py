"""Print: the view with its cases goes to QGIS and comes back as a PDF, or says what is missing."""

from __future__ import annotations

from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from app.engines.qgis_client import QgisProcess
from app.engines.qgis_protocol import Printed, Sheet
from app.shell.printing import Printing


class FakePrinter:
    """Keeps what it is given and answers at once."""

    def __init__(self) -> None:
        self.sheets: list[Sheet] = []

    def print_sheet(self, sheet: Sheet, path: Path) -> Future[Printed]:
        self.sheets.append(sheet)
        done: Future[Printed] = Future()
        done.set_result(Printed((path,), 1, 0.1))
        return done


def test_that_the_sheet_holds_the_cases_in_view_with_state_and_scale(
    open_desk: Any, qtbot: Any, tmp_path: Path
) -> None:
    desk = open_desk()
    printer = FakePrinter()
    printing = Printing(printer, desk.bridge, desk.stage.view, desk)
    with qtbot.waitSignal(printing.told, check_params_cb=lambda text: "1" in text):
        printing.print_to(tmp_path / "map.pdf", desk.feed.store, "上海市 › 徐汇区")
    (sheet,) = printer.sheets
    camera = desk.stage.view.camera
    xmin, _, xmax, _ = sheet.view.extent
    assert xmax - xmin == pytest.approx(camera.width * camera.m_per_px)
    assert sheet.image is not None
    assert sheet.image.startswith(b"\x89PNG")
    assert sheet.sample
    assert all(row.mark is not None and len(row.cells) == 5 for row in sheet.rows)
    assert len(sheet.rows) <= len(desk.feed.store.order("open"))


def test_that_without_qgis_a_person_is_told_what_is_missing(open_desk: Any, qtbot: Any) -> None:
    desk = open_desk()
    printing = Printing(None, desk.bridge, desk.stage.view, desk)
    with qtbot.waitSignal(printing.told) as told:
        printing.ask_and_print(desk.feed.store, "上海市")
    assert "QGIS" in told.args[0]


@pytest.mark.qgis
def test_that_qgis_prints_the_view_as_a_pdf(open_desk: Any, qtbot: Any, tmp_path: Path) -> None:
    desk = open_desk()
    qgis = QgisProcess()
    qgis.start()
    try:
        printing = Printing(qgis, desk.bridge, desk.stage.view, desk)
        path = tmp_path / "map.pdf"
        said: list[str] = []
        printing.told.connect(said.append)
        printing.print_to(path, desk.feed.store, "上海市 › 徐汇区")
        qtbot.waitUntil(path.exists, timeout=60_000)
        qtbot.waitUntil(lambda: len(said) == 2, timeout=10_000)
        assert path.read_bytes().startswith(b"%PDF")
    finally:
        qgis.close()
