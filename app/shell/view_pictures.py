"""Small pictures of saved views, kept by the link they show; made and read off the window."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage, QImageWriter
from PySide6.QtWidgets import QWidget

from app.shell.bridge import Bridge

SIZE = QSize(144, 88)  # physical pixels: sharp up to a pixel ratio of 2


class ViewPictures(QObject):
    """Pictures by link. `came` is emitted when one more is there. Without a folder none is kept."""

    came = Signal()

    def __init__(self, bridge: Bridge, folder: Path | None, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge, self.folder = bridge, folder
        self._held: dict[str, QImage] = {}

    def get(self, link: str) -> QImage | None:
        """Return the picture of a view, if it is there."""
        held = self._held.get(link)
        return held if held is not None and not held.isNull() else None

    def take(self, link: str, view: QWidget) -> None:
        """Make and keep the picture of what `view` shows."""
        whole = view.grab().toImage()
        fit = Qt.AspectRatioMode.KeepAspectRatioByExpanding
        small = whole.scaled(SIZE, fit, Qt.TransformationMode.SmoothTransformation)
        small.setDevicePixelRatio(1.0)
        left, top = (small.width() - SIZE.width()) // 2, (small.height() - SIZE.height()) // 2
        picture = small.copy(left, top, SIZE.width(), SIZE.height())
        self._held[link] = picture
        if self.folder is not None:
            write = partial(_write, picture, self._path(self.folder, link))
            self._bridge.run(write, _kept)
        self.came.emit()

    def want(self, links: Iterable[str]) -> None:
        """Have the kept pictures of these views read."""
        for link in links:
            if self.folder is not None and link not in self._held:
                self._held[link] = QImage()  # asked for
                read = partial(QImage, str(self._path(self.folder, link)))
                self._bridge.run(read, partial(self._on_read, link))

    def _on_read(self, link: str, picture: QImage) -> None:
        if not picture.isNull():
            self._held[link] = picture
            self.came.emit()

    @staticmethod
    def _path(folder: Path, link: str) -> Path:
        return folder / f"{hashlib.blake2b(link.encode(), digest_size=12).hexdigest()}.jpg"


def _kept(_whether: bool) -> None:
    """Go on: a picture that was not kept is made again when the view is."""


def _write(picture: QImage, path: Path) -> bool:
    """Write a picture (pool thread); one that cannot be kept is made again with the next."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError:
        return False
    return bool(QImageWriter(str(path), b"jpg").write(picture))
