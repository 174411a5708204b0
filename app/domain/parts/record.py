"""One part 部件 with the upkeep the standard asks for, and what a change of it may say.

A change is a flat patch: `code`, `cls`, `state`, `place` (degrees WGS 84 times 1e7, longitude
first), `grid` (uid or empty), `source`, `accuracy`, `initial_date`, `retired`, and `attrs.NAME` for
every attribute of its own (empty text takes it away). GB/T 30428.2: ObjState, ORDate, CHDate,
DataSource; position classes A ±0.5 m, B ±1 m, C ±10 m.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any
from uuid import UUID

from app.domain.cases import E7

Patch = Mapping[str, Any]
STATES = ("whole", "broken", "lost", "disused")
DISUSED = STATES.index("disused")
ACCURACY_M: Mapping[str, float] = {"A": 0.5, "B": 1.0, "C": 10.0}
ATTR = "attrs."
MOST_ATTRS = 64
LONGEST = 200
_LONGEST_CODE = 40
_MOST_CLASS = 255
_EARLIEST, _LATEST = date(1900, 1, 1), date(2100, 1, 1)


@dataclass(frozen=True)
class Part:
    """A part as its actions make it.

    `cls` is its number in resources/part_classes.csv, `state` in `STATES`; dates are ISO text,
    empty where unknown; `changed_date` is the day of the last change. A retired part stands no
    longer and takes no change but an undo; a gone one never was (its adding was taken back).
    """

    uid: UUID
    code: str
    cls: int
    state: int
    lon_e7: int
    lat_e7: int
    grid: UUID | None = None
    source: str = ""
    accuracy: str = ""
    initial_date: str = ""
    changed_date: str = ""
    attrs: Mapping[str, str] = field(default_factory=dict)
    sample: bool = False
    retired: bool = False
    gone: bool = False

    @property
    def lon(self) -> float:
        """Longitude in degrees."""
        return self.lon_e7 / E7

    @property
    def lat(self) -> float:
        """Latitude in degrees."""
        return self.lat_e7 / E7

    def as_gone(self) -> Part:
        """Return it as one that never was."""
        return replace(self, gone=True)

    def value(self, name: str) -> Any:
        """Return what a patch would say of `name`."""
        if name.startswith(ATTR):
            return self.attrs.get(name.removeprefix(ATTR), "")
        if name == "place":
            return [self.lon_e7, self.lat_e7]
        if name == "grid":
            return str(self.grid) if self.grid else ""
        return getattr(self, name)

    def as_patch(self) -> dict[str, Any]:
        """Return all of it as a patch."""
        names = [*_PLAIN, "place", "grid", *(ATTR + name for name in self.attrs)]
        return {name: self.value(name) for name in names}


_PLAIN = ("code", "cls", "state", "source", "accuracy", "initial_date", "retired")


def patched(part: Part, patch: Patch, changed_date: str) -> Part:
    """Return `part` after a patch of a proper form."""
    plain = {name: patch[name] for name in _PLAIN if name in patch}
    if "place" in patch:
        plain["lon_e7"], plain["lat_e7"] = patch["place"]
    if "grid" in patch:
        plain["grid"] = UUID(patch["grid"]) if patch["grid"] else None
    attrs = dict(part.attrs)
    for name, value in patch.items():
        if name.startswith(ATTR):
            attrs[name.removeprefix(ATTR)] = value
    kept = {name: value for name, value in attrs.items() if value}
    return replace(part, attrs=kept, changed_date=changed_date, **plain)


def part_of(uid: UUID, patch: Patch, changed_date: str, *, sample: bool) -> Part:
    """Return the part that a whole patch of a proper form describes."""
    return patched(Part(uid, "", 0, 0, 0, 0, sample=sample), patch, changed_date)


def patch_fault(patch: object) -> str:
    """Return the name that has a wrong form in a patch, empty if none has."""
    if not isinstance(patch, Mapping):
        return "new"
    if sum(str(name).startswith(ATTR) for name in patch) > MOST_ATTRS:
        return "attrs"
    for name, value in patch.items():
        if name.startswith(ATTR):
            if not (is_name(name.removeprefix(ATTR)) and is_text(value)):
                return str(name)
        elif name not in _FORMS or not _FORMS[name](value):
            return str(name)
    return ""


def lacks(patch: Patch) -> str:
    """Return what a whole patch lacks to describe a part, empty if nothing."""
    return next((name for name in ("code", "cls", "state", "place") if name not in patch), "")


def is_text(value: object) -> bool:
    """Tell whether a value may stand as text in a record."""
    return isinstance(value, str) and len(value) <= LONGEST and value.isprintable()


def is_name(value: str) -> bool:
    """Tell whether a text may name an attribute."""
    return 0 < len(value) <= 40 and value.isprintable() and not value.isspace()


def is_day(value: object) -> bool:
    """Tell whether a value is a day `YYYY-MM-DD` of 1900 to 2100, or empty."""
    if value == "":
        return True
    try:
        return isinstance(value, str) and _EARLIEST <= date.fromisoformat(value) < _LATEST
    except ValueError:
        return False


def _is_number(value: object, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most


def _is_place(value: object) -> bool:
    if not isinstance(value, list | tuple) or len(value) != 2:
        return False
    most = (180 * E7, 90 * E7)
    return all(
        isinstance(one, int) and not isinstance(one, bool) and abs(one) <= limit
        for one, limit in zip(value, most, strict=True)
    )


def _is_uid(value: object) -> bool:
    if value == "":
        return True
    try:
        return isinstance(value, str) and str(UUID(value)) == value
    except ValueError:
        return False


def is_code(value: object) -> bool:
    """Tell whether a value may stand as a code that came from elsewhere; empty is none."""
    return is_text(value) and len(str(value)) <= _LONGEST_CODE


_FORMS: Mapping[str, Callable[[object], bool]] = {
    "code": is_code,
    "cls": lambda value: _is_number(value, _MOST_CLASS),
    "state": lambda value: _is_number(value, len(STATES) - 1),
    "place": _is_place,
    "grid": _is_uid,
    "source": is_text,
    "accuracy": lambda value: value == "" or value in ACCURACY_M,
    "initial_date": is_day,
    "retired": lambda value: isinstance(value, bool),
}
