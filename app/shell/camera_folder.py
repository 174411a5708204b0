"""Watches the folder of a camera and reads its pictures off the window's thread.

Files are only ever read: nothing here writes, moves or deletes one, for it may be the only copy.
"""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from itertools import islice
from pathlib import Path

from PySide6.QtCore import (
    QBuffer,
    QByteArray,
    QFileSystemWatcher,
    QIODevice,
    QObject,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QImage, QImageReader

from app.domain.photo_exif import PhotoFacts, photo_facts
from app.shell.bridge import Bridge
from widgets.photo_grid import Shot
from widgets.photo_row import PICTURES
from widgets.words import ZONE

_THUMB = QSize(400, 300)
_SETTLE_MS = 300  # a camera writes several files at once
_MOST, _DEEP, _FOLDERS = 1000, 3, 64  # DCIM holds folders of folders
_LOOKED_AT = 20_000
_TOGETHER = 2
_BIGGEST = 80 * 2**20


@dataclass(frozen=True)
class _Found:
    """A picture file as the listing knows it: other size or time means read it again."""

    path: Path
    size: int
    mtime_ns: int


@dataclass(frozen=True)
class _Listing:
    files: tuple[_Found, ...]  # newest first
    folders: tuple[Path, ...]


class CameraFolder(QObject):
    """`changed` comes when `shots` are other; `trouble` says why a folder cannot be read."""

    changed = Signal()

    def __init__(self, bridge: Bridge, parent: QObject) -> None:
        super().__init__(parent)
        self._bridge = bridge
        self.folder: Path | None = None
        self.trouble = ""
        self._listing: dict[Path, _Found] = {}
        self._shots: dict[Path, Shot] = {}
        self._queue: list[_Found] = []
        self._listing_now = False
        self._flying = 0
        self._watch = QFileSystemWatcher(self)
        self._soon = QTimer(self)
        self._soon.setSingleShot(True)
        self._soon.setInterval(_SETTLE_MS)
        self._soon.timeout.connect(self.look)
        self._watch.directoryChanged.connect(self._on_folder_changed)

    @property
    def shots(self) -> tuple[Shot, ...]:
        """The pictures, newest first."""
        return tuple(sorted(self._shots.values(), key=lambda shot: -shot.at_ms))

    @property
    def is_busy(self) -> bool:
        """Whether the folder is being listed or pictures are being read."""
        return self._listing_now or bool(self._flying) or bool(self._queue)

    def watch(self, folder: Path) -> None:
        """Watch this folder, and no other, from now on."""
        self.folder, self.trouble = folder, ""
        self._listing.clear()
        self._shots.clear()
        self._queue.clear()
        watched = self._watch.directories()
        if watched:
            self._watch.removePaths(watched)
        self.changed.emit()
        self.look()

    def look(self) -> None:
        """List the folder again."""
        if self.folder is not None and not self._listing_now:
            self._listing_now = True
            self._bridge.run(partial(_list, self.folder), self._on_listed, self._on_unlisted)

    def mark_attached(self, paths: Iterable[Path]) -> None:
        """Remember that these pictures were stored with a case."""
        for path in paths:
            if path in self._shots:
                self._shots[path] = replace(self._shots[path], attached=True)
        self.changed.emit()

    def stop(self) -> None:
        """Look no more."""
        self._soon.stop()
        self._queue.clear()
        watched = self._watch.directories()
        if watched:
            self._watch.removePaths(watched)

    def _on_folder_changed(self, _path: str) -> None:
        self._soon.start()

    def _on_listed(self, listing: _Listing) -> None:
        self._listing_now, self.trouble = False, ""
        now = {found.path: found for found in listing.files}
        fresh = [one for one in listing.files if self._listing.get(one.path) != one]
        for path in self._listing.keys() - now.keys():
            self._shots.pop(path, None)
        for one in fresh:
            self._shots[one.path] = Shot(one.path, one.mtime_ns // 1_000_000)
        self._listing = now
        self._queue = [one for one in self._queue if now.get(one.path) == one] + fresh
        unseen = {str(path) for path in listing.folders} - set(self._watch.directories())
        if unseen:
            self._watch.addPaths(sorted(unseen))
        self.changed.emit()
        self._read_next()

    def _on_unlisted(self, error: BaseException) -> None:
        self._listing_now = False
        self.trouble = getattr(error, "strerror", None) or str(error)
        self._listing.clear()
        self._shots.clear()
        self.changed.emit()

    def _read_next(self) -> None:
        while self._queue and self._flying < _TOGETHER:
            found = self._queue.pop(0)
            self._flying += 1
            self._bridge.run(partial(_read, found), self._on_read, self._on_unread)

    def _on_read(self, read: tuple[_Found, PhotoFacts, QImage]) -> None:
        self._flying -= 1
        found, facts, image = read
        old = self._shots.get(found.path)
        if old is not None and self._listing.get(found.path) == found:
            self._shots[found.path] = replace(
                old, image=image, state="broken" if image.isNull() else "ok",
                at_ms=old.at_ms if facts.taken_ms is None else facts.taken_ms,
                exif_time=facts.taken_ms is not None, lon=facts.lon, lat=facts.lat,
            )  # fmt: skip
            self.changed.emit()
        self._read_next()

    def _on_unread(self, _error: BaseException) -> None:
        self._flying -= 1
        self._read_next()


def _list(folder: Path) -> _Listing:
    """Return the newest pictures in a folder and the folders in it; raises `OSError`."""
    files: list[_Found] = []
    folders = [folder]
    os.scandir(folder).close()  # says at once what is wrong with it
    for at in islice(_walk(folder), _LOOKED_AT):
        if at.is_dir(follow_symlinks=False):
            folders.append(Path(at.path))
        elif at.name.rsplit(".", 1)[-1].lower() in PICTURES:
            with suppress(OSError):  # taken away since: then it is not there to be shown
                stat = at.stat()
                files.append(_Found(Path(at.path), stat.st_size, stat.st_mtime_ns))
    newest = heapq.nlargest(_MOST, files, key=lambda one: one.mtime_ns)
    return _Listing(tuple(newest), tuple(folders[:_FOLDERS]))


def _walk(folder: Path, deep: int = _DEEP) -> Iterable[os.DirEntry[str]]:
    try:
        entries = list(os.scandir(folder))
    except OSError:  # a folder inside that is gone or closed to us holds nothing to show
        return
    for entry in entries:
        yield entry
        if deep > 1 and entry.is_dir(follow_symlinks=False) and not entry.name.startswith("."):
            yield from _walk(Path(entry.path), deep - 1)


def _read(found: _Found) -> tuple[_Found, PhotoFacts, QImage]:
    """Return a small picture and what the file says of itself; a null image if it is broken."""
    try:
        data = found.path.read_bytes() if found.size <= _BIGGEST else b""
    except OSError:
        return found, PhotoFacts(), QImage()
    return found, photo_facts(data, ZONE), _thumb(data)


def _thumb(data: bytes) -> QImage:
    held = QByteArray(data)
    buffer = QBuffer(held)
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer)
    reader.setAutoTransform(True)
    size = reader.size()
    if size.isValid() and (size.width() > _THUMB.width() or size.height() > _THUMB.height()):
        reader.setScaledSize(size.scaled(_THUMB, Qt.AspectRatioMode.KeepAspectRatio))
    return reader.read()
