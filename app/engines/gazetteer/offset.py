"""What is said to lie beside an address (东侧 50 米, 对面, 后门): it moves, or its doubt grows."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np

from app.services.views import Geocoded

_WAY = {"东": (1, 0), "西": (-1, 0), "南": (0, -1), "北": (0, 1)}
_FAR = re.compile(r"(\d+)米")
_NEAR_M = 30.0  # where no distance is said
_MOST_M = 500.0  # what is farther is no more beside it
_MOVED = ("room", "building", "number", "lane", "name", "crossing", "between")


def beside(found: Geocoded, said: str) -> Geocoded:
    """Return `found` as moved by the words `said`; unchanged where they mean no distance."""
    if not said or found.precision not in _MOVED:
        return found
    told = _FAR.search(said)
    far = min(float(told[1]), _MOST_M) if told else 0.0
    way = np.sum([_WAY[one] for one in said if one in _WAY] or [(0, 0)], axis=0)
    size = float(np.hypot(*way))
    reasons = (*found.reasons, f"offset:{said}")
    if not far or not size:
        return replace(found, reasons=reasons, metres=found.metres + max(far, _NEAR_M))
    x, y = way / size * far
    return replace(
        found, lon=found.lon + float(x) / (111_320 * float(np.cos(np.radians(found.lat)))),
        lat=found.lat + float(y) / 110_950, reasons=reasons, metres=found.metres + far / 4,
    )  # fmt: skip
