"""Taking in a sighting: words, place, who says so. What is wrong is said beside the field."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from app.domain.addresses.placed import Placed
from app.domain.errors import AppError
from app.services.commands import Actor, ReportCase
from app.services.views import Geocoded, PlaceHit
from widgets.i18n import tr
from widgets.notice import error_words
from widgets.overlay import Overlay
from widgets.pieces import KeyButton, make_label
from widgets.theme import Theme
from widgets.words import local

SOURCES = ("hotline", "supervisor", "patrol", "desk")
_PHONE = re.compile(r"[0-9 +\-]{0,20}")


class ReportForm(Overlay):
    """`submitted` carries a `ReportCase`; `locate_wanted` and `pick_wanted` a place."""

    submitted = Signal(object)
    locate_wanted = Signal(object)
    pick_wanted = Signal()
    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget, height: int = 34, left: int = 412) -> None:
        super().__init__(theme, parent, 440, 64, left=left)
        self.setProperty("touch", height >= 44)
        small = 14 if height >= 44 else 12
        self._actor: Actor | None = None
        self._place: tuple[float, float] | None = None
        self._placed: Placed | None = None
        self._photos: tuple[str, ...] = ()
        self._at_ms: int | None = None
        self._locating = False
        self._title = make_label(self, 20, 700)
        self._words = QPlainTextEdit(self)
        self._words.setFixedHeight(92)
        self._words.setTabChangesFocus(True)
        self._address, self._name = QLineEdit(self), QLineEdit(self)
        self._phone, self._source = QLineEdit(self), QComboBox(self)
        self._find, self._pick = KeyButton(theme, self), KeyButton(theme, self)
        self._send, self._cancel = KeyButton(theme, self, accent=True), KeyButton(theme, self)
        for button in (self._find, self._pick, self._send, self._cancel):
            button.set_height(height)
        self._chosen = make_label(self, small, ink="normal")
        self._attached = make_label(self, small, ink="normal")
        self._chosen.setWordWrap(True)
        self._attached.setWordWrap(True)
        self._private = make_label(self, small, ink="dim")
        self._private.setWordWrap(True)
        self._heads = {key: make_label(self, small, ink="dim") for key in _HEADS}
        self._wrong = {key: make_label(self, small, ink="critical") for key in _FIELDS}
        self._lay_out()
        self._set_order()
        self._connect()
        self.retranslate()

    def open_for(self, actor: Actor) -> None:
        """Open, empty, for `actor`."""
        self._actor, self._place, self._placed = actor, None, None
        self._photos, self._at_ms = (), None
        outside = actor.role in ("supervisor", "handler")
        self._source.setCurrentIndex(SOURCES.index("patrol" if outside else "hotline"))
        self._words.clear()
        for field in (self._address, self._name, self._phone):
            field.clear()
        self._chosen.hide()
        self._attached.hide()
        self._say({})
        self.pop_up()
        self._words.setFocus()

    def take_photos(self, digests: Sequence[str], taken_ms: int | None) -> None:
        """Take stored photos, and when they were taken if the camera said so (Unix ms)."""
        self._photos, self._at_ms = tuple(digests), taken_ms
        words = tr("report.photos", n=len(digests))
        if taken_ms is not None:
            at = f"{local(taken_ms):%m-%d %H:%M}"
            words = f"{words}  {tr('report.taken', at=at)}"
        self._attached.setText(words)
        self._attached.show()
        self.place()

    def take_place(self, lon: float, lat: float, address: str = "", source: str = "map") -> None:
        """Take a place in degrees WGS 84; `source` is map (a click, a search) or camera."""
        self._place, self._placed = (lon, lat), Placed(source, "point")
        key = "report.picked_camera" if source == "camera" else "report.picked"
        self._chosen.setText(tr(key, lon=lon, lat=lat))
        self._chosen.show()
        if address:
            self._address.setText(address)
        self._say({})

    def take_hits(self, hits: Sequence[PlaceHit]) -> PlaceHit | None:
        """Take the first place found that has coordinates, and return it."""
        self._locating = False
        found = next((h for h in hits if h.lon is not None and h.lat is not None), None)
        if found is None or found.lon is None or found.lat is None:
            self._say({"address": tr("report.no_place")})
            return None
        self.take_place(found.lon, found.lat)
        exact = found.kind == "place"
        self._placed = Placed(
            "search", "name" if exact else "area", round(1000 * min(1.0, max(0.0, found.score))),
            place=found.uid if exact else None,
        )  # fmt: skip
        return found

    def take_geocoded(self, found: Geocoded) -> None:
        """Take the geocoder's answer, and say what it is and how sure."""
        self._locating = False
        self.take_place(found.lon, found.lat)
        self._placed = found.placed
        share = f"{found.confidence:.0%}"
        self._chosen.setText(
            tr("report.geocoded", title=found.title, share=share, metres=round(found.metres))
        )

    def take_error(self, error: BaseException) -> bool:
        """Show a refusal beside the field it names; False if it names none of ours."""
        field = {"lon": "address", "lat": "address", "reporter_phone": "phone"}.get(
            getattr(error, "field", None) or "", getattr(error, "field", None)
        )
        if not isinstance(error, AppError) or field not in _FIELDS:
            return False
        self._say({field: error_words(error)[0]})
        return True

    def fill(self, words: str, address: str, name: str = "", phone: str = "") -> None:
        """Type into the fields."""
        self._words.setPlainText(words)
        self._address.setText(address)
        self._name.setText(name)
        self._phone.setText(phone)

    def submit(self) -> None:
        """Check, and hand the report on if nothing is wrong."""
        wrong = self._check()
        self._say(wrong)
        if wrong or self._actor is None or self._place is None:
            return
        self.submitted.emit(
            ReportCase(
                actor=self._actor,
                words=self._words.toPlainText().strip(),
                lon=self._place[0],
                lat=self._place[1],
                address=self._address.text().strip(),
                source=SOURCES[self._source.currentIndex()],
                reporter_name=self._name.text().strip(),
                reporter_phone=self._phone.text().strip(),
                photos=self._photos,
                at_ms=self._at_ms,
                placed=self._placed,
            )
        )

    def leave(self) -> None:
        """Close."""
        super().leave()
        self.closed.emit()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        super().set_theme(theme)
        for button in (self._find, self._pick, self._send, self._cancel):
            button.set_theme(theme)

    def retranslate(self) -> None:
        """Take the words of the language spoken now; what was typed stays."""
        self._title.setText(tr("report.title"))
        for key, label in self._heads.items():
            label.setText(tr(f"report.{key}"))
        self._words.setPlaceholderText(tr("report.words_hint"))
        self._address.setPlaceholderText(tr("report.address_hint"))
        self._find.say(tr("report.locate"))
        self._pick.say(tr("report.pick"))
        self._send.say(tr("report.submit"), "Ctrl ↵")
        self._cancel.say(tr("report.cancel"), "Esc")
        self._private.setText(tr("report.private"))
        at = max(0, self._source.currentIndex())
        self._source.clear()
        self._source.addItems([tr(f"source.{source}") for source in SOURCES])
        self._source.setCurrentIndex(at)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Send on Ctrl Enter from any field, look for the place on Enter."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
                    self.submit()
                    return True
                if watched is self._address:
                    self._on_find()
                    return True
            if event.key() == Qt.Key.Key_Escape:
                self.leave()
                return True
        return super().eventFilter(watched, event)

    def _check(self) -> dict[str, str]:
        wrong = {}
        if not self._words.toPlainText().strip():
            wrong["words"] = tr("report.need_words")
        if self._place is None:
            wrong["address"] = tr("report.need_place")
        if not _PHONE.fullmatch(self._phone.text().strip()):
            wrong["phone"] = tr("report.bad_phone")
        return wrong

    def _say(self, wrong: dict[str, str]) -> None:
        fields = {"words": self._words, "address": self._address, "phone": self._phone}
        for key, label in self._wrong.items():
            label.setText(wrong.get(key, ""))
            label.setVisible(key in wrong)
            field = fields[key]
            if bool(field.property("wrong")) != (key in wrong):
                field.setProperty("wrong", key in wrong)
                field.style().unpolish(field)
                field.style().polish(field)
        if self.isVisible():
            self.place()

    def _on_find(self) -> None:
        if self._address.text().strip():
            self.locate_wanted.emit(self._address.text().strip())

    def _on_pick(self) -> None:
        self.pick_wanted.emit()

    def _connect(self) -> None:
        for field in (self._words, self._address, self._name, self._phone, self._source):
            field.installEventFilter(self)
        self._find.clicked.connect(self._on_find)
        self._pick.clicked.connect(self._on_pick)
        self._send.clicked.connect(self.submit)
        self._cancel.clicked.connect(self.leave)

    def _set_order(self) -> None:
        order = (self._words, self._address, self._find, self._pick, self._name, self._phone,
                 self._source, self._send, self._cancel)  # fmt: skip
        for first, second in pairwise(order):
            QWidget.setTabOrder(first, second)

    def _lay_out(self) -> None:
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 14, 16, 16)
        layout.setSpacing(4)
        layout.addWidget(self._title)
        layout.addSpacing(4)
        self._add(layout, "words", self._words)
        place = QHBoxLayout()
        place.setSpacing(8)
        for part, share in ((self._address, 1), (self._find, 0), (self._pick, 0)):
            place.addWidget(part, share)
        layout.addWidget(self._heads["address"])
        layout.addLayout(place)
        layout.addWidget(self._chosen)
        layout.addWidget(self._attached)
        layout.addWidget(self._wrong["address"])
        layout.addLayout(_pair(self._column("reporter", self._name),
                               self._column("phone", self._phone)))  # fmt: skip
        layout.addWidget(self._wrong["phone"])
        layout.addWidget(self._private)
        self._add(layout, "source", self._source)
        layout.addSpacing(10)
        layout.addLayout(_pair(self._send, self._cancel))

    def _add(self, layout: QVBoxLayout, key: str, field: QWidget) -> None:
        layout.addWidget(self._heads[key])
        layout.addWidget(field)
        if key in self._wrong:
            layout.addWidget(self._wrong[key])

    def _column(self, key: str, field: QWidget) -> QVBoxLayout:
        column = QVBoxLayout()
        column.setSpacing(4)
        head: QLabel = self._heads[key]
        column.addWidget(head)
        column.addWidget(field)
        return column


def _pair(*parts: QWidget | QVBoxLayout) -> QHBoxLayout:
    row = QHBoxLayout()
    row.setSpacing(8)
    for part in parts:
        if isinstance(part, QWidget):
            row.addWidget(part, 1)
        else:
            row.addLayout(part, 1)
    return row


_HEADS = ("words", "address", "reporter", "phone", "source")
_FIELDS = ("words", "address", "phone")
