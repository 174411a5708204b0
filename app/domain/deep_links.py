"""Links that name a view of the map: `wangge://view?at=121.4737,31.2304&scale=1.5&…`.

They come from outside (a chat, a command line, a saved view), so they are read strictly: what is
unknown, missing or out of range is one `InvalidInput` that names the part at fault.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote
from uuid import UUID

from app.domain.camera import MAX_M_PER_PX, MAX_PITCH, MIN_M_PER_PX
from app.domain.errors import InvalidInput
from app.domain.layers import LAYERS

SCHEME = "wangge://view?"
LONGEST = 2_000
_ADVICE = "Copy it again with Ctrl Shift C where it was made."
_KEYS = frozenset(spec.key for spec in LAYERS)
_CLASSES, _STATES = 256, 4
FILLS = ("cases", "signs")  # what areas may be filled by


@dataclass(frozen=True)
class ViewLink:
    """A view of the map.

    Attributes:
        lon, lat: degrees WGS 84 at the middle of the map.
        m_per_px: metres a logical pixel.
        heading, pitch: as in `app.domain.camera`.
        layers: keys of the layers shown, None for the usual ones.
        classes: classes of parts shown, None for all; `states`: states of parts, None for all.
        part: row of a selected part in map.gpkg, None for none.
        case: the case chosen, None for none; `unit` so of a live unit.
        opacity: per cent, 0 to 100, of layers that are not as usual.
        ranges: metres a pixel from and to, of layers whose scales are not as usual; the upper
            end may be infinite.
        fill: what areas are filled by, one of `FILLS`, empty as it is.
        hour: around which cases are warm, 0 to 23, None as it is.
    """

    lon: float
    lat: float
    m_per_px: float
    heading: float = 0.0
    pitch: float = 0.0
    layers: frozenset[str] | None = None
    classes: frozenset[int] | None = None
    states: frozenset[int] | None = None
    part: int | None = None
    case: UUID | None = None
    unit: UUID | None = None
    opacity: Mapping[str, int] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    fill: str = ""
    hour: int | None = None


def is_link(text: str) -> bool:
    """Whether `text` is meant as a link of ours, well made or not."""
    return text.strip().lower().startswith("wangge:")


def write_link(view: ViewLink) -> str:
    """Return the link to a view; `read_link` gives the same view back, exactly."""
    fields = {"at": f"{view.lon!r},{view.lat!r}", "scale": repr(view.m_per_px)}
    if view.heading:
        fields["heading"] = repr(view.heading)
    if view.pitch:
        fields["pitch"] = repr(view.pitch)
    if view.layers is not None:
        fields["layers"] = ".".join(sorted(view.layers))
    for name, chosen in (("classes", view.classes), ("states", view.states)):
        if chosen is not None:
            fields[name] = _runs(chosen)
    for name, one in (("part", view.part), ("case", view.case), ("unit", view.unit),
                      ("fill", view.fill or None), ("hour", view.hour)):  # fmt: skip
        if one is not None:
            fields[name] = str(one)
    if view.opacity:
        fields["opacity"] = ",".join(f"{key}-{n}" for key, n in sorted(view.opacity.items()))
    if view.ranges:
        fields["ranges"] = ",".join(
            f"{key}-{least!r}~{most!r}" for key, (least, most) in sorted(view.ranges.items())
        )
    return SCHEME + "&".join(f"{name}={quote(value, safe=',.-')}" for name, value in fields.items())


def read_link(text: str) -> ViewLink:
    """Return the view that a link names; raises `InvalidInput` naming the part at fault."""
    text = text.strip()
    if not text.startswith(SCHEME) or len(text) > LONGEST:
        raise InvalidInput(f"This is no link to a view: {text[:60]}.", advice=_ADVICE, field="link")
    pairs = parse_qsl(text[len(SCHEME) :], keep_blank_values=True)
    fields = dict(pairs)
    for name, _value in pairs:
        if name not in _NAMES or len(fields) != len(pairs):
            raise _wrong(name or "link", "twice or unknown")
    for name in ("at", "scale"):
        if name not in fields:
            raise _wrong(name, "missing")
    lon, _, lat = fields["at"].partition(",")
    return ViewLink(
        _number("at", lon, -180, 180),
        _number("at", lat, -90, 90),
        _number("scale", fields["scale"], MIN_M_PER_PX, MAX_M_PER_PX),
        _number("heading", fields.get("heading", "0"), 0, 360),
        _number("pitch", fields.get("pitch", "0"), 0, MAX_PITCH),
        _layers(fields.get("layers")),
        _numbers("classes", fields.get("classes"), _CLASSES),
        _numbers("states", fields.get("states"), _STATES),
        _part(fields.get("part")),
        _uid("case", fields.get("case")),
        _uid("unit", fields.get("unit")),
        {key: _whole("opacity", text, 100) for key, text in _by_layer("opacity", fields)},
        {key: _range(text) for key, text in _by_layer("ranges", fields)},
        _fill(fields.get("fill", "")),
        _whole("hour", fields["hour"], 23) if "hour" in fields else None,
    )


_NAMES = ("at", "scale", "heading", "pitch", "layers", "classes", "states", "part", "case", "unit",
          "opacity", "ranges", "fill", "hour")  # fmt: skip


def _runs(numbers: Iterable[int]) -> str:
    """Return numbers as runs, `0-3.7`."""
    runs: list[list[int]] = []
    for one in sorted(numbers):
        if runs and one == runs[-1][1] + 1:
            runs[-1][1] = one
        else:
            runs.append([one, one])
    return ".".join(str(a) if a == b else f"{a}-{b}" for a, b in runs)


def _wrong(name: str, value: str) -> InvalidInput:
    return InvalidInput(
        f"In this link, {name} cannot be used: {value[:40]}.", advice=_ADVICE, field=name
    )


def _number(name: str, text: str, least: float, most: float) -> float:
    try:
        value = float(text)
    except ValueError:
        raise _wrong(name, text) from None
    if not (math.isfinite(value) and least <= value <= most) or "_" in text:
        raise _wrong(name, text)
    return value


def _layers(text: str | None) -> frozenset[str] | None:
    if text is None:
        return None
    keys = frozenset(text.split(".")) if text else frozenset()
    if not keys <= _KEYS:
        raise _wrong("layers", ".".join(sorted(keys - _KEYS)))
    return keys


def _numbers(name: str, text: str | None, below: int) -> frozenset[int] | None:
    if text is None:
        return None
    found: set[int] = set()
    for run in text.split(".") if text else []:
        first, dash, last = run.partition("-")
        a = _whole(name, first, below - 1)
        b = _whole(name, last, below - 1) if dash else a
        if b < a:
            raise _wrong(name, run)
        found.update(range(a, b + 1))
    return frozenset(found)


def _whole(name: str, text: str, most: int) -> int:
    if not (text.isascii() and text.isdigit() and len(text) < 10 and int(text) <= most):
        raise _wrong(name, text)
    return int(text)


def _by_layer(name: str, fields: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return (layer, what is said of it) of a field such as `roads-40,pipes-70`."""
    if name not in fields:
        return []
    pairs = [one.partition("-")[::2] for one in fields[name].split(",")]
    keys = [key for key, _said in pairs]
    wrong = next((key for key in keys if key not in _KEYS or keys.count(key) > 1), None)
    if wrong is not None:
        raise _wrong(name, wrong or fields[name])
    return pairs


def _range(text: str) -> tuple[float, float]:
    """Return the scales in `0~6` or `0.5~inf`, least first."""
    low, _, high = text.partition("~")
    least = _number("ranges", low, 0.0, MAX_M_PER_PX)
    most = math.inf if high == "inf" else _number("ranges", high, 0.0, MAX_M_PER_PX)
    if least > most:
        raise _wrong("ranges", text)
    return least, most


def _fill(text: str) -> str:
    if text and text not in FILLS:
        raise _wrong("fill", text)
    return text


def _part(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and 0 < int(text[:12]) < 1 << 32):
        raise _wrong("part", text)
    return int(text[:12])


def _uid(name: str, text: str | None) -> UUID | None:
    if text is None:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise _wrong(name, text) from None
