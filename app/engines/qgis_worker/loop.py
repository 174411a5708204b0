"""Takes one request after the other; see `app/engines/qgis_protocol.py`."""

import ctypes
import faulthandler
import os
import platform
import select
import signal
import socket
import time
from pathlib import Path

from osgeo import gdal
from qgis import core
from qgis.PyQt.QtCore import QT_VERSION_STR, QSocketNotifier, QTimer
from qgis.PyQt.QtGui import QFontDatabase

from app.engines.qgis_worker.atlases import AtlasPrinter
from app.engines.qgis_worker.bases import Bases
from app.engines.qgis_worker.layers import Layers
from app.engines.qgis_worker.projects import open_project
from app.engines.qgis_worker.rendering import Rendering
from app.engines.qgis_worker.sheets import SheetPrinter
from app.engines.qgis_worker.watch import Watch
from app.engines.qgis_worker.wire import Refused, read_all

HEARTBEAT_MS = 1000


class Worker:
    """Takes one request after the other; a running render can be cancelled meanwhile."""

    def __init__(self, wire, app):
        self.wire, self.app = wire, app
        self.layers, self.bases, self.watch = Layers(), Bases(), Watch()
        self.rendering = None
        self.cancelled = 0  # the request that was given up while its layers were being opened
        self.notifier = QSocketNotifier(wire.sock.fileno(), QSocketNotifier.Read)
        self.notifier.activated.connect(self.read)
        self.timer = QTimer()
        self.timer.timeout.connect(self.beat)
        self.timer.start(HEARTBEAT_MS)

    def beat(self):
        try:
            self.wire.send({"event": "alive"}, socket.MSG_DONTWAIT)
        except BlockingIOError:
            return  # the desk is behind with reading: it sees us by that alone
        except OSError:
            self.app.quit()

    def read(self, *_):
        try:
            request, fds = self.wire.receive()
        except OSError:
            request, fds = None, []
        if request is None or request["verb"] == "shutdown":
            self.app.quit()
            return
        try:
            self.answer(request, fds)
        except Refused as refused:
            self.wire.send({"id": request["id"], "error": refused.record})
        except Exception as error:  # noqa: BLE001 - the border: it becomes a record for the desk
            record = Refused("failed", f"{type(error).__name__}: {error}").record
            self.wire.send({"id": request["id"], "error": record})
        finally:
            for fd in fds:
                os.close(fd)

    def answer(self, request, fds):
        verb = request["verb"]
        if verb == "atlas":
            self.atlas(request)
        elif verb == "cancel":
            self.cancelled = request["target"]
            if self.rendering is not None and self.rendering.id == request["target"]:
                self.rendering.cancel()
        elif verb == "render":
            self.render(request, fds)
        elif verb == "render_base":
            self.render_base(request, fds)
        else:
            handler = {"hello": versions, "open_project": self.open, "print": self.print,
                       "check_base": self.check_base}[verb]  # fmt: skip
            self.wire.send({"id": request["id"], "ok": handler(request, fds)})

    def render(self, request, fds):
        layers = self.layers.of(request["source"])

        def done(seconds, _late):
            self.rendering = None
            answer = {"cancelled": True} if seconds is None else {"ok": {"seconds": seconds}}
            self.wire.send({"id": request["id"], **answer})

        self.rendering = Rendering(request, fds[0], layers, done)

    def opened_base(self, base, view):
        """Open a base map, and say what its server did where QGIS only says that it is invalid."""
        self.watch.begin(base["timeout_s"])
        try:
            return self.bases.of(base, view)
        except Refused as refused:
            trouble = self.watch.trouble()
            if trouble and refused.record["kind"] == "invalid":
                raise Refused("source", f"This base map cannot be had: {trouble}.") from refused
            raise

    def render_base(self, request, fds):
        base = request["base"]
        opened = self.opened_base(
            base, request["view"]
        )  # a server is asked, so a cancel may come meanwhile
        if self.cancelled == request["id"]:
            self.wire.send({"id": request["id"], "cancelled": True})
            return
        self.watch.begin(base["timeout_s"])

        def done(seconds, late):
            self.rendering = None
            trouble = self.watch.trouble()
            if late:
                trouble = f"the server did not answer within {base['timeout_s']:g} s"
            if seconds is None:
                answer = {"cancelled": True}
            elif trouble:
                message = f"This base map cannot be had: {trouble}."
                answer = {"error": Refused("source", message).record}
            else:
                answer = {"ok": {"seconds": seconds, "received": self.watch.bytes}}
            self.wire.send({"id": request["id"], **answer})

        self.rendering = Rendering(request, fds[0], opened["layers"], done)

    def check_base(self, request, _fds):
        self.bases.forget(request["base"])
        return self.opened_base(request["base"], request["view"])["report"]

    def open(self, request, _fds):
        return open_project(Path(request["path"]))

    def print(self, request, fds):
        began = time.perf_counter()
        path = Path(request["path"])
        image = None
        if fds:
            image = str(path.with_name(f"{path.stem}.map.png"))
            Path(image).write_bytes(read_all(os.dup(fds[0])))
        printer = SheetPrinter(request, self.layers.of(request["source"]), image)
        try:
            printer.place_all()
            files = printer.export(path)
        finally:
            printer.close()
            if image:
                Path(image).unlink()
        seconds = time.perf_counter() - began
        return {"files": [str(file) for file in files], "seconds": seconds}

    def atlas(self, request):
        """Print page by page; between pages the desk is told, and heard if it cancels."""
        began = time.perf_counter()
        base = (
            self.opened_base(request["base"], request["view"])["layers"] if request["base"] else []
        )
        if request["base"]:
            self.watch.begin(request["base"]["timeout_s"])
        printer = AtlasPrinter(request, base)
        feedback = core.QgsFeedback()
        total = max(1, len(request["rows"]))

        def step(percent):
            done = min(total, round(percent / 100 * total))
            self.wire.send({"event": "progress", "id": request["id"], "done": done, "total": total})
            while select.select([self.wire.sock], [], [], 0)[0] and not feedback.isCanceled():
                message, _fds = self.wire.receive()
                if message is None or message["verb"] == "shutdown":
                    self.app.quit()
                    feedback.cancel()
                elif message["verb"] == "cancel" and message["target"] == request["id"]:
                    feedback.cancel()

        feedback.progressChanged.connect(step)
        try:
            files = printer.export(Path(request["path"]), feedback)
        finally:
            feedback.progressChanged.disconnect(step)
            printer.close()
        if files is None:
            self.wire.send({"id": request["id"], "cancelled": True})
            return
        answer = {"files": [str(file) for file in files], "seconds": time.perf_counter() - began}
        answer["trouble"] = self.watch.trouble() if request["base"] else ""
        self.wire.send({"id": request["id"], "ok": answer})

    def close(self):
        if self.rendering is not None:
            self.rendering.stop()
        self.notifier.setEnabled(False)
        self.timer.stop()
        self.layers.clear()
        self.bases.clear()


def versions(request, _fds):
    font = request["font"]
    return {
        "qgis": core.Qgis.QGIS_VERSION,
        "qt": QT_VERSION_STR,
        "gdal": gdal.__version__,
        "python": platform.python_version(),
        "font": font,
        "font_found": font in QFontDatabase().families(),
        "pid": os.getpid(),
    }


def die_with_parent():
    """Have the kernel kill this process when the desk's supervising thread is gone."""
    set_parent_death_signal = 1
    ctypes.CDLL(None).prctl(set_parent_death_signal, signal.SIGKILL)


def serve(wire):
    """Serve until the desk goes; returns the exit code. Layers must be gone before QGIS is."""
    faulthandler.enable()
    die_with_parent()
    app = core.QgsApplication([], True)
    app.initQgis()
    gdal.UseExceptions()
    settings = core.QgsSettings()
    settings.setValue("/qgis/defaultTileMaxRetry", 0)
    settings.setValue("/PostgreSQL/default_timeout", 5)
    worker = Worker(wire, app)
    wire.send({"event": "ready", "pid": os.getpid()})
    app.exec_()
    worker.close()
    app.exitQgis()
    return 0
