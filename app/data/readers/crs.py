"""Coordinate systems of sources: declared or in the file, never guessed, brought to WGS 84.

WGS 84 and CGCS2000 count as equal (they differ by centimetres). GCJ-02 and BD-09 have no EPSG
code and are named declarations. Everything else goes through PROJ. Numbers that cannot be what
was declared (axes exchanged, degrees for metres) are refused with what they seem to be.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyproj
from numpy.typing import NDArray
from pyproj.exceptions import CRSError, ProjError

from app.domain.errors import InvalidInput
from app.domain.offsets import CHINA, bd09_to_wgs84, gcj02_to_wgs84

Array = NDArray[np.float64]
Box = tuple[float, float, float, float]
"""West, south, east, north in degrees."""

_WORLD: Box = (-180.0, -90.0, 180.0, 90.0)
_PROJECTED_MARGIN = 2.0
_ADVICE = (
    "Declare it with --crs, such as --crs WGS84, --crs GCJ-02, --crs BD-09 or --crs EPSG:4549."
)


@dataclass(frozen=True)
class SourceCrs:
    """A coordinate system of a source.

    `shown` is its name for people; `degrees` tells whether its numbers are degrees; `box` is
    where in WGS 84 degrees its points may lie; `convert` brings x (lon, easting) and y (lat,
    northing) to WGS 84 lon and lat, non-finite where it cannot.
    """

    shown: str
    degrees: bool
    box: Box
    convert: Callable[[Array, Array], tuple[Array, Array]]

    def to_wgs84(self, x: Array, y: Array) -> tuple[Array, Array, NDArray[np.bool_]]:
        """Return lon, lat (WGS 84 degrees) and whether each lies where this system is valid."""
        with np.errstate(all="ignore"):
            plausible = np.isfinite(x) & np.isfinite(y)
            if self.degrees:
                plausible &= (np.abs(x) <= 180) & (np.abs(y) <= 90)
            lon, lat = self.convert(np.where(plausible, x, np.nan), np.where(plausible, y, np.nan))
            return lon, lat, plausible & inside(self.box, lon, lat)


def inside(box: Box, lon: Array, lat: Array) -> NDArray[np.bool_]:
    """Tell which points lie in a box (west, south, east, north)."""
    west, south, east, north = box
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def no_crs(name: str) -> InvalidInput:
    """Return the error for a source that has coordinates but says not in which system."""
    return InvalidInput(
        f"{name} does not say in which coordinate system its points are.",
        advice=f"Nothing was imported. {_ADVICE}",
        field="--crs",
    )


def declared_crs(text: str) -> SourceCrs:
    """Read a declaration: GCJ-02, BD-09, WGS84, CGCS2000, or anything PROJ knows.

    Raises InvalidInput (field `--crs`).
    """
    name = "".join(text.upper().split()).replace("-", "").replace("_", "")
    if name in ("GCJ02", "GCJ", "BD09", "BD09LL"):
        baidu = name.startswith("BD")
        convert = bd09_to_wgs84 if baidu else gcj02_to_wgs84
        return SourceCrs("BD-09" if baidu else "GCJ-02", True, CHINA, convert)
    aliases = {"WGS84": "EPSG:4326", "CGCS2000": "EPSG:4490"}
    try:
        crs = pyproj.CRS.from_user_input(aliases.get(name, text.strip()))
    except (CRSError, ProjError, ValueError, OverflowError):
        raise InvalidInput(
            f"No coordinate system is called {text[:60]!r}.",
            advice=_ADVICE,
            field="--crs",
        ) from None
    return _by_proj(crs)


def _by_proj(crs: pyproj.CRS) -> SourceCrs:
    code = crs.to_epsg()
    shown = f"EPSG:{code}" if code else crs.name
    if code in (4326, 4490, 4979, 4480) or (crs.is_geographic and "CRS84" in crs.name):
        shown = shown if code else "EPSG:4326"
        return SourceCrs(shown, True, _WORLD, lambda x, y: (x, y))
    if not (crs.is_geographic or crs.is_projected or crs.is_compound):
        raise InvalidInput(
            f"{shown} is no system of positions on the map.", advice=_ADVICE, field="--crs"
        )
    transformer = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)

    def convert(x: Array, y: Array) -> tuple[Array, Array]:
        lon, lat = transformer.transform(x, y)
        return np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)

    return SourceCrs(shown, bool(crs.is_geographic), _valid_box(crs), convert)


def _valid_box(crs: pyproj.CRS) -> Box:
    area = crs.area_of_use
    if area is None or area.west > area.east:
        return _WORLD
    margin = _PROJECTED_MARGIN
    return (
        max(area.west - margin, -180.0),
        max(area.south - margin, -90.0),
        min(area.east + margin, 180.0),
        min(area.north + margin, 90.0),
    )


def reconciled(name: str, in_file: str | None, declared: str | None) -> SourceCrs | None:
    """Return the system to read `name` in, from what the file says and what was declared.

    A declaration may refine degrees (a GeoJSON cannot say GCJ-02) but not contradict the file's
    own projected system. None: neither says.
    """
    if declared is None:
        return declared_crs(in_file) if in_file else None
    wanted = declared_crs(declared)
    if in_file is None:
        return wanted
    own = declared_crs(in_file)
    if own.shown != wanted.shown and not (own.degrees and wanted.degrees):
        raise InvalidInput(
            f"{name} says it is in {own.shown}, but {wanted.shown} was declared.",
            advice="Nothing was imported. Leave --crs out, or mend the file's own statement.",
            field="--crs",
        )
    return wanted


def refuse_misdeclared(name: str, crs: SourceCrs, x: Array, y: Array, where: Box | None) -> None:
    """Raise InvalidInput (field `--crs`) if most points cannot be what was declared.

    `x`, `y`: numbers of the source, non-finite where missing; `where`: the box in degrees in
    which the data are known to lie, if any.
    """
    known = np.isfinite(x) & np.isfinite(y)
    x, y = x[known], y[known]
    if not len(x):
        return
    if _share_right(crs, x, y, where) >= 0.5:
        return
    reason = _diagnosis(crs, x, y, where)
    if reason is None:
        return
    example = f"{x[0]:.10g}, {y[0]:.10g}"
    raise InvalidInput(
        f"The points of {name} (such as {example}) are not in {crs.shown} as declared: {reason}.",
        advice="Nothing was imported. Mend the mapping or declare the right --crs.",
        field="--crs",
    )


def _share_right(crs: SourceCrs, x: Array, y: Array, where: Box | None) -> float:
    lon, lat, right = crs.to_wgs84(x, y)
    if where is not None:
        right = right & inside(where, lon, lat)
    return float(right.mean())


def _diagnosis(crs: SourceCrs, x: Array, y: Array, where: Box | None) -> str | None:
    """Say what the numbers seem to be; None if they are only outside `where`."""
    if _share_right(crs, y, x, where) >= 0.5:
        return "x and y look exchanged (longitude or easting comes first)"
    if crs.degrees and float(np.median(np.maximum(np.abs(x), np.abs(y)))) > 360:
        return "the numbers look like metres, not degrees"
    if not crs.degrees and np.all((np.abs(x) <= 180) & (np.abs(y) <= 180)):
        return "the numbers look like degrees, not metres"
    if _share_right(crs, x, y, None) >= 0.5:
        return None
    west, south, east, north = crs.box
    return (
        f"they lie outside {west:.1f}..{east:.1f} E, {south:.1f}..{north:.1f} N where it is valid"
    )
