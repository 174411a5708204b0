"""One form for every move: its fields follow from what the workflow requires of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.domain.clocks import Calendar
from app.domain.people import Person
from app.domain.workflow import Chain
from widgets.choices import Choice
from widgets.i18n import language, tr
from widgets.overlay import keeps_key
from widgets.pieces import KeyButton, make_label
from widgets.theme import Theme
from widgets.words import ZONE, local, person_named

WORDS = ("reason", "note", "condition", "document", "words")
UNITS = ("work_day", "work_hour", "natural_day")
_PHOTOS = {"photo": 1, "two_photos": 2}
_ORDER = (*WORDS, "amount", "wake", "person", "grade", "photo", "two_photos")
_SHORT = ("document",)
_MOST, _MOST_SHORT, _MOST_AMOUNT = 4000, 200, 1000
_OPENS = time(9)


def asked_of(requires: Sequence[str], chains: Sequence[Chain]) -> tuple[str, ...]:
    """Return which fields a move asks for, in the form's order; place and matter are no fields."""
    wanted = {"person" if one in ("unit", "post") else one for one in requires}
    if len(chains) > 1:
        wanted.add("grade")
    return tuple(one for one in _ORDER if one in wanted)


def chain_line(chain: Chain) -> str:
    """Return a chain as its name and the people who grant it, in order."""
    steps = (" / ".join(tr(f"role.{role}") for role in step) for step in chain.steps)
    return f"{chain.en if language() == 'en' else chain.zh}  ·  {' → '.join(steps)}"


def day_of(text: str, today: date) -> date | None:
    """Return the day of `2026-12-01`, `12-01` or `+30`; None for anything else."""
    text = text.strip()
    try:
        if text.startswith("+"):
            return today + timedelta(days=int(text[1:]))
        if text.count("-") == 1:
            month, day = map(int, text.split("-"))
            found = date(today.year, month, day)
            return found if found > today else date(today.year + 1, month, day)
        return date.fromisoformat(text)
    except (ValueError, OverflowError):
        return None


class MoveForm(QFrame):
    """`given(name, fields)` carries what `ActOnCase.fields` takes; Enter confirms, Esc leaves."""

    given = Signal(str, object)
    left = Signal()
    people_wanted = Signal()

    def __init__(self, theme: Theme, parent: QWidget, height: int = 34) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._name, self._now_ms, self._photos = "", 0, 0
        self._fields: tuple[str, ...] = ()
        self._calendar: Calendar | None = None
        self._people: tuple[Person, ...] = ()
        self._inputs: dict[str, QWidget] = {}
        self._wrong: dict[str, QLabel] = {}
        self._hints: dict[str, QLabel] = {}
        self._grades: list[tuple[str, QRadioButton]] = []
        self._title = make_label(self, 14, 600)
        self._title.setWordWrap(True)
        self._body = QWidget(self)
        self._confirm, self._cancel = KeyButton(theme, self, accent=True), KeyButton(theme, self)
        for button in (self._confirm, self._cancel):
            button.set_height(height)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self._confirm, 2)
        buttons.addWidget(self._cancel, 1)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(12, 10, 12, 12)
        self._column.setSpacing(8)
        self._column.addWidget(self._title)
        self._column.addWidget(self._body)
        self._column.addLayout(buttons)
        self._confirm.clicked.connect(self.confirm)
        self._cancel.clicked.connect(self.left)
        self.retranslate()
        self.hide()

    @property
    def wants_person(self) -> bool:
        """Whether it stands open and asks for a person."""
        return self.isVisible() and "person" in self._fields

    def ask(
        self,
        name: str,
        title: str,
        fields: Sequence[str],
        chains: Sequence[Chain] = (),
        *,
        calendar: Calendar | None = None,
        now_ms: int = 0,
        photos: int = 0,
    ) -> None:
        """Ask for `fields` (as `asked_of` returns them); `photos` are held already."""
        self._name, self._fields, self._photos = name, tuple(fields), photos
        self._calendar, self._now_ms = calendar, now_ms
        self._title.setText(title)
        self._build(chains)
        self.show()
        first = next(iter(self._inputs.values()), self._confirm)
        first.setFocus()
        if "person" in self._fields:
            self.people_wanted.emit()

    def take_people(self, people: Sequence[Person]) -> None:
        """Offer these people."""
        self._people = tuple(people)
        choice = self._inputs.get("person")
        if isinstance(choice, Choice):
            choice.offer([str(one.uid) for one in self._people])

    def take_photos(self, count: int) -> None:
        """Learn how many photos are held for the step."""
        self._photos = count

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._confirm.set_theme(theme)
        self._cancel.set_theme(theme)

    def retranslate(self) -> None:
        """Take the words of the language spoken now; an open form keeps what was typed."""
        self._confirm.say(tr("prompt.confirm"), "Ctrl ↵")
        self._cancel.say(tr("prompt.cancel"), "Esc")

    def fill(self, field: str, text: str) -> None:
        """Write into a field, or choose `text` in it."""
        held = self._inputs[field]
        if isinstance(held, QPlainTextEdit):
            held.setPlainText(text)
        elif isinstance(held, QLineEdit):
            held.setText(text)
        elif isinstance(held, Choice):
            held.choose(text)
        for grade, button in self._grades:
            if field == "grade" and grade == text:
                button.setChecked(True)

    def confirm(self) -> None:
        """Hand over what was filled in, or say beside each field what it lacks."""
        values: dict[str, str] = {}
        wrong: dict[str, str] = {}
        for field in self._fields:
            why = self._read(field, values)
            if why:
                wrong[field] = why
        self._mark(wrong)
        if not wrong:
            self.given.emit(self._name, values)

    def wrong(self, field: str) -> str:
        """Return what is said beside a field."""
        return self._wrong[field].text()

    def event(self, event: QEvent) -> bool:
        """Keep plain keys from being short cuts while the form is filled in."""
        return keeps_key(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Leave on Esc, confirm on Enter, choose a grade by its number."""
        number = event.key() - Qt.Key.Key_1
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.confirm()
        elif 0 <= number < len(self._grades):
            self._grades[number][1].setChecked(True)
        event.accept()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Confirm on Ctrl Enter in a field of many lines, leave on Esc."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
            enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
            if enter and (control or isinstance(watched, QLineEdit)):
                self.confirm()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.left.emit()
                return True
        return False

    # ---- building ------------------------------------------------------------------------

    def _build(self, chains: Sequence[Chain]) -> None:
        old, self._body = self._body, QWidget(self)
        self._column.replaceWidget(old, self._body)
        old.hide()
        old.deleteLater()
        self._inputs, self._wrong, self._hints, self._grades = {}, {}, {}, []
        rows = QVBoxLayout(self._body)
        rows.setContentsMargins(0, 0, 0, 0)
        rows.setSpacing(4)
        for field in self._fields:
            self._build_field(field, rows, chains)
        self._body.show()

    def _build_field(self, field: str, rows: QVBoxLayout, chains: Sequence[Chain]) -> None:
        head = QHBoxLayout()
        name, hint = make_label(self._body, 12, ink="dim"), make_label(self._body, 12, ink="dim")
        name.setText(tr(f"ask.{field}"))
        head.addWidget(name)
        head.addStretch(1)
        head.addWidget(hint)
        self._hints[field] = hint
        rows.addLayout(head)
        if field == "grade":
            self._build_grades(rows, chains)
        elif field not in _PHOTOS:
            rows.addWidget(self._input(field))
        wrong = make_label(self._body, 12, ink="critical")
        wrong.setWordWrap(True)
        wrong.hide()
        self._wrong[field] = wrong
        rows.addWidget(wrong)
        self._hint()

    def _input(self, field: str) -> QWidget:
        if field == "amount":
            return self._amount()
        made: QPlainTextEdit | QLineEdit | Choice
        if field == "person":
            made = Choice(self._body, [], self._person_words)
        elif field == "wake" or field in _SHORT:
            made = QLineEdit(self._body)
            made.setPlaceholderText(tr(f"ask.{field}_how"))
            made.textChanged.connect(self._hint)
        else:
            made = QPlainTextEdit(self._body)
            made.setFixedHeight(64)
            made.setTabChangesFocus(True)
            made.textChanged.connect(self._hint)
        made.setAccessibleName(tr(f"ask.{field}"))
        made.installEventFilter(self)
        self._inputs[field] = made
        return made

    def _amount(self) -> QWidget:
        row = QWidget(self._body)
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        number, unit = QLineEdit(row), Choice(row, UNITS, _unit_words)
        number.setAccessibleName(tr("ask.amount"))
        unit.setAccessibleName(tr("ask.amount_unit"))
        for part in (number, unit):
            part.installEventFilter(self)
            line.addWidget(part, 1)
        self._inputs["amount"], self._inputs["amount_unit"] = number, unit
        return row

    def _build_grades(self, rows: QVBoxLayout, chains: Sequence[Chain]) -> None:
        for number, chain in enumerate(chains, 1):
            button = QRadioButton(f"{number}  {chain_line(chain)}", self._body)
            button.setChecked(number == 1)
            button.installEventFilter(self)
            self._grades.append((chain.grade, button))
            self._inputs.setdefault("grade", button)
            rows.addWidget(button)

    def _person_words(self, uid: str) -> str:
        return next((person_named(one.name) for one in self._people if str(one.uid) == uid), uid)

    # ---- reading -------------------------------------------------------------------------

    def _read(self, field: str, values: dict[str, str]) -> str:
        """Put what a field holds into `values`; return what is wrong with it, if anything."""
        if field in _PHOTOS:
            need = _PHOTOS[field]
            return "" if self._photos >= need else tr("ask.photos_need", n=need - self._photos)
        if field == "amount":
            return self._read_amount(values)
        if field == "wake":
            return self._read_day(values)
        if field == "grade":
            values["grade"] = next((g for g, one in self._grades if one.isChecked()), "")
        elif field == "person":
            return self._read_person(values)
        else:
            values[field] = _text(self._inputs[field])
            most = _MOST_SHORT if field in _SHORT else _MOST
            if len(values[field]) > most:
                return tr("ask.too_long", most=most)
        return "" if values[field] else tr("ask.need")

    def _read_amount(self, values: dict[str, str]) -> str:
        text = _text(self._inputs["amount"])
        if not text.isascii() or not text.isdigit() or not 0 < int(text) <= _MOST_AMOUNT:
            return tr("ask.amount_wrong", most=_MOST_AMOUNT)
        unit = self._inputs["amount_unit"]
        values["amount"] = text
        values["amount_unit"] = unit.value if isinstance(unit, Choice) else UNITS[0]
        return ""

    def _read_day(self, values: dict[str, str]) -> str:
        today = local(self._now_ms).date()
        day = day_of(_text(self._inputs["wake"]), today)
        if day is None:
            return tr("ask.day_wrong")
        if day <= today:
            return tr("ask.day_past")
        values["wake_ms"] = str(int(datetime.combine(day, _OPENS, ZONE).timestamp() * 1000))
        return ""

    def _read_person(self, values: dict[str, str]) -> str:
        choice = self._inputs["person"]
        uid = choice.value if isinstance(choice, Choice) else ""
        person = next((one for one in self._people if str(one.uid) == uid), None)
        if person is None:
            return tr("ask.need")
        values |= {"person": uid, "unit": str(person.unit)}
        return ""

    def _hint(self) -> None:
        for field, held in self._inputs.items():
            if isinstance(held, QPlainTextEdit):
                self._hints[field].setText(f"{len(_text(held))} / {_MOST}")
        wake = self._inputs.get("wake")
        if wake is not None:
            self._hints["wake"].setText(self._day_words(_text(wake)))

    def _day_words(self, text: str) -> str:
        day = day_of(text, local(self._now_ms).date())
        if day is None:
            return ""
        if self._calendar is None:
            return f"{day}"
        worked = self._calendar.is_working_day(day)
        words = f"{day}  {tr('ask.workday' if worked else 'ask.day_off')}"
        beyond = day > self._calendar.known_until
        return f"{words}  {tr('sheet.provisional')}" if beyond else words

    def _mark(self, wrong: Mapping[str, str]) -> None:
        for field, label in self._wrong.items():
            label.setText(wrong.get(field, ""))
            label.setVisible(field in wrong)
            held = self._inputs.get(field)
            if held is not None:
                held.setProperty("wrong", field in wrong)
                held.style().unpolish(held)
                held.style().polish(held)
        first = next((self._inputs[one] for one in wrong if one in self._inputs), None)
        if first is not None:
            first.setFocus()


def _text(held: QWidget) -> str:
    if isinstance(held, QPlainTextEdit):
        return held.toPlainText().strip()
    if isinstance(held, QLineEdit):
        return held.text().strip()
    return held.currentText() if isinstance(held, QComboBox) else ""


def _unit_words(unit: str) -> str:
    return tr(f"ask.unit_{unit}")
