"""On a fine screen each tile lies pixel on pixel: nothing of the ground is enlarged."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.part_city import part_city

_SCRIPT = """
import sys
import numpy as np
from pathlib import Path
from PySide6.QtGui import QImage
from app.assembly.live import open_core
from app.assembly.stores import open_store
from app.engines.tiles import keys_over
from app.shell.application import application
from widgets.i18n import tr
from widgets.map_mosaic import Grid
from widgets.map_view import MapView
from widgets.theme import load_theme

application()
core = open_core(sys.argv[1])
store = open_store(Path(sys.argv[1]), core.facts, lambda *_: None)
view = MapView(store, load_theme("light"), tr, core.run)
view.set_animated(False)
view.set_overlays(False, False)
for key in ("labels", "cases", "units", "selection"):
    view.set_layer_visible(key, False)
view.resize(640, 480)
view.show()
view.fly_to(121.45, 31.15, 1.0)
assert view.wait_sharp(20_000)
shown = view.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
dpr = view.devicePixelRatioF()
assert dpr == float(sys.argv[2]), dpr
wide, high = shown.width(), shown.height()
assert (wide, high) == (round(640 * dpr), round(480 * dpr))
seen = np.frombuffer(shown.constBits(), np.uint32).reshape(high, -1)[:, :wide] & 0xFFFFFF
grid, ground = Grid.of(view.camera, dpr), view._ground
same = total = 0
for key in keys_over(ground._number, grid.scale, view.camera.bounds()):
    box, tile = grid.place_of(key), ground._service.get(key)
    x0, y0 = max(box.x(), 0), max(box.y(), 0)
    x1, y1 = min(box.x() + box.width(), wide), min(box.y() + box.height(), high)
    a = seen[y0:y1, x0:x1]
    b = tile[y0 - box.y():y1 - box.y(), x0 - box.x():x1 - box.x()] & 0xFFFFFF
    same, total = same + int((a == b).sum()), total + a.size
print(same / total)
view.close()
core.close()
"""


@pytest.mark.parametrize("dpr", [1.0, 1.25, 1.5, 2.0])
def test_that_the_ground_is_drawn_for_the_screens_own_pixels(tmp_path: Path, dpr: float) -> None:
    city = part_city(tmp_path / "city")
    env = {**os.environ, "QT_QPA_PLATFORM": "offscreen", "QT_SCALE_FACTOR": str(dpr)}
    command = [sys.executable, "-c", _SCRIPT, str(city), str(dpr)]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout.split()[-1]) > 0.98  # icons lie over the rest
