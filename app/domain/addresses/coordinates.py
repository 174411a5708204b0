"""A place written as coordinates: degrees, degrees-minutes-seconds, in WGS 84 or a declared shift.

`31.2,121.4` and `121.4 31.2` mean the same: which of the two is the longitude follows from their
size, or from N, E, 北纬, 东经 beside them. A system named in the text (GCJ-02, 高德, BD-09, 百度)
is turned into WGS 84; without a name the text counts as WGS 84.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

import numpy as np

from app.domain.errors import InvalidInput
from app.domain.offsets import bd09_to_wgs84, gcj02_to_wgs84

_GCJ = re.compile(r"gcj-?0?2|火星|高德|腾讯|国测局", re.IGNORECASE)
_BD = re.compile(r"bd-?0?9|百度", re.IGNORECASE)
_PLAIN = re.compile(r"wgs-?\s?84|cgcs\s?2000|epsg:4326|epsg:4490", re.IGNORECASE)
_NUMBER = r"[+-]?\d{1,3}(?:\.\d+)?"
_SECONDS = r"(?:\d{1,2}(?:\.\d+)?\s*(?:\"|″|′′|秒|'')?)?"
_DMS = rf"{_NUMBER}\s*[°度]\s*(?:\d{{1,2}}(?:\.\d+)?\s*['′分]\s*{_SECONDS})?"
_SIDE = r"(?:北纬|南纬|东经|西经|纬度|经度|lat|lon|lng|[NSEW])"
_ONE, _TWO = (
    rf"(?P<a{i}>{_SIDE})?\s*[:=]?\s*(?P<v{i}>{_DMS}|{_NUMBER})\s*(?P<z{i}>[NSEW])?" for i in (1, 2)
)
_PAIR = re.compile(rf"\s*\(?\s*{_ONE}\s*[,\s;/]\s*{_TWO}\s*\)?\s*", re.IGNORECASE)
_PARTS = re.compile(r"[+-]?\d+(?:\.\d+)?")
_LON = ("东经", "西经", "经度", "LON", "LNG", "E", "W")
_LAT = ("北纬", "南纬", "纬度", "LAT", "N", "S")
_NEGATIVE = ("西经", "南纬", "W", "S")
_MOST = 120
_POLE = 90.0


@dataclass(frozen=True)
class Written:
    """Degrees WGS 84, and the system in which they were written: WGS84, GCJ02 or BD09."""

    lon: float
    lat: float
    system: str


def written_place(text: str) -> Written | None:
    """Return the place if `text` is a pair of coordinates and nothing else, else None.

    Raises `InvalidInput` (field `text`) for a pair that is no place on earth.
    """
    if len(text) > _MOST:
        return None
    plain = unicodedata.normalize("NFKC", text).replace("，", ",").replace("、", ",")
    system = "GCJ02" if _GCJ.search(plain) else "BD09" if _BD.search(plain) else "WGS84"
    for named in (_GCJ, _BD, _PLAIN):
        plain = named.sub(" ", plain)
    plain = re.sub(r"坐标系?[::]?", " ", plain).strip(" :,;()")
    found = _PAIR.fullmatch(plain)
    if found is None:
        return None
    pair = [(_side(found, i), _degrees(found[f"v{i}"], _side(found, i))) for i in (1, 2)]
    decided = any(side for side, _ in pair) or all("." in found[f"v{i}"] for i in (1, 2)) or any(
        "°" in found[f"v{i}"] or "度" in found[f"v{i}"] for i in (1, 2)
    )  # fmt: skip
    if not decided:  # two whole numbers are rather a house and a room
        return None
    lon, lat = _ordered(pair)
    if not (abs(lon) <= 2 * _POLE and abs(lat) <= _POLE):
        raise InvalidInput(
            f"{lon:g}, {lat:g} are no degrees of longitude and latitude.",
            advice="Write longitude and latitude in degrees, such as 121.4737, 31.2304.",
            field="text",
        )
    return Written(*_plain(lon, lat, system), system)


def _side(found: re.Match[str], i: int) -> str:
    return (found[f"a{i}"] or found[f"z{i}"] or "").upper()


def _degrees(text: str, side: str) -> float:
    parts = [float(one) for one in _PARTS.findall(text)]
    value = abs(parts[0]) + sum(
        one / share for one, share in zip(parts[1:3], (60, 3600), strict=False)
    )
    negative = text.lstrip().startswith("-") or side in _NEGATIVE
    return -value if negative else value


def _ordered(pair: list[tuple[str, float]]) -> tuple[float, float]:
    (side1, one), (side2, two) = pair
    if side1 in _LON or side2 in _LAT:
        return one, two
    if side1 in _LAT or side2 in _LON:
        return two, one
    return (two, one) if abs(one) <= _POLE < abs(two) else (one, two)


def _plain(lon: float, lat: float, system: str) -> tuple[float, float]:
    if system == "WGS84":
        return lon, lat
    turn = gcj02_to_wgs84 if system == "GCJ02" else bd09_to_wgs84
    x, y = turn(np.array([lon]), np.array([lat]))
    return float(x[0]), float(y[0])
