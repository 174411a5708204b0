"""QGIS as the rest of the program sees it: calls that return futures, and a status.

    qgis = QgisProcess()
    qgis.start()
    printed = qgis.print_sheet(sheet, Path("list.pdf")).result(30)
    qgis.close()

Without QGIS nothing raises at start: `status.state` is UNAVAILABLE with its reason, and each
call's future fails with `Unavailable`.
"""

from __future__ import annotations

import json
import mmap
import os
import shutil
import tempfile
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.basemaps import BaseMap
from app.domain.errors import InvalidInput, StorageFailure, Unavailable
from app.engines.qgis_pdf import searchable
from app.engines.qgis_protocol import (
    MAX_SIDE,
    Atlas,
    BaseReport,
    MapSource,
    Printed,
    ProjectReport,
    Record,
    Sheet,
    Versions,
    View,
    atlas_record,
    base_report,
    memory_file,
    project_report,
    source_record,
    view_record,
)
from app.engines.qgis_sheet import compose
from app.engines.qgis_supervisor import (
    INSTALL_ADVICE,
    Call,
    Limits,
    QgisState,
    QgisStatus,
    QgisSupervisor,
    SpawnThread,
    Thread,
)

DEBIAN_PYTHON = Path("/usr/bin/python3")
DEBIAN_QGIS = Path("/usr/lib/python3/dist-packages/qgis/__init__.py")
LAYOUTS = Path(__file__).parents[2] / "resources" / "layouts"
UNTOUCHED = np.frombuffer(b"\xa5\xa5\xa5\x00", np.uint32)[0]  # no premultiplied pixel is that


@dataclass(frozen=True)
class Frame:
    """A finished picture: `pixels` is (height, width, 4) uint8, blue green red alpha.

    Premultiplied 32-bit ARGB, rows without padding: a QImage can lie over it as it is. The
    memory lives as long as the array. `received` are the bytes that servers sent for it.
    """

    pixels: NDArray[np.uint8]
    seconds: float
    received: int = 0


def available(python: Path = DEBIAN_PYTHON) -> tuple[bool, str]:
    """Return whether QGIS is installed, and if not, why and what to do."""
    if not os.access(python, os.X_OK):
        return False, f"{python} is missing. {INSTALL_ADVICE}"
    if python == DEBIAN_PYTHON and not DEBIAN_QGIS.exists():
        return False, f"QGIS is not installed. {INSTALL_ADVICE}"
    return True, ""


class QgisProcess:
    """The QGIS process: `start`, calls, `close`. Calls may come from any thread.

    `spawn_thread` makes the one thread that owns the process; `on_status` is called on it.
    A future's `cancel()` stops a running render within a millisecond or two.
    """

    def __init__(
        self,
        *,
        python: Path = DEBIAN_PYTHON,
        layouts: Path = LAYOUTS,
        limits: Limits | None = None,
        spawn_thread: SpawnThread = threading.Thread,
        on_status: Callable[[QgisStatus], None] | None = None,
    ) -> None:
        self._python, self._layouts = python, layouts
        self._limits = limits or Limits()
        self._spawn = spawn_thread
        self._on_status = on_status or (lambda _status: None)
        self._supervisor: QgisSupervisor | None = None
        self._thread: Thread | None = None
        self._scratch: Path | None = None
        self._frames = FramePool()

    @property
    def status(self) -> QgisStatus:
        """The state now."""
        return self._supervisor.status if self._supervisor else QgisStatus(QgisState.STOPPED)

    @property
    def state(self) -> QgisState:
        """The state now, without its reason."""
        return self.status.state

    def available(self) -> tuple[bool, str]:
        """Return whether QGIS is installed, and if not, why; starts nothing."""
        return available(self._python)

    def start(self) -> None:
        """Start the process and its thread; where it was given up before, try again now."""
        if self._supervisor is not None:
            self._supervisor.retry()
            return
        self._scratch = Path(tempfile.mkdtemp(prefix="wangge-qgis-"))
        self._supervisor = QgisSupervisor(
            self._python, self._scratch, self._limits, self._on_status
        )
        self._thread = self._spawn(target=self._supervisor.run, name="qgis", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End process and thread; what still waits fails with Unavailable. May be repeated."""
        if self._supervisor is None or self._thread is None or self._scratch is None:
            return
        self._supervisor.stop()
        self._thread.join()
        shutil.rmtree(self._scratch)
        self._frames.clear()
        self._frames = FramePool()
        self._supervisor = self._thread = self._scratch = None

    def hello(self, *, timeout_s: float = 10.0) -> Future[Versions]:
        """Ask who answers."""
        payload: Record = {"font": self._style()["font"]}
        return self._call(Call("hello", payload, lambda got: Versions(**got), timeout_s))

    def open_project(self, path: Path, *, timeout_s: float = 60.0) -> Future[ProjectReport]:
        """Have QGIS open a project or GeoPackage and report its layers.

        Fails with NotFound or InvalidInput when it cannot.
        """
        payload: Record = {"path": str(path.resolve())}
        return self._call(Call("open_project", payload, project_report, timeout_s))

    def render(
        self,
        source: MapSource,
        view: View,
        width: int,
        height: int,
        *,
        dpi: float = 96.0,
        background: str = "#ffffff",
        lane: str | None = "view",
        timeout_s: float = 60.0,
    ) -> Future[Frame]:
        """Draw layers of a GeoPackage, `width` x `height` pixels.

        A newer render in the same `lane` cancels the one before it; None lets both run. Raises
        InvalidInput for a size out of range; the future fails with NotFound, InvalidInput or
        Unavailable.
        """
        payload: Record = {"dpi": dpi, "background": background, "source": source_record(source)}
        return self._render("render", payload, view, (width, height), lane, timeout_s)

    def render_base(
        self, base: BaseMap, view: View, width: int, height: int, *, lane: str | None = None
    ) -> Future[Frame]:
        """Draw a base map, `width` x `height` pixels on transparent ground.

        Twice its time-out after the request the future has failed at the latest: with Unavailable
        where the source is away, late or lies (a web page, half a picture, one of another size),
        with NotFound or InvalidInput where it cannot be opened.
        """
        payload: Record = {"dpi": 96.0, "background": "#00000000", "base": base.record()}
        payload["timeout_s"] = base.timeout_s
        patience = 2 * base.timeout_s
        return self._render("render_base", payload, view, (width, height), lane, patience)

    def check_base(self, base: BaseMap, view: View) -> Future[BaseReport]:
        """Open a base map anew for a view's frame and say what is odd; fails as `render_base`."""
        payload: Record = {"base": base.record(), "view": view_record(view)}
        return self._call(Call("check_base", payload, base_report, 2 * base.timeout_s))

    def _render(
        self, verb: str, payload: Record, view: View, size: tuple[int, int], lane: str | None,
        timeout_s: float,
    ) -> Future[Frame]:  # fmt: skip
        width, height = size
        if not (0 < width <= MAX_SIDE and 0 < height <= MAX_SIDE):
            raise InvalidInput(
                f"A picture of {width} x {height} is out of range (1 to {MAX_SIDE}).", field="width"
            )
        pixels, fd = self._frames.take(width, height)
        payload |= {"width": width, "height": height, "view": view_record(view)}
        return self._call(
            Call(verb, payload, partial(_frame, pixels), timeout_s, fds=(fd,), lane=lane)
        )

    def print_sheet(self, sheet: Sheet, path: Path, *, timeout_s: float = 60.0) -> Future[Printed]:
        """Print `sheet` to `path`: .pdf, or .png (one file a page, `name_2.png` and so on).

        Files appear whole or not at all. Raises InvalidInput for another ending or a picture
        that is no PNG, StorageFailure where the folder cannot be written.
        """
        path = _paper(path)
        payload = self._print_record(sheet)
        desk = _desk_beside(path)
        payload["path"] = str(desk / path.name)
        fds = (memory_file("wangge-view", sheet.image),) if sheet.image is not None else ()
        convert = partial(_printed, path.parent, payload["pages"])
        clean = partial(shutil.rmtree, desk, ignore_errors=True)
        return self._call(Call("print", payload, convert, timeout_s, fds=fds, over=clean))

    def print_atlas(
        self,
        atlas: Atlas,
        path: Path,
        progress: Callable[[int, int], None] = lambda _done, _total: None,
        *,
        page_s: float = 60.0,
    ) -> Future[Printed]:
        """Print `atlas` to `path`: one .pdf, or .png files, one a page (`name_001.png`).

        `progress(done, total)` comes on the supervising thread; `cancel()` on the future ends it
        after the page at hand, and nothing is left. Raises and fails as `print_sheet`, and with
        InvalidInput naming `template` where that cannot be used.
        """
        path = _paper(path)
        if path.suffix == ".png":
            atlas.setup.check_picture()
        desk = _desk_beside(path)
        payload = atlas_record(atlas) | {"path": str(desk / path.name)}
        payload |= {"north": str(self._layouts / "north.svg")}
        call = Call(
            "atlas", payload, partial(_printed, path.parent, len(atlas.rows) or 1), page_s,
            over=partial(shutil.rmtree, desk, ignore_errors=True), progress=progress,
        )  # fmt: skip
        return self._call(call)

    def _print_record(self, sheet: Sheet) -> Record:
        style = self._style()
        payload = compose(sheet, style)
        payload |= {"view": view_record(sheet.view), "dpi": sheet.dpi, "font": style["font"]}
        payload["title"] = sheet.title
        payload |= {"ground": style["ground"], "north": str(self._layouts / "north.svg")}
        payload["source"] = source_record(sheet.source) if sheet.source else None
        return payload

    def _style(self) -> Record:
        style: Record = json.loads((self._layouts / "sheet.json").read_text(encoding="utf-8"))
        return style

    def _call(self, call: Call) -> Future[Any]:
        if self._supervisor is None:
            for fd in call.fds:
                os.close(fd)
            call.over()
            call.future.set_exception(
                Unavailable("The QGIS process is not started.", advice="Start it first.")
            )
        else:
            self._supervisor.submit(call)
        return call.future


class FramePool:
    """Shared memory of finished frames, taken up again once nobody looks at them.

    New memory costs its page faults on both sides, more than drawing a street does.
    """

    def __init__(self, most: int = 3) -> None:
        self._most = most
        self._free: list[tuple[int, mmap.mmap]] = []

    def take(self, width: int, height: int) -> tuple[NDArray[np.uint8], int]:
        """Return an image with each row marked as untouched, and a descriptor of its memory."""
        size = width * height * 4
        fd, shared = self._fitting(size) or self._new(size)
        flat = np.frombuffer(shared, np.uint8)
        weakref.finalize(flat, self._give_back, fd, shared).atexit = False
        pixels = flat.reshape(height, width, 4)
        pixels.view(np.uint32)[:, 0, 0] = UNTOUCHED
        return pixels, os.dup(fd)

    def clear(self) -> None:
        """Let go of what is free now."""
        self._most = 0
        while self._free:
            os.close(self._free.pop()[0])

    def _fitting(self, size: int) -> tuple[int, mmap.mmap] | None:
        try:
            fd, shared = self._free.pop()
        except IndexError:
            return None
        if len(shared) == size:
            return fd, shared
        os.close(fd)
        return None

    def _new(self, size: int) -> tuple[int, mmap.mmap]:
        fd = os.memfd_create("wangge-frame", os.MFD_CLOEXEC)
        try:
            os.ftruncate(fd, size)
            return fd, mmap.mmap(fd, size)
        except OSError:
            os.close(fd)
            raise

    def _give_back(self, fd: int, shared: mmap.mmap) -> None:
        """Runs on whatever thread lets go last, so each step on the list is one atomic call."""
        if len(self._free) < self._most:
            self._free.append((fd, shared))
        else:
            os.close(fd)


def _paper(path: Path) -> Path:
    path = path.resolve()
    if path.suffix not in (".pdf", ".png"):
        raise InvalidInput(f"{path.name} must end in .pdf or .png.", field="path")
    return path


def _desk_beside(path: Path) -> Path:
    """Make a folder beside `path` in which files come to be before they are moved there."""
    try:
        return Path(tempfile.mkdtemp(prefix=".print-", dir=path.parent))
    except OSError as error:
        raise StorageFailure(
            f"{path.parent} cannot be written: {error.strerror}.",
            advice="Choose another folder.",
            field="path",
        ) from error


def _frame(pixels: NDArray[np.uint8], answer: Record) -> Frame:
    """Check that the pixels arrived: a detached buffer fails without an error on the other side."""
    if bool((pixels.view(np.uint32)[:, 0, 0] == UNTOUCHED).any()):
        raise Unavailable("QGIS drew, but the picture did not arrive.", advice="Try again.")
    return Frame(pixels, answer["seconds"], answer.get("received", 0))


def _printed(folder: Path, pages: int, answer: Record) -> Printed:
    """Check that the files are whole and move them where they were wanted."""
    made = [Path(name) for name in answer["files"]]
    for file in made:
        if not _whole(file):
            raise StorageFailure(
                f"{file.name} came out incomplete; no file was left.",
                advice="Is the disk full? Make room and print again.",
                field="path",
            )
        if file.suffix == ".pdf":
            file.write_bytes(searchable(file.read_bytes()))
    files = tuple(file.replace(folder / file.name) for file in made)
    return Printed(files, pages, answer["seconds"], answer.get("trouble", ""))


def _whole(file: Path) -> bool:
    if not file.exists():
        return False
    with file.open("rb") as stream:
        stream.seek(max(0, file.stat().st_size - 16))
        tail = stream.read()
    return (b"%%EOF" if file.suffix == ".pdf" else b"IEND") in tail
