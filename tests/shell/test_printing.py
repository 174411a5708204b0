"""Print: the view with its cases goes to QGIS and comes back as a PDF, or says what is missing."""

from __future__ import annotations

import base64
from concurrent.futures import Future
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt

from app.domain.page_setup import PageSetup
from app.engines.qgis_client import QgisProcess
from app.engines.qgis_protocol import Atlas, MapSource, Printed, Sheet, View
from app.shell.printing import Printing, PrintWish
from widgets.print_form import PrintChoice

PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg=="
)


class FakePrinter:
    """Keeps what it is given and answers at once, an atlas page by page."""

    def __init__(self) -> None:
        self.sheets: list[Sheet] = []
        self.atlases: list[Atlas] = []
        self.held: Future[Printed] | None = None

    def print_atlas(
        self, atlas: Atlas, path: Path, progress: Any = lambda _done, _total: None
    ) -> Future[Printed]:
        self.atlases.append(atlas)
        for page in range(1, len(atlas.rows) + 1):
            progress(page, len(atlas.rows))
        done: Future[Printed] = Future()
        if self.held is not None and not atlas.preview:
            return self.held
        path.write_bytes(PNG)
        done.set_result(Printed((path,), max(1, len(atlas.rows)), 0.1))
        return done

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
    printing = made(printer, None, desk)
    with qtbot.waitSignal(printing.told, check_params_cb=lambda text: "1" in text):
        printing.print_to(tmp_path / "map.pdf", PrintChoice(), desk.feed.store, "上海市 › 徐汇区")
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
    printing = made(None, None, desk)
    with qtbot.waitSignal(printing.told) as told:
        printing.open(desk.feed.store, "上海市")
    assert not printing.form.isVisible()
    assert "QGIS" in told.args[0]


@pytest.mark.qgis
def test_that_qgis_prints_the_view_as_a_pdf(open_desk: Any, qtbot: Any, tmp_path: Path) -> None:
    desk = open_desk()
    qgis = QgisProcess()
    qgis.start()
    try:
        printing = made(qgis, None, desk)
        path = tmp_path / "map.pdf"
        said: list[str] = []
        printing.told.connect(said.append)
        choice = PrintChoice(setup=PageSetup("A3", portrait=True))
        printing.print_to(path, choice, desk.feed.store, "上海市 › 徐汇区")
        qtbot.waitUntil(path.exists, timeout=60_000)
        qtbot.waitUntil(lambda: len(said) == 2, timeout=10_000)
        assert path.read_bytes().startswith(b"%PDF")
    finally:
        qgis.close()


class FakePlans:
    """Plans seven streets, and one page for everything else."""

    def __init__(self) -> None:
        self.wishes: list[PrintWish] = []

    def plan_print(self, wish: PrintWish) -> Future[Atlas]:
        self.wishes.append(wish)
        view = View(wish.extent or (0, 0, 100, 100), 121.0, 31.0)
        rows = range(7) if wish.tier else ()
        done: Future[Atlas] = Future()
        done.set_result(
            Atlas(Path("t.qpt"), MapSource(Path("m"), ()), view, "题", "", "", rows=rows,
                  setup=wish.setup)
        )  # fmt: skip
        return done

    def templates(self) -> tuple[str, ...]:
        return ("atlas", "map", "own.qpt")


def made(printer: Any, plans: Any, desk: Any) -> Printing:
    return Printing(printer, plans, desk.bridge, desk.stage.view, desk.session.theme, desk)


def test_that_the_page_is_shown_before_it_is_printed_and_the_choice_is_remembered(
    open_desk: Any, qtbot: Any, tmp_path: Path
) -> None:
    desk, printer, plans = open_desk(), FakePrinter(), FakePlans()
    printing = made(printer, plans, desk)
    kept: list[Any] = []
    printing.chosen.connect(kept.append)
    printing.open(desk.feed.store, "上海市", "street")
    qtbot.waitUntil(lambda: any(one.preview for one in printer.atlases))
    (shown,) = printer.atlases
    assert len(shown.rows) == 1
    assert "7" in shown.words.page
    choice = replace(printing.form.choice, kind="png", setup=PageSetup("A3", True, 150, 2000))
    said: list[str] = []
    printing.told.connect(said.append)
    printing.print_to(tmp_path / "a.png", choice, desk.feed.store, "上海市")
    qtbot.waitUntil(lambda: any("7" in one and "a.png" in one for one in said))
    assert plans.wishes[-1].setup.scale == 2000
    again = made(printer, plans, desk)
    again.load(kept[-1])
    again.open(desk.feed.store, "上海市")
    assert again.form.choice == choice
    again.form.leave()


def test_that_a_print_is_stopped_by_escape_and_only_then_the_form_closes(
    open_desk: Any, qtbot: Any, tmp_path: Path
) -> None:
    desk, printer, plans = open_desk(), FakePrinter(), FakePlans()
    printer.held = Future()
    printing = made(printer, plans, desk)
    printing.open(desk.feed.store, "上海市", "grid")
    printing.print_to(tmp_path / "a.pdf", printing.form.choice, desk.feed.store, "上海市")
    qtbot.waitUntil(lambda: len(printer.atlases) > 0)
    assert printing.form.is_printing
    printing.form.leave()
    assert printer.held.cancelled()
    assert printing.form.isVisible()
    printing.form.leave()
    assert not printing.form.isVisible()


def test_that_a_scale_that_is_none_is_said_and_nothing_printed(open_desk: Any, qtbot: Any) -> None:
    desk, printer = open_desk(), FakePrinter()
    printing = made(printer, FakePlans(), desk)
    printing.open(desk.feed.store, "上海市", "view")
    with qtbot.assertNotEmitted(printing.form.print_wanted):
        printing.form._scale.setEditText("1 : 大")
        qtbot.keyClick(printing.form._title, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert "比例尺" in printing.form._wrong.text()
    printing.form.leave()


def test_that_what_is_remembered_wrongly_gives_the_usual_choice() -> None:
    for plain in (None, {"paper": "B5"}, {"content": "moon"}, {"dpi": "many"}, {"colour": 1}):
        assert PrintChoice.from_plain(plain) == PrintChoice()
