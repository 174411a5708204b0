"""The case sheet: what and where, clocks, who and why, what to do, photos, what happened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QImage
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QPushButton,
    QScrollArea,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from app.domain.people import Person
from app.services.commands import Actor
from app.services.views import CaseSheet
from widgets.beside import NEEDS, Answer, Beside
from widgets.clock_words import clocks_of
from widgets.empty import EmptyState
from widgets.facts import Facts
from widgets.i18n import tr
from widgets.long_words import LongWords
from widgets.move_form import MoveForm
from widgets.photo_row import PhotoRow
from widgets.pieces import KeyButton, LineButton, Themed, make_label
from widgets.prompt import PersonPicker, WordsPrompt
from widgets.sheet_words import (
    ACCEPT,
    OTHER,
    Offer,
    advice_of,
    events_of,
    facts_of,
    full_words,
    head_line,
    next_hand,
    offers_of,
    photo_captions,
    title_line,
)
from widgets.suggestion_card import SuggestionCard
from widgets.theme import Theme
from widgets.timeline import Timeline
from widgets.words import matter_named, person_named

_BUTTONS, _SHOWN = 24, 6
_TOUCH = 44
_NEAR = 5
_MORE = "more"


class CasePanel(QScrollArea):
    """Shows one `CaseSheet`; every wish of the person leaves as a signal, nothing is written."""

    accept_wanted = Signal()
    other_wanted = Signal()
    move_wanted = Signal(str, object)  # move, fields: Mapping[str, str]
    beside_wanted = Signal(str, str, object)  # verb, hash, fields
    matter_chosen = Signal(object)  # code
    person_chosen = Signal(object)  # Person
    become_wanted = Signal(object)  # NextHand
    case_chosen = Signal(object)  # uid of a near case
    photos_dropped = Signal(object)  # tuple of paths
    photo_opened = Signal(object)
    photos_wanted = Signal()

    def __init__(
        self, theme: Theme, now_ms: Callable[[], int], parent: QWidget, height: int = 34
    ) -> None:
        super().__init__(parent)
        self._height = height
        self._now_ms = now_ms
        self._sheet: CaseSheet | None = None
        self._actor: Actor | None = None
        self._offers: list[Offer] = []
        self._answer: Answer | None = None
        self._all_moves, self._held = False, 0
        self._saving = False
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        host = QWidget(self)
        self._stack = QStackedLayout(host)
        self._empty = EmptyState(theme, host)
        self._page = QWidget(host)
        self._stack.addWidget(self._empty)
        self._stack.addWidget(self._page)
        self._build(theme)
        self.setWidget(host)
        self.show_nothing()

    @property
    def sheet(self) -> CaseSheet | None:
        """The sheet shown."""
        return self._sheet

    def show_nothing(self, *, loading: bool = False) -> None:
        """Show that no case is chosen, or that one is being read."""
        self._sheet = None
        self._stack.setCurrentWidget(self._empty)
        if loading:
            self._empty.say(tr("sheet.loading"), "")
        else:
            self._empty.say(tr("sheet.empty"), tr("sheet.empty_how"))

    def show_sheet(self, sheet: CaseSheet, actor: Actor) -> None:
        """Show a case as `actor` sees it. A prompt stays open if it is the same case and step."""
        old = self._sheet
        same = old is not None and old.row.uid == sheet.row.uid
        if not same:
            self.verticalScrollBar().setValue(0)
            self._all_moves = False
        if old is None or not same or old.state.step != sheet.state.step:
            self.leave_prompt()
        self._sheet, self._actor = sheet, actor
        self._show_head(sheet)
        self._title.setText(title_line(sheet))
        self._said.show_words(full_words(sheet))
        self._facts.show_facts(facts_of(sheet))
        self._card.show_advice(advice_of(sheet))
        self._show_offers(sheet, actor)
        self._beside.show_sheet(sheet, _may_give(sheet, actor), self._now_ms())
        self._show_near(sheet)
        self.tick()
        self._stack.setCurrentWidget(self._page)

    def show_saving(self, late: bool) -> None:
        """Say over the title that a step is being saved, as long as that takes noticeably long."""
        self._saving = late
        if self._sheet is not None:
            self._show_head(self._sheet)

    def _show_head(self, sheet: CaseSheet) -> None:
        line = head_line(sheet)
        self._head.setText(f"{tr('status.saving')}   {line}" if self._saving else line)

    def show_photos(
        self, digests: Sequence[str], images: Mapping[str, QImage], held: Sequence[str] = ()
    ) -> None:
        """Show the case's photos as far as they have been read; `held` go with the next step."""
        self._held = len(held)
        self._form.take_photos(self._held)
        captions = {} if self._sheet is None else photo_captions(self._sheet, held)
        self._photos.show_photos(digests, images, captions)

    def add_photos(self) -> None:
        """Choose photos for the next step."""
        if self._sheet is not None:
            self._photos.add()

    def open_photo(self) -> None:
        """Open the first photo."""
        self._photos.open_first()

    def tick(self) -> None:
        """Let time pass on clocks and history."""
        if self._sheet is None:
            return
        clocks = clocks_of(self._sheet, self._now_ms())
        self._clock_head.setVisible(bool(clocks))
        self._clocks.show_facts(clocks)
        self._timeline.show_events(events_of(self._sheet, self._now_ms()))

    def press(self, key: str) -> bool:
        """Do what the button with that key does; False if none has it now."""
        offer = next((offer for offer in self._offers if offer.key == key), None)
        if offer is None:
            return self._beside.press(key)
        self._take(offer)
        return True

    def choose_matter(self, number: int) -> bool:
        """Choose a suggested matter by its number; False if there is none."""
        return self._card.isVisible() and self._card.choose(number)

    def ask_person(self, people: Sequence[Person]) -> None:
        """Offer people for 另派, or in the form that asks for one."""
        if self._form.wants_person:
            self._form.take_people(people)
            return
        self._words.hide()
        self._people.ask(people, tr("prompt.choose_person"))
        QTimer.singleShot(0, self, self._show_prompt)

    def leave_prompt(self) -> bool:
        """Put questions away; False if none was asked."""
        asked = any(one.isVisible() for one in (self._words, self._people, self._form))
        self._form.hide()
        self._words.hide()
        self._people.hide()
        if asked:
            self.window().setFocus()
        return asked

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        for part in self._painted:
            part.set_theme(theme)

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        self._said.retranslate()
        self._words.retranslate()
        self._form.retranslate()
        self._people.retranslate()
        for label, key in self._heads:
            label.setText(tr(key))
        if self._sheet is not None and self._actor is not None:
            self.show_sheet(self._sheet, self._actor)
        else:
            self.show_nothing()

    def _build(self, theme: Theme) -> None:
        page, big = self._page, self._height >= _TOUCH
        small = 14 if big else 12
        self.setProperty("touch", big)
        self._head = make_label(page, small, ink="dim")
        self._title = make_label(page, 20, 700)
        self._title.setWordWrap(True)
        self._said = LongWords(page)
        self._facts, self._clocks = Facts(theme, page, 8, big=big), Facts(theme, page, 12, big=big)
        self._clock_head = make_label(page, small, ink="dim")
        self._card = SuggestionCard(theme, page, big=big)
        self._buttons = [KeyButton(theme, page, accent=at == 0) for at in range(_BUTTONS)]
        for button in self._buttons:
            button.set_height(self._height)
        self._become = QPushButton(page)
        self._become.setObjectName("plain")
        self._words = WordsPrompt(theme, page, self._height)
        self._people = PersonPicker(theme, page)
        self._form = MoveForm(theme, page, self._height)
        self._beside = Beside(theme, page, self._height)
        self._near_head = make_label(page, small, ink="dim")
        self._near = [LineButton(page) for _ in range(_NEAR)]
        photo_head = make_label(page, small, ink="dim")
        self._photos = PhotoRow(theme, page, dialog=not big)
        history = make_label(page, small, ink="dim")
        self._timeline = Timeline(theme, page)
        self._heads = ((self._clock_head, "sheet.clocks"), (history, "sheet.history"),
                       (photo_head, "sheet.photos"))  # fmt: skip
        for label, key in self._heads:
            label.setText(tr(key))
        self._painted: tuple[Themed, ...] = (
            self._empty, self._facts, self._clocks, self._card, self._words, self._people,
            self._form, self._beside,
            self._photos, self._timeline, *self._buttons,
        )  # fmt: skip
        self._lay_out(photo_head, history)
        self._connect()

    def _lay_out(self, photo_head: QWidget, history: QWidget) -> None:
        layout = QVBoxLayout(self._page)
        layout.setContentsMargins(12, 12, 12, 12)
        layout.setSpacing(0)
        layout.addWidget(self._head)
        layout.addSpacing(2)
        layout.addWidget(self._title)
        layout.addSpacing(8)
        layout.addWidget(self._said)
        for fact in (self._facts, self._clock_head, self._clocks, self._card):
            layout.addWidget(fact)
        self._grid = self._button_grid()
        layout.addLayout(self._grid)
        layout.addSpacing(8)
        layout.addWidget(self._become)
        layout.addWidget(self._words)
        layout.addWidget(self._people)
        layout.addWidget(self._form)
        layout.addWidget(self._beside)
        layout.addWidget(self._near_head)
        for button in self._near:
            button.setObjectName("plain")
            layout.addWidget(button)
        for part, above in (
            (photo_head, 12),
            (self._photos, 6),
            (history, 12),
            (self._timeline, 4),
        ):
            layout.addSpacing(above)
            layout.addWidget(part)
        layout.addStretch(1)

    def _button_grid(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setSpacing(8)
        grid.addWidget(self._buttons[0], 0, 0, 1, 2)
        for at, button in enumerate(self._buttons[1:]):
            grid.addWidget(button, 1 + at // 2, at % 2)
        return grid

    def _connect(self) -> None:
        for at, button in enumerate(self._buttons):
            button.setProperty("at", at)
            button.clicked.connect(self._on_button)
        for link in self._near:
            link.clicked.connect(self._on_near)
        self._become.clicked.connect(self._on_become)
        self._card.matter_chosen.connect(self.matter_chosen)
        self._words.given.connect(self._on_words)
        self._words.left.connect(self._on_left)
        self._form.given.connect(self._on_form)
        self._form.left.connect(self._on_left)
        self._form.people_wanted.connect(self.other_wanted)
        self._beside.wanted.connect(self._on_beside)
        self._people.chosen.connect(self._on_person)
        self._people.left.connect(self._on_left)
        self._photos.dropped.connect(self.photos_dropped)
        self._photos.opened.connect(self.photo_opened)
        self._photos.wanted.connect(self.photos_wanted)

    def _show_offers(self, sheet: CaseSheet, actor: Actor) -> None:
        self._offers = offers_of(sheet)[:_BUTTONS]
        if len(self._offers) > _SHOWN and not self._all_moves:
            more = Offer(_MORE, tr("ask.more"), ".")
            self._offers = [*self._offers[: _SHOWN - 1], more]
        for button, offer in zip(self._buttons, self._offers, strict=False):
            button.say(offer.text, offer.key)
            button.show()
        for button in self._buttons[len(self._offers) :]:
            button.hide()
        for at, button in enumerate(self._buttons[1:]):
            alone = at % 2 == 0 and at + 2 >= len(self._offers)
            self._grid.addWidget(button, 1 + at // 2, at % 2, 1, 2 if alone else 1)
        hand = next_hand(sheet, actor)
        self._become.setVisible(hand is not None)
        if hand is not None:
            role = tr(f"role.{hand.role}")
            name = person_named(hand.name)
            self._become.setText(tr("sheet.become", role=role, name=name) + "  [W]")

    def _show_near(self, sheet: CaseSheet) -> None:
        self._near_head.setVisible(bool(sheet.near))
        self._near_head.setText(tr("sheet.near", n=len(sheet.near)))
        for link, row in zip(self._near, sheet.near, strict=False):
            link.say(row.title or matter_named(row.matter_name))
            link.setProperty("uid", str(row.uid))
            link.show()
        for link in self._near[len(sheet.near) :]:
            link.hide()

    def become_next(self) -> bool:
        """Ask to become who can take the next step; False if nobody needs to."""
        if self._sheet is None or self._actor is None:
            return False
        hand = next_hand(self._sheet, self._actor)
        if hand is not None:
            self.become_wanted.emit(hand)
        return hand is not None

    def _take(self, offer: Offer) -> None:
        if offer.name == ACCEPT:
            self.accept_wanted.emit()
        elif offer.name == OTHER:
            self.other_wanted.emit()
        elif offer.name == _MORE:
            self._show_more()
        elif offer.asks in (("note",), ("reason",)) and not offer.chains:
            self.leave_prompt()
            self._words.ask(
                offer.name, offer.asks[0], tr(f"prompt.{offer.asks[0]}_for", move=offer.text)
            )
            QTimer.singleShot(0, self, self._show_prompt)
        elif offer.asks:
            self._answer = None
            self._open_form(offer)
        else:
            self.move_wanted.emit(offer.name, {})

    def _show_prompt(self) -> None:
        """Scroll to the question once the page has room for it."""
        shown = (one for one in (self._people, self._form) if one.isVisible())
        asked = next(shown, self._words)
        if asked.isVisible():
            self.ensureWidgetVisible(asked, 0, 12)

    def _show_more(self) -> None:
        self._all_moves = True
        if self._sheet is not None and self._actor is not None:
            self._show_offers(self._sheet, self._actor)

    def _open_form(self, offer: Offer) -> None:
        sheet = self._sheet
        if sheet is None:
            return
        self.leave_prompt()
        key = "ask.asks" if offer.chains else "ask.title"
        self._form.ask(
            offer.name, tr(key, move=offer.text), offer.asks, offer.chains,
            calendar=sheet.calendar, now_ms=self._now_ms(), photos=self._held,
        )  # fmt: skip
        QTimer.singleShot(0, self, self._show_prompt)

    def _on_beside(self, answer: Answer) -> None:
        needs = NEEDS.get(answer.verb)
        if needs is None:
            self.beside_wanted.emit(answer.verb, answer.hash, {})
        else:
            self._answer = answer
            self._open_form(Offer(answer.verb, tr(f"beside.{answer.verb}"), "", needs))

    def _on_form(self, name: str, fields: object) -> None:
        answer, self._answer = self._answer, None
        self.leave_prompt()
        if answer is not None:
            self.beside_wanted.emit(answer.verb, answer.hash, fields)
        else:
            self.move_wanted.emit(name, fields)

    def _on_button(self) -> None:
        self._take(self._offers[int(self.sender().property("at"))])

    def _on_near(self) -> None:
        self.case_chosen.emit(UUID(self.sender().property("uid")))

    def _on_become(self) -> None:
        self.become_next()

    def _on_left(self) -> None:
        self.leave_prompt()

    def _on_words(self, move: str, kind: str, words: str) -> None:
        self.leave_prompt()
        self.move_wanted.emit(move, {kind: words})

    def _on_person(self, person: Person) -> None:
        self.leave_prompt()
        self.person_chosen.emit(person)


def _may_give(sheet: CaseSheet, actor: Actor) -> bool:
    rule = sheet.way.tasks if sheet.way is not None else None
    return rule is not None and sheet.state.step in rule.states and actor.role in rule.roles
