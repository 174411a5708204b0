"""Photos of cases: stored by content hash and read as small pictures, off the window's thread."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QObject, QSize, Qt, Signal
from PySide6.QtGui import QImage

from app.domain.errors import InvalidInput
from app.services.ports import Blobs
from app.shell.bridge import Bridge

_THUMB = QSize(320, 240)
_KEEP = 200


class Photos(QObject):
    """`stored` carries the hashes of photos now safe; `read` says that pictures came."""

    stored = Signal(object)
    read = Signal()
    failed = Signal(object)

    def __init__(self, bridge: Bridge, blobs: Blobs | None, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self._blobs = blobs
        self._asked: set[str] = set()
        self.images: dict[str, QImage] = {}

    def want(self, digests: Iterable[str]) -> None:
        """Read those pictures that are not here yet."""
        for digest in digests:
            if self._blobs is not None and digest not in self._asked:
                self._asked.add(digest)
                self._bridge.run(
                    partial(_thumb, self._blobs, digest), self._on_read, self._on_failed
                )

    def store(
        self, paths: Iterable[Path], done: Callable[[tuple[str, ...]], None] | None = None
    ) -> None:
        """Check and store copies of picture files; `done(hashes)` instead of `stored`, if given.

        The files stay as they are where they are.
        """
        if self._blobs is not None:
            work = partial(_store, self._blobs, tuple(paths))
            self._bridge.run(work, done or self._on_stored, self._on_failed)

    def _on_read(self, found: tuple[str, QImage]) -> None:
        if len(self.images) > _KEEP:
            self.images.clear()
            self._asked.clear()
        self.images[found[0]] = found[1]
        self.read.emit()

    def _on_stored(self, digests: tuple[str, ...]) -> None:
        self.stored.emit(digests)

    def _on_failed(self, error: BaseException) -> None:
        self.failed.emit(error)


def _thumb(blobs: Blobs, digest: str) -> tuple[str, QImage]:
    image = QImage.fromData(blobs.get(digest))
    fill = Qt.AspectRatioMode.KeepAspectRatioByExpanding
    smooth = Qt.TransformationMode.SmoothTransformation
    return digest, image if image.isNull() else image.scaled(_THUMB, fill, smooth)


def _store(blobs: Blobs, paths: tuple[Path, ...]) -> tuple[str, ...]:
    return tuple(blobs.put(_checked(path), path.name) for path in paths)


def _checked(path: Path) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise InvalidInput(
            f"The file {path.name} cannot be read: {error.strerror}.",
            field="photo", code="photo_unreadable",
        ) from error  # fmt: skip
    if QImage.fromData(data).isNull():
        raise InvalidInput(
            f"{path.name} is no picture.", advice="Use PNG, JPEG or WebP.",
            field="photo", code="photo_unreadable",
        )  # fmt: skip
    return data
