"""Panels show what they are told and say what the person wants."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any
from uuid import UUID

import pytest
from PySide6.QtCore import QAbstractListModel, QModelIndex, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QImage, QPainter
from PySide6.QtWidgets import QStyledItemDelegate, QWidget

from app.domain.errors import InvalidInput, StorageFailure
from app.services.commands import Actor
from app.services.views import PlaceHit
from widgets.facts import Fact, Facts, Span
from widgets.i18n import set_language, tr
from widgets.notice import error_words, show_error
from widgets.palette import Command, Palette, fuzzy
from widgets.pieces import LineButton
from widgets.report_form import ReportForm
from widgets.row_view import RowView
from widgets.sheet_words import reasons_line
from widgets.suggestion_card import Advice, Choice, SuggestionCard
from widgets.symbols import draw_state
from widgets.theme import load_theme
from widgets.timeline import Event, Timeline

THEME = load_theme("light")
ACTOR = Actor(UUID(int=1), "dispatcher")


@pytest.fixture
def host(qtbot: Any) -> Generator[QWidget]:
    set_language("zh")
    made = QWidget()
    made.resize(1200, 800)
    qtbot.addWidget(made)
    made.show()
    yield made
    set_language("zh")


def test_that_states_differ_in_shape_and_not_only_in_colour(qapp: Any) -> None:
    shapes = set()
    for state in ("normal", "attention", "bad", "critical", "unknown"):
        image = QImage(24, 24, QImage.Format.Format_ARGB32)
        image.fill(QColor("#FFFFFF"))
        painter = QPainter(image)
        draw_state(painter, state, QPoint(12, 12).toPointF(), 18, THEME)
        painter.end()
        shapes.add(tuple(
            image.pixelColor(x, y).lightness() < 235 for x in range(24) for y in range(24)
        ))  # fmt: skip
    assert len(shapes) == 5


@pytest.mark.parametrize(
    ("wanted", "better", "worse"),
    [
        ("登记", "登记案件", "回到全市登记"),
        ("theme", "theme: light or dark", "the home"),
        ("明暗", "切换明暗", "切换中英文"),
    ],
)
def test_that_the_better_answer_scores_higher(wanted: str, better: str, worse: str) -> None:
    assert fuzzy(wanted, better) > fuzzy(wanted, worse)


def test_that_letters_in_order_are_enough() -> None:
    assert fuzzy("lod", "Light or dark") > 0
    assert fuzzy("zzz", "Light or dark") == 0


def test_that_the_palette_walks_and_chooses_by_keyboard(host: QWidget, qtbot: Any) -> None:
    palette = Palette(THEME, host)
    chosen: list[object] = []
    palette.deed_chosen.connect(chosen.append)
    palette.hit_chosen.connect(chosen.append)
    palette.open_with([Command("one", "One"), Command("two", "Two"), Command("three", "Three")])
    qtbot.keyClick(palette._field, Qt.Key.Key_Down)
    qtbot.keyClick(palette._field, Qt.Key.Key_Return)
    assert chosen == ["two"]
    assert not palette.isVisible()
    hit = PlaceHit("place", "Fenyang Road", "", 121.4, 31.2)
    palette.open_with([])
    palette.type_text("fen")
    palette.take_hits((hit,))
    qtbot.keyClick(palette._field, Qt.Key.Key_Return)
    assert chosen == ["two", hit]
    qtbot.waitUntil(lambda: not palette._timer.isActive())


def test_that_a_palette_that_found_nothing_says_so(host: QWidget, qtbot: Any) -> None:
    palette = Palette(THEME, host)
    palette.open_with([])
    palette.type_text("nothing like it")
    assert palette._hits.rows == []
    palette.grab()
    qtbot.keyClick(palette._field, Qt.Key.Key_Return)
    assert palette.isVisible()
    qtbot.keyClick(palette._field, Qt.Key.Key_Escape)
    assert not palette.isVisible()
    qtbot.waitUntil(lambda: not palette._timer.isActive())


def test_that_a_report_carries_what_was_typed(host: QWidget, qtbot: Any) -> None:
    form = ReportForm(THEME, host)
    sent: list[Any] = []
    form.submitted.connect(sent.append)
    form.open_for(ACTOR)
    form.fill("井盖缺失", "汾阳路 150 号", "王女士", "138 0000-0000")
    form.take_hits((PlaceHit("road", "x", ""), PlaceHit("place", "y", "", 121.45, 31.21)))
    form.submit()
    assert (sent[0].words, sent[0].lon, sent[0].reporter_name) == ("井盖缺失", 121.45, "王女士")
    assert sent[0].actor == ACTOR


def test_that_a_place_not_found_is_said_beside_the_address(host: QWidget) -> None:
    form = ReportForm(THEME, host)
    form.open_for(ACTOR)
    assert form.take_hits(()) is None
    assert form._wrong["address"].text() == tr("report.no_place")


def test_that_a_refusal_is_shown_beside_the_field_it_names(host: QWidget) -> None:
    form = ReportForm(THEME, host)
    form.open_for(ACTOR)
    assert form.take_error(InvalidInput("Outside.", field="lon", code="outside_city"))
    assert form._wrong["address"].text() == tr("error.code.outside_city")
    assert not form.take_error(StorageFailure("The disk is full."))
    assert not form.take_error(OSError("disk"))


def test_that_an_error_says_what_happened_what_is_safe_and_what_to_do(host: QWidget) -> None:
    show_error(host, StorageFailure("The disk is full.", advice="Make room."))
    title, text = error_words(StorageFailure("The disk is full.", advice="Make room."))
    assert title == "The disk is full."
    assert "Make room." in text
    assert tr("error.safe") in text
    _, once = error_words(
        StorageFailure("It is full. What was saved before is safe.", advice="Make room.")
    )
    assert tr("error.safe") not in once
    surprise, _ = error_words(ZeroDivisionError("division by zero"))
    assert "ZeroDivisionError" in surprise


def test_that_one_window_has_one_notice(host: QWidget) -> None:
    show_error(host, OSError("one"))
    show_error(host, OSError("two"))
    from widgets.notice import Notice

    assert len(host.findChildren(Notice)) == 1


def test_that_heights_follow_widths(host: QWidget) -> None:
    facts, line = Facts(THEME, host), Timeline(THEME, host)
    card = SuggestionCard(THEME, host)
    facts.show_facts([Fact("name", (Span("long " * 30), Span("more " * 20, "dim")))])
    line.show_events([Event("word " * 30, "12:00:00", note="note " * 40)])
    card.show_advice(Advice("title", 900, "normal", "reason " * 40))
    for panel in (facts, line, card):
        assert panel.heightForWidth(200) > panel.heightForWidth(900)
        panel.resize(300, panel.heightForWidth(300))
        panel.grab()


def test_that_a_matter_is_chosen_by_its_number(host: QWidget) -> None:
    card = SuggestionCard(THEME, host)
    chosen: list[object] = []
    card.matter_chosen.connect(chosen.append)
    choices = (Choice("0101", "道路破损", 600), Choice("0102", "井盖缺失", 400))
    card.show_advice(Advice("title", None, "attention", "", choices))
    card.grab()
    assert card.choose(2)
    assert not card.choose(3)
    assert chosen == ["0102"]


def test_that_reasons_are_said_in_words(host: QWidget) -> None:
    said = reasons_line(("word:井盖", "word:缺失", "grid:310104", "unsure:several_matters"))
    assert said == "文字提到井盖、缺失；位于网格 310104；未自动派遣：可能的事项不止一个"


class Numbers(QAbstractListModel):
    """A long list of nothing."""

    def rowCount(self, parent: Any = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else 1_000_000

    def data(self, index: Any, role: int = 0) -> Any:
        return str(index.row()) if role == Qt.ItemDataRole.DisplayRole else None


def test_that_a_million_rows_are_reached_by_multiplication(host: QWidget) -> None:
    view = RowView(60, host)
    view.setItemDelegate(QStyledItemDelegate(view))
    view.resize(400, 600)
    model = Numbers(view)
    view.setModel(model)
    view.show()
    view.setCurrentIndex(model.index(777_777, 0))
    view.scrollTo(model.index(777_777, 0))
    assert 777_777 in view.rows_in_sight()
    assert len(view.rows_in_sight()) <= 11
    assert view.indexAt(view.visualRect(model.index(777_777, 0)).center()).row() == 777_777
    assert view.visualRect(QModelIndex()) == QRect()
    assert not view.indexAt(QPoint(5, -5)).isValid()
    view.grab()


def test_that_nothing_is_called_missing_before_the_search_is_answered(
    host: QWidget, qtbot: Any
) -> None:
    palette = Palette(THEME, host)
    palette.open_with([])
    palette.type_text("fenyang")
    assert palette._hits.empty == tr("palette.searching")
    qtbot.waitUntil(lambda: not palette._timer.isActive())
    palette.take_hits(())
    assert palette._hits.empty.startswith(tr("palette.nothing"))


def test_that_places_never_crowd_the_cases_out(host: QWidget, qtbot: Any) -> None:
    palette = Palette(THEME, host)
    palette.open_with([])
    palette.type_text("road")
    qtbot.waitUntil(lambda: not palette._timer.isActive())
    places = [PlaceHit("place", f"{n} Road", "", 121.4, 31.2) for n in range(20)]
    cases = [PlaceHit("case", f"case {n}", "", 121.4, 31.2) for n in range(3)]
    palette.take_hits((*places, *cases))
    assert [row.icon for row in palette._hits.rows] == ["place"] * 6 + ["case"] * 3


def test_that_a_long_line_is_cut_and_widens_nothing(host: QWidget) -> None:
    link = LineButton(host)
    link.resize(200, 24)
    link.say("灯" * 400)
    assert link.fontMetrics().horizontalAdvance(link.text()) <= 200
    assert link.text().endswith("…")
    assert link.accessibleName() == "灯" * 400
    link.say("A & B")
    assert link.text() == "A && B"
