"""One way to show an error, and short news: a card that waits in a corner, never a dialog."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, QSize, Qt, QTimer
from PySide6.QtGui import QColor, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.domain.errors import AppError
from app.runtime.error_words import error_said
from widgets.i18n import language, table, tr
from widgets.symbols import draw_state
from widgets.theme import Theme, font, load_theme, metrics

_WIDTH = 400
_WRAP = Qt.TextFlag.TextWordWrap
_NEWS_MS = 4000
_REASSURING = ("is safe", "Nothing was", "nothing was", "not changed", "not touched")


class Notice(QWidget):
    """The card of one window. An error stays until it is clicked away; news go by themselves."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme
        self._under = parent
        self._state = "normal"
        self._title = self._text = ""
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.hide)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.hide()
        parent.installEventFilter(self)

    @property
    def words(self) -> str:
        """What is shown now, empty if nothing is."""
        return f"{self._title} {self._text}".strip() if self.isVisible() else ""

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self.update()

    def tell(self, text: str, state: str = "normal") -> None:
        """Show a line of news for some seconds."""
        self._show(state, text, "")
        self._timer.start(_NEWS_MS)

    def warn(self, title: str, text: str) -> None:
        """Show an error until it is clicked away."""
        self._timer.stop()
        self._show("bad", title, text)

    def leave(self) -> bool:
        """Go away; False if nothing was shown."""
        shown = self.isVisible()
        self._timer.stop()
        self.hide()
        return shown

    def sizeHint(self) -> QSize:
        """Return room for title and text."""
        height = 24 + self._measure(self._title, 14, 600)
        if self._text:
            height += 4 + self._measure(self._text, 12, 400)
        return QSize(_WIDTH, height)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go away."""
        self.leave()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Stay in the corner when the window changes size."""
        if event.type() == QEvent.Type.Resize and self.isVisible():
            self._place()
        return False

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint symbol, title and text."""
        theme = self._theme
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            edge = theme.state(self._state) if self._state != "normal" else QColor(theme.line)
            painter.setPen(QPen(edge, 1))
            painter.setBrush(QColor(theme.panel))
            painter.drawRoundedRect(QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5), 6, 6)
            draw_state(painter, self._state, QPointF(20, 22), 12, theme)
            high = self._measure(self._title, 14, 600)
            painter.setFont(font(14, 600))
            painter.setPen(QColor(theme.text))
            painter.drawText(QRectF(36, 12, self.width() - 48, high), _WRAP, self._title)
            painter.setFont(font(12))
            painter.setPen(QColor(theme.dim))
            box = QRectF(36, 16 + high, self.width() - 48, self.height())
            painter.drawText(box, _WRAP, self._text)

    def _show(self, state: str, title: str, text: str) -> None:
        self._state, self._title, self._text = state, title, text
        self.setAccessibleName(f"{title} {text}".strip())
        self._place()
        self.show()
        self.raise_()
        self.update()

    def _place(self) -> None:
        size = self.sizeHint()
        left = (self._under.width() - size.width()) // 2
        self.setGeometry(left, 52, size.width(), size.height())

    def _measure(self, text: str, px: int, weight: int) -> int:
        box = metrics(px, weight).boundingRect(0, 0, _WIDTH - 48, 9999, _WRAP, text)
        return int(box.height())


def error_words(error: BaseException) -> tuple[str, str]:
    """Return what happened, and what is safe and what to do, in the language spoken now."""
    if not isinstance(error, AppError):
        what = f"{type(error).__name__}: {error}".rstrip(": ")
        return tr("error.unexpected", what=what), tr("error.unexpected_advice")
    known = table(language())
    lang = language()
    title = known.get(f"error.code.{error.code}") or error_said(error.message, lang)
    advice = known.get(f"error.advice.{error.code}") or error_said(error.advice, lang)
    told = any(words in f"{error.message} {error.advice}" for words in _REASSURING)
    return title, advice if told else f"{advice} {tr('error.safe')}".strip()


def notice_of(window: QWidget) -> Notice:
    """Return the window's notice, made on first use."""
    found = window.findChild(Notice, "", Qt.FindChildOption.FindDirectChildrenOnly)
    if isinstance(found, Notice):
        return found
    return Notice(load_theme("light"), window)


def show_error(parent: QWidget, error: BaseException) -> None:
    """Show an error on the window of `parent`, without stopping anybody's work."""
    title, text = error_words(error)
    notice_of(parent.window()).warn(title, text)
