"""States stay apart for people who see no red or no green, and shapes say the same once more.

Simulation: G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, "A Physiologically-based Model for
Simulation of Color Vision Deficiency", IEEE TVCG 15 (6), 2009, table 1, severity 1.0; on linear
light. Difference: distance in Oklab, of which black to white is 1.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QColor

from layers.cases.painter import draw_shape
from layers.shades import linear_of, oklab
from tests.support import images
from tests.support.map_theme import map_theme

PROTANOPIA = np.array([[0.152286, 1.052583, -0.204868],
                       [0.114503, 0.786281, 0.099216],
                       [-0.003882, -0.048116, 1.051998]])  # fmt: skip
DEUTERANOPIA = np.array([[0.367322, 0.860646, -0.227968],
                         [0.280085, 0.672501, 0.047413],
                         [-0.011820, 0.042940, 0.968881]])  # fmt: skip
SIGHTS = {"all": np.eye(3), "protanopia": PROTANOPIA, "deuteranopia": DEUTERANOPIA}
STATES = ("normal", "attention", "bad", "critical", "unknown")
LEAST = 0.055  # about three times what is just seen side by side


def seen(colour: str, sight: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return a colour as somebody sees it, in Oklab."""
    light = np.clip(SIGHTS[sight] @ linear_of(int(colour.lstrip("#"), 16)), 0.0, 1.0)
    coded = np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
    r, g, b = (int(v) for v in np.rint(coded * 255))
    return oklab((r << 16) | (g << 8) | b)


@pytest.mark.parametrize("theme", ["light", "dark", "field"])
@pytest.mark.parametrize("sight", SIGHTS)
def test_that_neighbouring_states_differ_in_colour_to_everybody(theme: str, sight: str) -> None:
    colours = map_theme(theme)
    for a, b in combinations(STATES[:4], 2):
        apart = np.linalg.norm(seen(getattr(colours, a), sight) - seen(getattr(colours, b), sight))
        assert apart >= LEAST, (theme, sight, a, b, round(float(apart), 3))


def test_that_shapes_tell_the_states_apart_without_any_colour() -> None:
    drawn = []
    for state in range(5):
        image = images.canvas("#FFFFFF", 24, 24)
        painter = images.painter_on(image)
        try:
            ink, ground = QColor("#000000"), QColor("#FFFFFF")
            draw_shape(painter, state, QPointF(12, 12), 6.0, 1.5, ink, ground)
        finally:
            painter.end()
        drawn.append((images.pixels(image) & 255 < 128).astype(np.uint8))
    for a, b in combinations(range(5), 2):
        differing = int((drawn[a] != drawn[b]).sum())
        assert differing >= 0.1 * max(drawn[a].sum(), drawn[b].sum()), (a, b, differing)


def test_that_the_matrices_leave_grey_grey() -> None:
    for sight in (PROTANOPIA, DEUTERANOPIA):
        assert np.abs(sight.sum(axis=1) - 1.0).max() < 1e-4


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("sight", SIGHTS)
def test_that_water_green_roads_and_land_differ_to_everybody(theme: str, sight: str) -> None:
    """Calm, so less apart than states; no road is taken for water."""
    colours = map_theme(theme)
    for a, b in (("water", "land"), ("water", "road_major"), ("water", "outside"),
                 ("water", "green"), ("land", "outside"), ("building", "road_face")):  # fmt: skip
        apart = np.linalg.norm(seen(getattr(colours, a), sight) - seen(getattr(colours, b), sight))
        assert apart >= 0.02, (theme, sight, a, b, round(float(apart), 3))
