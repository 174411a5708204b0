"""The peer: QGIS draws the same parts of the same map.gpkg once, whole, at the same size."""

from __future__ import annotations

from pathlib import Path

from app.engines.citystore import CityStore
from app.engines.qgis_client import QgisProcess
from app.engines.qgis_protocol import LayerStyle, MapSource, View
from app.runtime.spawn import spawn_thread

_PATIENCE_S = 580.0
_STYLE = LayerStyle("part", "circle", "#3b6fb5", 0.6)


def redraw_s(store: CityStore, city: Path, size: tuple[int, int]) -> float | None:
    """Return seconds of one redraw of all parts in `size` pixels; None where QGIS is missing.

    It draws through our own QGIS process, points alone, as simple markers without names.
    """
    process = QgisProcess(spawn_thread=spawn_thread)
    if not process.available()[0]:
        return None
    process.start()
    try:
        frame = process.render(
            MapSource(city / "map.gpkg", [_STYLE]), _view(store, size), *size,
            timeout_s=_PATIENCE_S,
        ).result(_PATIENCE_S)  # fmt: skip
        return round(frame.seconds, 2)
    finally:
        process.close()


def _view(store: CityStore, size: tuple[int, int]) -> View:
    """Return the extent that shows the whole city in a picture of that shape."""
    box, (x, y) = store.bounds, store.bounds.centre
    scale = max(box.width / size[0], box.height / size[1])
    w, h = size[0] * scale / 2, size[1] * scale / 2
    return View((x - w, y - h, x + w, y + h), store.frame.lon0, store.frame.lat0)
