"""Rendering into memory that the desk shares.

A sized buffer makes QImage detach at the first write, so the image is given a bare address.
"""

import ctypes
import mmap
import time

from qgis import core
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QSize, QTimer
from qgis.PyQt.QtGui import QColor, QImage, QPainter

from app.engines.qgis_worker.layers import frame_crs


class Canvas:
    """A QImage over a memory file: `width` x `height`, 32 bit premultiplied ARGB, no padding."""

    def __init__(self, fd, width, height, background):
        self._map = mmap.mmap(fd, width * height * 4)
        self._hold = ctypes.c_char.from_buffer(self._map)
        pointer = sip.voidptr(ctypes.addressof(self._hold))  # unsized: a sized one detaches
        self.image = QImage(pointer, width, height, width * 4, QImage.Format_ARGB32_Premultiplied)
        self.image.fill(QColor(background))
        self.painter = QPainter(self.image)
        self.painter.setRenderHint(QPainter.Antialiasing)

    def close(self):
        self.painter.end()
        self.image = None
        self._hold = None
        self._map.close()


class Rendering:
    """One running render; `done(seconds | None, late)` comes once, None when it was cancelled.

    With `timeout_s` it is stopped then, and `late` is true.
    """

    def __init__(self, request, fd, layers, done):
        self.id = request["id"]
        self._done = done
        self._cancelled = self._late = False
        self._began = time.perf_counter()
        self._canvas = Canvas(fd, request["width"], request["height"], request["background"])
        self._job = core.QgsMapRendererCustomPainterJob(
            map_settings(request, layers), self._canvas.painter
        )
        self._job.finished.connect(self._finished)
        self._timer = QTimer()
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._on_late)
        if request.get("timeout_s"):
            self._timer.start(int(request["timeout_s"] * 1000))
        self._job.start()

    def cancel(self):
        self._cancelled = True
        self._job.cancelWithoutBlocking()

    def stop(self):
        self._timer.stop()
        self._job.finished.disconnect(self._finished)
        self._job.cancel()
        self._canvas.close()

    def _on_late(self):
        self._late = True
        self._job.cancelWithoutBlocking()

    def _finished(self):
        self._timer.stop()
        self._canvas.close()
        seconds = None if self._cancelled else time.perf_counter() - self._began
        self._done(seconds, self._late)


def map_settings(request, layers):
    view = request["view"]
    settings = core.QgsMapSettings()
    settings.setDestinationCrs(frame_crs(view))
    settings.setTransformContext(core.QgsCoordinateTransformContext())
    settings.setOutputSize(QSize(request["width"], request["height"]))
    settings.setOutputDpi(request["dpi"])
    settings.setExtent(core.QgsRectangle(*view["extent"]))
    settings.setRotation(-view["heading"])
    settings.setBackgroundColor(QColor(request["background"]))
    settings.setFlag(core.QgsMapSettings.Antialiasing, True)
    settings.setLayers(list(reversed(layers)))
    return settings
