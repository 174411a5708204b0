"""GCJ-02 and BD-09, the shifted coordinates of Chinese web maps, to and from WGS 84.

Neither has an EPSG code, so no projection library knows them. The shift is the public formula
(a sum of sines on the Krasovsky 1940 ellipsoid, for GCJ-02; a small polar twist of GCJ-02, for
BD-09). It has no closed inverse: one step back leaves up to 2 m at the Bund, three more leave
less than 0.03 mm. Longitudes and latitudes are degrees; all functions take scalars or float64
arrays of one shape and return arrays of that shape. Points outside China are not shifted.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

CHINA = (72.004, 0.8293, 137.8347, 55.8271)
"""West, south, east, north in degrees: where the shift of GCJ-02 applies."""

_SEMI_MAJOR = 6378245.0
_ECCENTRICITY2 = 0.00669342162296594323
_TWIST = np.pi * 3000.0 / 180.0
_ITERATIONS = 3


def in_china(lon: ArrayLike, lat: ArrayLike) -> NDArray[np.bool_]:
    """Tell which points lie in the box where GCJ-02 shifts."""
    west, south, east, north = CHINA
    x, y = _arrays(lon, lat)
    return (x >= west) & (x <= east) & (y >= south) & (y <= north)


def wgs84_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Array, Array]:
    """Shift WGS 84 degrees to GCJ-02 degrees."""
    x, y = _arrays(lon, lat)
    east, north = _shift(x, y)
    inside = in_china(x, y)
    return np.where(inside, x + east, x), np.where(inside, y + north, y)


def gcj02_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Array, Array]:
    """Undo `wgs84_to_gcj02`; three iterations, under 0.03 mm."""
    x, y = _arrays(lon, lat)
    inside = in_china(x, y)
    east, north = _shift(x, y)
    for _ in range(_ITERATIONS):
        east, north = _shift(x - east, y - north)
    back_x, back_y = x - east, y - north
    return np.where(inside, back_x, x), np.where(inside, back_y, y)


def gcj02_to_bd09(lon: ArrayLike, lat: ArrayLike) -> tuple[Array, Array]:
    """Twist GCJ-02 degrees to BD-09 degrees (in China only, as the shift)."""
    x, y = _arrays(lon, lat)
    turned_x, turned_y = _twist(x, y)
    inside = in_china(x, y)
    return np.where(inside, turned_x, x), np.where(inside, turned_y, y)


def bd09_to_gcj02(lon: ArrayLike, lat: ArrayLike) -> tuple[Array, Array]:
    """Undo `gcj02_to_bd09`; three iterations, under 0.03 mm."""
    x, y = _arrays(lon, lat)
    inside = in_china(x, y)
    back_x, back_y = x - 0.0065, y - 0.006
    for _ in range(_ITERATIONS):
        turned_x, turned_y = _twist(back_x, back_y)
        back_x, back_y = back_x + x - turned_x, back_y + y - turned_y
    return np.where(inside, back_x, x), np.where(inside, back_y, y)


def wgs84_to_bd09(lon: ArrayLike, lat: ArrayLike) -> tuple[Array, Array]:
    """Shift WGS 84 degrees to BD-09 degrees."""
    return gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))


def bd09_to_wgs84(lon: ArrayLike, lat: ArrayLike) -> tuple[Array, Array]:
    """Undo `wgs84_to_bd09`."""
    return gcj02_to_wgs84(*bd09_to_gcj02(lon, lat))


def _arrays(lon: ArrayLike, lat: ArrayLike) -> tuple[Array, Array]:
    return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)


def _shift(lon: Array, lat: Array) -> tuple[Array, Array]:
    """Return the shift in degrees of lon and lat."""
    x, y = lon - 105.0, lat - 35.0
    root = np.sqrt(np.abs(x))
    ripple = (20.0 * np.sin(6.0 * x * np.pi) + 20.0 * np.sin(2.0 * x * np.pi)) * 2.0 / 3.0
    north = -100.0 + 2.0 * x + 3.0 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + ripple
    north += (20.0 * np.sin(y * np.pi) + 40.0 * np.sin(y / 3.0 * np.pi)) * 2.0 / 3.0
    north += (160.0 * np.sin(y / 12.0 * np.pi) + 320.0 * np.sin(y * np.pi / 30.0)) * 2.0 / 3.0
    east = 300.0 + x + 2.0 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ripple
    east += (20.0 * np.sin(x * np.pi) + 40.0 * np.sin(x / 3.0 * np.pi)) * 2.0 / 3.0
    east += (150.0 * np.sin(x / 12.0 * np.pi) + 300.0 * np.sin(x / 30.0 * np.pi)) * 2.0 / 3.0
    phi = np.radians(lat)
    magic = 1.0 - _ECCENTRICITY2 * np.sin(phi) ** 2
    meridian = _SEMI_MAJOR * (1.0 - _ECCENTRICITY2) / (magic * np.sqrt(magic))
    parallel = _SEMI_MAJOR / np.sqrt(magic) * np.cos(phi)
    return np.degrees(east / parallel), np.degrees(north / meridian)


def _twist(lon: Array, lat: Array) -> tuple[Array, Array]:
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _TWIST)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _TWIST)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006
