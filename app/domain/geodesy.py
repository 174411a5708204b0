"""Local metres: a transverse Mercator around a city's own meridian.

No national zone holds all of Shanghai (EPSG:4549 and 4550 meet inside Pudong), so each city
has a frame of its own. Formulas: Krüger's series to n⁴ on GRS 80 as in Karney, "Transverse
Mercator with an accuracy of a few nanometers", J. Geodesy 85 (2011), eqs. 35 and 36.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

Numbers = TypeVar("Numbers", float, NDArray[np.float64])

_A = 6378137.0
_F = 1 / 298.257222101
_N = _F / (2 - _F)
_E = np.sqrt(_F * (2 - _F))
_RECTIFYING = _A / (1 + _N) * (1 + _N**2 / 4 + _N**4 / 64)
_ALPHA = (
    _N / 2 - 2 * _N**2 / 3 + 5 * _N**3 / 16 + 41 * _N**4 / 180,
    13 * _N**2 / 48 - 3 * _N**3 / 5 + 557 * _N**4 / 1440,
    61 * _N**3 / 240 - 103 * _N**4 / 140,
    49561 * _N**4 / 161280,
)
_BETA = (
    _N / 2 - 2 * _N**2 / 3 + 37 * _N**3 / 96 - _N**4 / 360,
    _N**2 / 48 + _N**3 / 15 - 437 * _N**4 / 1440,
    17 * _N**3 / 480 - 37 * _N**4 / 840,
    4397 * _N**4 / 161280,
)


@dataclass(frozen=True)
class CityFrame:
    """A city's metric frame: `lon0`, `lat0` in degrees (WGS 84 / CGCS2000) are its (0, 0).

    x runs east and y north, in metres; scale 1 on the meridian `lon0`.
    """

    lon0: float
    lat0: float

    def to_xy(self, lon: Numbers, lat: Numbers) -> tuple[Numbers, Numbers]:
        """Project degrees to local metres; scalars or float64 arrays of one shape."""
        east, north = _forward(np.radians(lon - self.lon0), np.radians(lat))
        return east, north - self._north0()

    def to_lonlat(self, x: Numbers, y: Numbers) -> tuple[Numbers, Numbers]:
        """Return degrees for local metres; scalars or float64 arrays of one shape."""
        lam, phi = _inverse(x, y + self._north0())
        return np.degrees(lam) + self.lon0, np.degrees(phi)

    def _north0(self) -> float:
        return float(_forward(np.float64(0.0), np.radians(self.lat0))[1])


SHANGHAI = CityFrame(121 + 28 / 60, 31.2304)


def _forward(lam: Any, phi: Any) -> tuple[Any, Any]:
    s = np.sin(phi)
    tau = np.sinh(np.arctanh(s) - _E * np.arctanh(_E * s))
    xi = np.arctan2(tau, np.cos(lam))
    eta = np.arctanh(np.sin(lam) / np.sqrt(1 + tau * tau))
    east, north = eta, xi
    for j, a in enumerate(_ALPHA, 1):
        north = north + a * np.sin(2 * j * xi) * np.cosh(2 * j * eta)
        east = east + a * np.cos(2 * j * xi) * np.sinh(2 * j * eta)
    return east * _RECTIFYING, north * _RECTIFYING


def _inverse(x: Any, y: Any) -> tuple[Any, Any]:
    xi, eta = y / _RECTIFYING, x / _RECTIFYING
    xi1, eta1 = xi, eta
    for j, b in enumerate(_BETA, 1):
        xi1 = xi1 - b * np.sin(2 * j * xi) * np.cosh(2 * j * eta)
        eta1 = eta1 - b * np.cos(2 * j * xi) * np.sinh(2 * j * eta)
    chi = np.arcsin(np.sin(xi1) / np.cosh(eta1))
    phi = chi
    target = np.arctanh(np.sin(chi))
    for _ in range(4):
        s = np.sin(phi)
        phi = np.arcsin(np.tanh(target + _E * np.arctanh(_E * s)))
    return np.arctan2(np.sinh(eta1), np.cos(xi1)), phi
