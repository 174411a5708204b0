"""Photos of a case side by side, and a place to drop more."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QImage,
    QMouseEvent,
    QPainter,
    QPainterPath,
    QPaintEvent,
    QPen,
)
from PySide6.QtWidgets import QFileDialog, QSizePolicy, QWidget

from widgets.i18n import tr
from widgets.theme import Theme, font, metrics

PICTURES = ("png", "jpg", "jpeg", "webp", "bmp")
_COLUMNS, _GAP, _HEIGHT = 3, 8, 84


class PhotoRow(QWidget):
    """Thumbnails three a row, the last place for dropping. `dropped` carries a tuple of paths."""

    dropped = Signal(object)
    opened = Signal(object)
    wanted = Signal()  # instead of the file dialog, where photos come from elsewhere

    def __init__(self, theme: Theme, parent: QWidget, *, dialog: bool = True) -> None:
        super().__init__(parent)
        self._theme = theme
        self._dialog = dialog
        self._digests: tuple[str, ...] = ()
        self._captions: Mapping[str, str] = {}
        self._images: Mapping[str, QImage] = {}
        self._hot = False
        self.setAcceptDrops(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_theme(self, theme: Theme) -> None:
        """Take the colours of `theme`."""
        self._theme = theme
        self.update()

    def show_photos(
        self,
        digests: Sequence[str],
        images: Mapping[str, QImage],
        captions: Mapping[str, str] | None = None,
    ) -> None:
        """Show photos by content hash, with a word on each; one still to come is a grey field."""
        self._digests, self._images = tuple(digests), images
        self._captions = captions or {}
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:
        """Return the height of all rows."""
        rows = len(self._digests) // _COLUMNS + 1
        return QSize(200, rows * (_HEIGHT + _GAP) - _GAP)

    def minimumSizeHint(self) -> QSize:
        """Return the same height."""
        return QSize(120, self.sizeHint().height())

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint thumbnails and the place to drop."""
        with QPainter(self) as painter:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            for at, digest in enumerate(self._digests):
                self._paint_photo(painter, self._box(at), self._images.get(digest))
                self._paint_caption(painter, self._box(at), self._captions.get(digest, ""))
            box = self._box(len(self._digests)).adjusted(0.5, 0.5, -0.5, -0.5)
            edge = QColor(self._theme.accent if self._hot else self._theme.line)
            painter.setPen(QPen(edge, 1, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(box, 6, 6)
            painter.setFont(font(12 if self._dialog else 16))
            painter.setPen(QColor(self._theme.dim))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, self._hint())

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Open the photo under the pointer, or choose files."""
        for at, digest in enumerate(self._digests):
            if self._box(at).contains(event.position()):
                self.opened.emit(digest)
                return
        if self._box(len(self._digests)).contains(event.position()):
            self.add()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Welcome pictures."""
        if _pictures(event):
            self._hot = True
            event.acceptProposedAction()
            self.update()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Cool down."""
        self._hot = False
        self.update()

    def dropEvent(self, event: QDropEvent) -> None:
        """Hand the pictures on."""
        self._hot = False
        self.update()
        found = _pictures(event)
        if found:
            event.acceptProposedAction()
            self.dropped.emit(found)

    def add(self) -> None:
        """Choose files, or ask for photos from elsewhere."""
        if not self._dialog:
            self.wanted.emit()
            return
        wanted = " ".join(f"*.{ending}" for ending in PICTURES)
        names, _ = QFileDialog.getOpenFileNames(self, tr("sheet.drop"), "", f"({wanted})")
        if names:
            self.dropped.emit(tuple(Path(name) for name in names))

    def open_first(self) -> None:
        """Open the first photo, if there is one."""
        if self._digests:
            self.opened.emit(self._digests[0])

    def _hint(self) -> str:
        return tr("sheet.drop" if self._dialog else "sheet.add_photo")

    def _box(self, at: int) -> QRectF:
        width = (self.width() - (_COLUMNS - 1) * _GAP) / _COLUMNS
        left, top = at % _COLUMNS * (width + _GAP), at // _COLUMNS * (_HEIGHT + _GAP)
        return QRectF(left, top, width, _HEIGHT)

    def _paint_photo(self, painter: QPainter, box: QRectF, image: QImage | None) -> None:
        path = QPainterPath()
        path.addRoundedRect(box, 6, 6)
        painter.save()
        painter.setClipPath(path)
        painter.fillRect(box, QColor(self._theme.track))
        if image is not None and not image.isNull():
            scale = max(box.width() / image.width(), box.height() / image.height())
            width, height = box.width() / scale, box.height() / scale
            left, top = (image.width() - width) / 2, (image.height() - height) / 2
            painter.drawImage(box, image, QRectF(left, top, width, height))
        painter.restore()

    def _paint_caption(self, painter: QPainter, box: QRectF, words: str) -> None:
        if not words:
            return
        chip = QRectF(box.left() + 4, box.bottom() - 24, metrics(12).horizontalAdvance(words) + 12,
                      20)  # fmt: skip
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(self._theme.panel))
        painter.drawRoundedRect(chip, 4, 4)
        painter.setFont(font(12))
        painter.setPen(QColor(self._theme.text))
        painter.drawText(chip, Qt.AlignmentFlag.AlignCenter, words)


def _pictures(event: QDropEvent) -> tuple[Path, ...]:
    paths = (Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile())
    return tuple(path for path in paths if path.suffix.lower().removeprefix(".") in PICTURES)
