"""What is to be printed and how, with the page as it will be. All by keyboard; no dialog box."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from PySide6.QtCore import QEvent, QObject, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPixmap, QResizeEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from app.domain.errors import AppError, InvalidInput
from app.domain.page_setup import PAPERS, PageSetup
from widgets.choices import Choice
from widgets.i18n import tr, tr_or
from widgets.notice import error_words
from widgets.overlay import Overlay
from widgets.pieces import KeyButton, make_label
from widgets.theme import Theme

CONTENTS = ("cases", "view", "street", "grid", "selection")
OTHER = "…"  # a template from a file
_DPI = ("100", "150", "200", "300", "600")
_SCALES = ("0", "500", "1000", "2000", "5000", "10000", "25000", "50000", "100000")
_WAIT_MS = 400  # of a person who is still choosing
_FIELDS = ("content", "template", "paper", "portrait", "scale", "dpi", "title", "notes", "kind")
_LEFT = 372
_WIDE, _HIGH = 1180, 760


@dataclass(frozen=True)
class PrintChoice:
    """Everything that is chosen: one of `CONTENTS`, a template's name or path, pdf or png."""

    content: str = "cases"
    template: str = "atlas"
    kind: str = "pdf"
    with_base: bool = True
    setup: PageSetup = field(default_factory=lambda: PageSetup(paper="A4"))

    def plain(self) -> dict[str, str | int | bool]:
        """Return it as plain values, as it is remembered; title and notes are of one print."""
        setup = asdict(replace(self.setup, title="", notes=""))
        own = {name: getattr(self, name) for name in ("content", "template", "kind", "with_base")}
        return own | setup

    @staticmethod
    def from_plain(plain: Any) -> PrintChoice:
        """Return a choice from plain values, the usual one where they make no sense."""
        try:
            values = dict(plain)
            own = {
                n: values.pop(n)
                for n in ("content", "template", "kind", "with_base")
                if n in values
            }
            made = PrintChoice(**own, setup=PageSetup(**{"paper": "A4", **values}))
        except (TypeError, ValueError, AppError):
            return PrintChoice()
        known = made.content in CONTENTS and made.kind in ("pdf", "png")
        return made if known else PrintChoice()


class PrintForm(Overlay):
    """`print_wanted` and `preview_wanted` carry a `PrintChoice`, `stop_wanted` nothing.

    `template_wanted` asks for a template from a file; `take_template` answers.
    """

    print_wanted = Signal(object)
    preview_wanted = Signal(object)
    template_wanted = Signal()
    stop_wanted = Signal()
    closed = Signal()

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(theme, parent, _WIDE, 56)
        self._templates: tuple[str, ...] = ("atlas",)
        self._pages = 0
        self._page = QPixmap()
        self._make_fields(theme)
        self._later = QTimer(self)
        self._later.setSingleShot(True)
        self._later.setInterval(_WAIT_MS)
        self._lay_out()
        self._connect()
        self.retranslate()

    def _make_fields(self, theme: Theme) -> None:
        self._title_label = make_label(self, 20, 700)
        self._content = Choice(self, CONTENTS[:4], _content_words)
        self._template = Choice(self, (*self._templates, OTHER), _template_words)
        self._paper = Choice(self, tuple(PAPERS), _same)
        self._portrait = Choice(self, ("lying", "upright"), _way_words)
        self._scale = QComboBox(self)
        self._scale.setEditable(True)
        self._scale.setInsertPolicy(QComboBox.InsertPolicy.NoInsert)
        self._dpi = Choice(self, _DPI, _same)
        self._kind = Choice(self, ("pdf", "png"), str.upper)
        self._title, self._notes = QLineEdit(self), QPlainTextEdit(self)
        self._notes.setFixedHeight(48)
        self._notes.setTabChangesFocus(True)
        self._legend, self._base = QCheckBox(self), QCheckBox(self)
        self._heads = {key: make_label(self, 12, ink="dim") for key in _FIELDS}
        self._wrong = make_label(self, 12, ink="critical")
        self._wrong.setWordWrap(True)
        self._preview, self._caption = QLabel(self), make_label(self, 12, ink="dim")
        self._preview.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._preview.setWordWrap(True)
        self._preview.setObjectName("card")
        self._preview.setMinimumSize(420, 420)
        self._bar = QProgressBar(self)
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(6)
        self._print, self._close = KeyButton(theme, self, accent=True), KeyButton(theme, self)

    # ---- what the owner shows ------------------------------------------------------------

    def open_with(
        self, choice: PrintChoice, templates: Sequence[str], *, selection: bool, title: str
    ) -> None:
        """Open on a choice; `selection` says whether something is selected on the map."""
        contents = CONTENTS if selection else CONTENTS[:4]
        for one in self._inputs():
            one.blockSignals(True)
        self._templates = tuple(templates)
        known = self._templates if choice.template in templates else (*templates, choice.template)
        self._content.offer(contents)
        self._content.choose(choice.content if choice.content in contents else contents[0])
        self._template.offer((*known, OTHER))
        self._template.choose(choice.template)
        self._paper.choose(choice.setup.paper or "A4")
        self._portrait.choose("upright" if choice.setup.portrait else "lying")
        self._dpi.choose(str(choice.setup.dpi))
        self._kind.choose(choice.kind)
        self._legend.setChecked(choice.setup.legend)
        self._base.setChecked(choice.with_base)
        self._title.setText(title)
        self._notes.clear()
        self._show_scale(choice.setup.scale)
        for one in self._inputs():
            one.blockSignals(False)
        self.say("")
        self.show_progress(0, 0)
        self._enable()
        self.pop_up()
        self._content.setFocus()
        self._ask_preview()

    @property
    def choice(self) -> PrintChoice:
        """What is chosen; raises `InvalidInput` naming the field that is wrong."""
        return PrintChoice(
            self._content.value,
            self._template.value,
            self._kind.value,
            self._base.isChecked(),
            PageSetup(
                self._paper.value,
                self._portrait.value == "upright",
                int(self._dpi.value),
                self._scale_number(),
                self._title.text().strip(),
                self._notes.toPlainText().strip(),
                self._legend.isChecked(),
            ),
        )

    def choose(self, content: str) -> None:
        """Choose what is printed."""
        self._content.choose(content)

    def take_template(self, path: str) -> None:
        """Take a template from a file; empty for none."""
        self._template.offer((*self._templates, *([path] if path else []), OTHER))
        self._template.choose(path or self._templates[0])

    def show_preview(self, png: bytes, pages: int) -> None:
        """Show the first page of so many."""
        self._page.loadFromData(png)
        self._pages = pages
        self._fit_page()
        self._say_size()

    def show_progress(self, done: int, total: int) -> None:
        """Show how far a print is; a total of 0 is none."""
        self._bar.setVisible(total > 0)
        self._bar.setRange(0, max(total, 1) if total != 1 else 0)
        self._bar.setValue(done)
        self._print.setEnabled(total == 0)
        self._close.say(tr("print.stop") if total else tr("print.close"), "Esc")
        if total > 1:
            self._caption.setText(tr("print.page_of", n=done, total=total))

    def say(self, words: str) -> None:
        """Say what is wrong, or nothing any more."""
        self._wrong.setText(words)
        self._wrong.setVisible(bool(words))

    def no_preview(self, words: str) -> None:
        """Say in the place of the page why it is not shown."""
        self._page = QPixmap()
        self._preview.setPixmap(self._page)
        self._preview.setText(words)
        self._caption.clear()

    @property
    def is_printing(self) -> bool:
        """Whether a print goes on."""
        return self._bar.isVisible()

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        super().set_theme(theme)
        for button in (self._print, self._close):
            button.set_theme(theme)
        self._fit_page()

    def retranslate(self) -> None:
        """Take the words of the language spoken now; what was chosen stays."""
        self._title_label.setText(tr("print.heading"))
        for key, label in self._heads.items():
            label.setText(tr(f"print.{key}"))
        for choice in (self._content, self._template, self._portrait):
            choice.retranslate()
        try:
            scale = self._scale_number()
        except InvalidInput:
            scale = 0
        self._show_scale(scale)
        self._legend.setText(tr("print.legend"))
        self._base.setText(tr("print.base"))
        self._title.setPlaceholderText(tr("print.title_hint"))
        self._notes.setPlaceholderText(tr("print.notes_hint"))
        self._print.say(tr("print.go"), "Ctrl ↵")
        self._close.say(tr("print.close"), "Esc")

    def leave(self) -> None:
        """Close; a print that goes on is stopped first."""
        if self.is_printing:
            self.stop_wanted.emit()
            return
        self._later.stop()
        super().leave()
        self.closed.emit()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Print on Ctrl Enter from any field."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress:
            control = event.modifiers() & Qt.KeyboardModifier.ControlModifier
            if control and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                self._on_print()
                return True
            if event.key() == Qt.Key.Key_Escape:
                self.leave()
                return True
        return super().eventFilter(watched, event)

    def sizeHint(self) -> QSize:
        """Return room in which a page can be read."""
        return QSize(_WIDE, _HIGH)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the page anew."""
        super().resizeEvent(event)
        self._fit_page()

    # ---- within --------------------------------------------------------------------------

    def _inputs(self) -> tuple[QWidget, ...]:
        return (
            self._content, self._template, self._paper, self._portrait, self._scale, self._dpi,
            self._title, self._notes, self._kind, self._legend, self._base,
        )  # fmt: skip

    def _connect(self) -> None:
        for one in self._inputs():
            one.installEventFilter(self)
        for choice in (self._content, self._paper, self._portrait, self._dpi, self._kind):
            choice.currentIndexChanged.connect(self._ask_preview)
        self._template.currentIndexChanged.connect(self._on_template)
        self._scale.editTextChanged.connect(self._ask_preview)
        self._title.textEdited.connect(self._ask_preview)
        self._notes.textChanged.connect(self._ask_preview)
        self._legend.toggled.connect(self._ask_preview)
        self._base.toggled.connect(self._ask_preview)
        self._later.timeout.connect(self._on_preview)
        self._print.clicked.connect(self._on_print)
        self._close.clicked.connect(self.leave)

    def _enable(self) -> None:
        drawn = self._content.value != "cases"
        for one in (self._template, self._scale, self._legend, self._base, self._notes):
            one.setEnabled(drawn)

    def _ask_preview(self, *_changed: object) -> None:
        self._enable()
        if self.isVisible():
            self._later.start()

    def _on_preview(self) -> None:
        choice = self._checked()
        if choice is not None:
            if self._page.isNull():
                self._preview.setText(tr("print.drawing"))
            self.preview_wanted.emit(choice)

    def _on_template(self) -> None:
        if self._template.value == OTHER:
            self.template_wanted.emit()
        else:
            self._ask_preview()

    def _on_print(self) -> None:
        choice = self._checked()
        if choice is not None and not self.is_printing:
            self.print_wanted.emit(choice)

    def _checked(self) -> PrintChoice | None:
        try:
            choice = self.choice
            if choice.kind == "png":
                choice.setup.check_picture()
        except InvalidInput as error:
            self.say(" ".join(filter(None, error_words(error)[:1])))
            return None
        self.say("")
        return choice

    def _scale_number(self) -> int:
        text = self._scale.currentText().rpartition(":")[2].replace(",", "").strip()
        if not text or text == tr("print.fit"):
            return 0
        if not text.isdecimal():
            raise InvalidInput(f"{text!r} is no scale.", advice="Such as 1:2000.", field="scale")
        return int(text)

    def _show_scale(self, scale: int) -> None:
        self._scale.blockSignals(True)
        self._scale.clear()
        self._scale.addItems([_scale_words(one) for one in _SCALES])
        self._scale.setEditText(_scale_words(str(scale)))
        self._scale.blockSignals(False)

    def _fit_page(self) -> None:
        if self._page.isNull():
            return
        ratio = self.devicePixelRatioF()
        room = self._preview.contentsRect().size()
        paper = self._page.scaled(
            (room - QSize(24, 24)) * ratio,
            Qt.AspectRatioMode.KeepAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
        under = QPixmap(room * ratio)
        under.fill(QColor(self._theme.track))
        with QPainter(under) as painter:
            at = (under.size() - paper.size()) / 2
            painter.drawPixmap(at.width(), at.height(), paper)
        under.setDevicePixelRatio(ratio)
        self._preview.setPixmap(under)

    def _say_size(self) -> None:
        setup = self.choice.setup
        wide, high = setup.size_mm
        self._caption.setText(
            tr("print.caption", total=self._pages, paper=setup.paper, w=f"{wide:g}", h=f"{high:g}")
        )

    def _lay_out(self) -> None:
        left = QVBoxLayout()
        left.setSpacing(4)
        left.addWidget(self._title_label)
        left.addSpacing(4)
        self._add(left, "content", self._content)
        self._add(left, "template", self._template)
        grid = QGridLayout()
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(4)
        pairs = (("paper", self._paper), ("portrait", self._portrait), ("scale", self._scale),
                 ("dpi", self._dpi))  # fmt: skip
        for at, (key, one) in enumerate(pairs):
            row, column = at // 2 * 2, at % 2
            grid.addWidget(self._heads[key], row, column)
            grid.addWidget(one, row + 1, column)
            grid.setColumnStretch(column, 1)
        left.addLayout(grid)
        self._add(left, "title", self._title)
        self._add(left, "notes", self._notes)
        self._add(left, "kind", self._kind)
        boxes = QHBoxLayout()
        boxes.addWidget(self._legend)
        boxes.addWidget(self._base)
        boxes.addStretch(1)
        left.addSpacing(4)
        left.addLayout(boxes)
        left.addWidget(self._wrong)
        left.addStretch(1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self._print, 1)
        buttons.addWidget(self._close, 1)
        left.addLayout(buttons)
        right = QVBoxLayout()
        right.setSpacing(6)
        right.addWidget(self._preview, 1)
        right.addWidget(self._bar)
        right.addWidget(self._caption)
        holder = QWidget(self)
        holder.setFixedWidth(_LEFT)
        left.setContentsMargins(0, 0, 0, 0)
        holder.setLayout(left)
        both = QHBoxLayout(self)
        both.setContentsMargins(16, 14, 16, 16)
        both.setSpacing(16)
        both.addWidget(holder)
        both.addLayout(right, 1)

    def _add(self, layout: QVBoxLayout, key: str, one: QWidget) -> None:
        layout.addWidget(self._heads[key])
        layout.addWidget(one)


def _same(value: str) -> str:
    return value


def _content_words(value: str) -> str:
    return tr(f"print.content_{value}")


def _template_words(value: str) -> str:
    if value == OTHER:
        return tr("print.template_other")
    return tr_or(f"print.template_{value}", value.rpartition("/")[2])


def _way_words(value: str) -> str:
    return tr(f"print.{value}")


def _scale_words(scale: str) -> str:
    return tr("print.fit") if scale == "0" else f"1 : {int(scale):,}"
