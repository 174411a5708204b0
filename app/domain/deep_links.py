"""Links that name a view of the map: `wangge://view?at=121.4737,31.2304&scale=1.5&…`.

They come from outside (a chat, a command line, a saved view), so they are read strictly: what is
unknown, missing or out of range is one `InvalidInput` that names the part at fault.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
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
        case: the case chosen, None for none.
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
    for name, chosen in (("layers", view.layers), ("classes", view.classes),
                         ("states", view.states)):  # fmt: skip
        if chosen is not None:
            fields[name] = ".".join(sorted(str(one) for one in chosen))
    if view.part is not None:
        fields["part"] = str(view.part)
    if view.case is not None:
        fields["case"] = str(view.case)
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
        _case(fields.get("case")),
    )


_NAMES = ("at", "scale", "heading", "pitch", "layers", "classes", "states", "part", "case")


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
    found = text.split(".") if text else []
    if not all(one.isascii() and one.isdigit() and int(one) < below for one in found):
        raise _wrong(name, text)
    return frozenset(int(one) for one in found)


def _part(text: str | None) -> int | None:
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and 0 < int(text[:12]) < 1 << 32):
        raise _wrong("part", text)
    return int(text[:12])


def _case(text: str | None) -> UUID | None:
    if text is None:
        return None
    try:
        return UUID(text)
    except ValueError:
        raise _wrong("case", text) from None
