"""How the place of a sighting came about, kept in its action: data without a word of a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

METHODS = ("geocode", "search", "map", "camera", "given")
PRECISIONS = (
    "", "room", "building", "number", "between", "name", "crossing", "lane", "road", "area",
    "point",
)  # fmt: skip
_SURE = 1000
_FAR_M = 1_000_000
_MOST_REASONS = 12
_MOST_LETTERS = 24


@dataclass(frozen=True)
class Placed:
    """Why a sighting stands where it stands.

    `method` is one of `METHODS`: the geocoder, the search box, a click on the map, the camera's
    own place, or degrees that were given. `precision` is the geocoder's (`Geocoded.precision`).
    `confidence` counts thousandths, None where nobody judged it; `metres` is how far off it may
    be; `place` is the register's place that was matched. `reasons` are kinds only (`road`,
    `number`, `between`): what follows a kind's colon may name somebody's home and stays out.
    """

    method: str
    precision: str = ""
    confidence: int | None = None
    metres: int | None = None
    place: UUID | None = None
    reasons: tuple[str, ...] = ()

    def body(self) -> dict[str, Any]:
        """Return it as it stands in an action."""
        told = {
            "method": self.method, "precision": self.precision, "confidence": self.confidence,
            "metres": self.metres, "place": str(self.place) if self.place else None,
            "reasons": list(self.reasons),
        }  # fmt: skip
        return {name: value for name, value in told.items() if value not in (None, "", [])}


def reason_kinds(reasons: tuple[str, ...]) -> tuple[str, ...]:
    """Return the kinds of reasons such as `road:武康路`, each once."""
    return tuple(dict.fromkeys(one.partition(":")[0] for one in reasons))[:_MOST_REASONS]


def placed_of(raw: object) -> Placed | None:
    """Return what an action says; None for one from before this was kept, or of a strange form."""
    if not isinstance(raw, Mapping) or placed_fault(raw):
        return None
    place = raw.get("place")
    return Placed(
        raw["method"], raw.get("precision", ""), raw.get("confidence"), raw.get("metres"),
        UUID(place) if place else None, tuple(raw.get("reasons", ())),
    )  # fmt: skip


def placed_fault(raw: object) -> str:
    """Return the field that has a wrong form, empty if none has."""
    if not isinstance(raw, Mapping):
        return "placed"
    if raw.get("method") not in METHODS:
        return "placed.method"
    if raw.get("precision", "") not in PRECISIONS:
        return "placed.precision"
    for name, most in (("confidence", _SURE), ("metres", _FAR_M)):
        value = raw.get(name, 0)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= most:
            return f"placed.{name}"
    if not _is_uid(raw.get("place")):
        return "placed.place"
    return "" if _are_kinds(raw.get("reasons", ())) else "placed.reasons"


def _is_uid(value: object) -> bool:
    if value is None:
        return True
    try:
        return isinstance(value, str) and bool(UUID(value))
    except ValueError:
        return False


def _are_kinds(value: object) -> bool:
    if not isinstance(value, list | tuple) or len(value) > _MOST_REASONS:
        return False
    return all(
        isinstance(one, str) and one.isascii() and one.replace("_", "").isalpha()
        and len(one) <= _MOST_LETTERS for one in value
    )  # fmt: skip
