"""Change requests of the register of addresses 地名地址: seen, decided, asked for by keys."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from app.domain.addresses.register import Entry
from app.services.address_asking import RequestView
from app.services.views import NearPlace
from widgets.address_form import AddressForm
from widgets.i18n import tr
from widgets.overlay import Overlay
from widgets.pieces import KeyButton, make_label
from widgets.prompt import WordsPrompt
from widgets.theme import Theme
from widgets.words import local

TABS = ("open", "approved", "refused", "here")
_DECIDED = {"A": "approve", "X": "refuse"}
_CHANGED = {"R": "rename", "L": "alias", "M": "move", "D": "retire"}
_MINE = "W"
_ALWAYS = ("H", "P", "N", "T")
_KEYS = {
    "open": ("A", "X", _MINE, *_ALWAYS),
    "approved": _ALWAYS,
    "refused": _ALWAYS,
    "here": ("R", "L", "M", "D", *_ALWAYS),
}


@dataclass(frozen=True)
class Proposal:
    """What a person asks for: `at` is the address to change, None for a new one."""

    change: str
    at: NearPlace | None
    words: str
    reason: str


class AddressPage(Overlay):
    """`tab_wanted(tab)`, `past_wanted(uid)`, `place_wanted(lon, lat)`, `decided(hash, yes, why)`,
    `withdrawn(hash)` and `proposed(Proposal)` say what a person wants; the owner answers with the
    show methods.
    """

    tab_wanted = Signal(str)
    past_wanted = Signal(object)
    place_wanted = Signal(float, float)
    decided = Signal(str, bool, str)
    proposed = Signal(object)
    withdrawn = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent, 640, 72, left=412)
        self.tab = TABS[0]
        self._rows: tuple[RequestView | NearPlace, ...] = ()
        self._title, self._tabs = make_label(self, 20, 700), make_label(self, 14, 600, ink="dim")
        self._empty, self._wrong = make_label(self, 14, ink="dim"), make_label(self, 14, ink="bad")
        self._more = make_label(self, 12, ink="dim")
        for label in (self._empty, self._wrong, self._more):
            label.setWordWrap(True)
        self._list = QListWidget(self)
        self._list.setMinimumHeight(260)
        self._list.installEventFilter(self)
        self._prompt, self.form = WordsPrompt(theme, self), AddressForm(self)
        self._buttons = {key: KeyButton(theme, self) for key in "AXWRLMDHPNT"}
        row = QHBoxLayout()
        row.setSpacing(6)
        for key, button in self._buttons.items():
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.clicked.connect(_Press(self, key))
            row.addWidget(button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 14)
        layout.setSpacing(8)
        for part in (self._title, self._tabs, self._empty, self._list, self._more, self._wrong,
                     self._prompt, self.form):  # fmt: skip
            layout.addWidget(part)
        layout.addLayout(row)
        self._list.currentRowChanged.connect(self._on_row)
        self._prompt.given.connect(self._on_decided)
        self._prompt.left.connect(self._back)
        self.form.given.connect(self._on_proposed)
        self.form.left.connect(self._back)
        self.retranslate()

    # ---- what the owner shows ------------------------------------------------------------

    def open_on(self, tab: str) -> None:
        """Open; the owner reads the tab."""
        self.turn_to(tab)
        self.pop_up()
        self._list.setFocus()

    def turn_to(self, tab: str) -> None:
        """Show another tab, empty until its rows are there."""
        self.tab = tab
        self._rows = ()
        self._list.clear()
        self._more.clear()
        self._say("")
        self._empty.setText(tr("address.reading"))
        self._empty.show()
        self._mark_tab()
        self.tab_wanted.emit(tab)

    def show_rows(self, rows: Sequence[RequestView | NearPlace]) -> None:
        """Show what the tab holds; the chosen row stays chosen if it is still there."""
        chosen = self._key_of(self._chosen())
        self._rows = tuple(rows)
        self._list.clear()
        for one in self._rows:
            QListWidgetItem(row_words(one), self._list)
        keys = [self._key_of(one) for one in self._rows]
        self._list.setCurrentRow(keys.index(chosen) if chosen in keys else 0)
        self._empty.setText(tr(f"address.empty_{self.tab}"))
        self._empty.setVisible(not self._rows)
        self._mark_tab()

    def show_past(self, past: Sequence[RequestView], entry: Entry | None = None) -> None:
        """Show names with their dates and the history of the chosen address below the list."""
        lines = [*_names(entry), *(row_words(one) for one in past)]
        self._more.setText("\n".join(lines) or tr("address.no_past"))
        self.place()

    def show_error(self, words: str) -> None:
        """Say what was refused and why; what was written stays."""
        self._say(words)

    def done(self, words: str) -> None:
        """Say what was done, and put the question away."""
        self._back()
        self._say("")
        self._more.setText(words)

    def retranslate(self) -> None:
        """Take the words of the language spoken now."""
        self._title.setText(tr("address.title"))
        for key, button in self._buttons.items():
            button.say(tr(f"address.key_{key.lower()}"), key)
        self._prompt.retranslate()
        self.form.retranslate()
        self._mark_tab()
        self.show_rows(self._rows)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        super().set_theme(theme)
        self._prompt.set_theme(theme)
        for button in self._buttons.values():
            button.set_theme(theme)

    # ---- keys ----------------------------------------------------------------------------

    def press(self, key: str) -> None:
        """Do what a key of the page stands for, if the tab has it."""
        if key not in _KEYS[self.tab]:
            return
        chosen = self._chosen()
        self._say("")
        if key == "T":
            self.turn_to(TABS[(TABS.index(self.tab) + 1) % len(TABS)])
        elif key == "N":
            self.form.ask("new", "")
        elif chosen is None:
            self._say(tr("address.choose"))
        elif key == "P" and chosen.lon is not None and chosen.lat is not None:
            self.place_wanted.emit(chosen.lon, chosen.lat)
        elif key == "H":
            self.past_wanted.emit(_address(chosen))
        elif key in _DECIDED and isinstance(chosen, RequestView):
            move = _DECIDED[key]
            self._prompt.ask(move, "reason", f"{tr(f'address.{move}')} · {_change(chosen)}")
        elif key == _MINE and isinstance(chosen, RequestView):
            self.withdrawn.emit(chosen.hash)
        elif key in _CHANGED:
            self.form.ask(_CHANGED[key], chosen.title)
        self.place()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Take the page's keys while the list has them."""
        if watched is self._list and isinstance(event, QKeyEvent):
            if event.type() == QEvent.Type.ShortcutOverride:
                event.accept()
                return True
            key = event.text().upper()
            if event.type() == QEvent.Type.KeyPress and key and key in self._buttons:
                self.press(key)
                return True
        return super().eventFilter(watched, event)

    # ---- inside --------------------------------------------------------------------------

    def _chosen(self) -> RequestView | NearPlace | None:
        at = self._list.currentRow()
        return self._rows[at] if 0 <= at < len(self._rows) else None

    def _key_of(self, one: RequestView | NearPlace | None) -> object:
        return one.hash if isinstance(one, RequestView) else one.uid if one is not None else None

    def _mark_tab(self) -> None:
        count = len(self._rows)
        names = [f"[{tr(f'address.tab_{one}')} {count}]" if one == self.tab
                 else tr(f"address.tab_{one}") for one in TABS]  # fmt: skip
        self._tabs.setText("   ".join(names))
        for key, button in self._buttons.items():
            button.setVisible(key in _KEYS[self.tab])
        self.setAccessibleName(f"{tr('address.title')} {tr(f'address.tab_{self.tab}')} {count}")

    def _say(self, words: str) -> None:
        self._wrong.setText(words)
        self._wrong.setVisible(bool(words))
        self.place()

    def _on_row(self, _row: int) -> None:
        self._more.clear()

    def _on_decided(self, move: str, _kind: str, words: str) -> None:
        chosen = self._chosen()
        if isinstance(chosen, RequestView):
            self.decided.emit(chosen.hash, move == "approve", words)

    def _on_proposed(self, change: str, words: str, reason: str) -> None:
        chosen = self._chosen()
        at = chosen if isinstance(chosen, NearPlace) and change != "new" else None
        self.proposed.emit(Proposal(change, at, words, reason))

    def _back(self) -> None:
        self._prompt.hide()
        self.form.hide()
        self._list.setFocus()
        self.place()


class _Press:
    """A button's key, as a thing to do."""

    def __init__(self, page: AddressPage, key: str) -> None:
        self._page, self._key = page, key

    def __call__(self) -> None:
        self._page.press(self._key)


def row_words(one: RequestView | NearPlace) -> str:
    """Return the two lines of a row."""
    if isinstance(one, NearPlace):
        far = tr("address.metres", n=round(one.metres))
        return f"{one.title}\n{one.address or one.title} · {far}"
    when = f"{local(one.at_ms):%m-%d %H:%M}"
    role = tr(f"role.{one.role}") if one.role != "machine" else tr("address.machine")
    parts = [" ".join(filter(None, (one.by_name, role))), when, one.reason]
    if one.decided_ms is not None:
        verdict = tr(f"address.tab_{one.standing}")
        parts += [f"{verdict} {one.decided_name} {local(one.decided_ms):%m-%d %H:%M}", one.answer]
    if one.photos:
        parts.append(tr("address.photos", n=len(one.photos)))
    rivals = ""
    if one.rivals:
        said = (one.partition(":") for one in one.rivals)
        others = (f"{tr(f'address.change_{kind}')} {words}".strip() for kind, _, words in said)
        rivals = "\n" + tr("address.rivals", what="; ".join(others))
    return f"{_change(one)}\n{' · '.join(filter(None, parts))}{rivals}"


def _names(entry: Entry | None) -> list[str]:
    """Return the names of an address with the days on which they came and went."""
    dated = entry.dates if entry is not None else ()
    told = []
    for name, since, to in dated:
        begun = f"{local(since):%Y-%m-%d}" if since else tr("address.from_start")
        ended = f"{local(to):%Y-%m-%d}" if to is not None else tr("address.to_now")
        told.append(tr("address.named", name=name, since=begun, to=ended))
    return told


def _change(one: RequestView) -> str:
    named = " → ".join(filter(None, (one.title, one.said)))
    return f"{tr(f'address.change_{one.change}')}  {named}"


def _address(one: RequestView | NearPlace) -> object:
    return one.address if isinstance(one, RequestView) else one.uid
