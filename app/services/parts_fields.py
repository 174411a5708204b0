"""What a person says of a part, in words, as the fields of a change; and the next free codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.domain.cases import E7
from app.domain.codes import (
    PartLayout,
    format_grid_code,
    format_part_code,
    parse_grid_code,
    parse_part_code,
)
from app.domain.errors import InvalidInput
from app.domain.parts.record import ACCURACY_M, ATTR, STATES, is_day, is_name, is_text
from app.services.placing import inside
from app.services.ports import City, UnitOfWork

STATE_NAMES = ("完好", "破损", "丢失", "废弃")
FIELDS = ("code", "class", "state", "source", "accuracy", "initial_date")


def read_fields(fields: Mapping[str, str], city: City, day: str) -> dict[str, Any]:
    """Return a patch from texts by field; raises `InvalidInput` naming the field and the mend.

    `day` is today, ISO; nothing can have been there first after it.
    """
    made: dict[str, Any] = {}
    for name, said in fields.items():
        text = said.strip()
        if name == "class":
            made["cls"] = _class(text, city)
        elif name == "state":
            made["state"] = _state(text)
        elif name.startswith(ATTR):
            made[name] = _attr(name, text)
        elif name in FIELDS:
            made[name] = _CHECKS[name](text, city, day)
        else:
            raise InvalidInput(
                f"A part has no field {name!r}.",
                advice="One of: " + ", ".join(FIELDS) + ", attrs.NAME.",
                field=name[:40],
            )
    return made


def place_of(lon: float, lat: float, city: City) -> dict[str, Any]:
    """Return place and grid as a patch; raises `InvalidInput` outside the city."""
    if not (-180 <= lon <= 180 and -90 <= lat <= 90):
        raise InvalidInput(
            "Longitude or latitude is out of range.", field="lon", code="bad_degrees"
        )
    where = inside(city, lon, lat)
    grid = str(where.grid.uid) if where.grid else ""
    return {"place": [round(lon * E7), round(lat * E7)], "grid": grid}


def next_code(cls: int, lon: float, lat: float, city: City, uow: UnitOfWork) -> str:
    """Return the next free code of a class at a place, in the layout of the city's parts."""
    class_code = city.edits.class_code(cls)
    if not class_code:
        raise InvalidInput(f"There is no class of parts {cls}.", field="class")
    district = city.areas.at(lon, lat).district
    county = district.code if district is not None else city.facts.code
    layout = city.edits.layout()
    major, minor = int(class_code[:2]), int(class_code[2:])
    first = str(format_part_code(county, major, minor, 1, layout))
    prefix = first[: -layout.widths[3]]
    last = max(city.edits.last_code(prefix), uow.parts.last_code(prefix))
    sequence = int(last[len(prefix) :]) + 1 if last else 1
    if sequence >= 10 ** layout.widths[3]:
        raise InvalidInput(
            f"All codes that begin with {prefix} are taken.",
            advice="Give a free code of 16 digits yourself.",
            field="code",
        )
    return str(format_part_code(county, major, minor, sequence, layout))


def next_grid_codes(code: str, count: int, city: City, uow: UnitOfWork) -> list[str]:
    """Return the next free codes beside the grid `code`: its community's next numbers."""
    digits = len(code)
    base = parse_grid_code(code)
    prefix = code[:12]
    known = (city.edits.last_code(prefix, grids=True), uow.parts.last_code(prefix, grids=True))
    last = max((int(one[12:]) for one in known if one[12:].isdigit()), default=0)
    if last + count >= 10 ** (digits - 12):
        raise InvalidInput(
            f"All grid codes that begin with {prefix} are taken.",
            advice="Merge grids of this community first.",
            field="grid",
        )
    return [
        str(format_grid_code(base.county, int(base.street), int(base.community), last + 1 + i,
                             digits=digits))
        for i in range(count)
    ]  # fmt: skip


def _class(text: str, city: City) -> int:
    cls = city.edits.class_of(text)
    if cls is None:
        raise InvalidInput(
            f"There is no class of parts {text[:40]!r}.",
            advice="Name it by its code, such as 0101, or as resources/part_classes.csv does.",
            field="class",
        )
    return cls


def _state(text: str) -> int:
    for names in (STATES, STATE_NAMES, tuple(map(str, range(len(STATES))))):
        if text in names:
            return names.index(text)
    raise InvalidInput(
        f"A part cannot be {text[:40]!r}.",
        advice="One of: whole 完好, broken 破损, lost 丢失, disused 废弃.",
        field="state",
    )


def _attr(name: str, text: str) -> str:
    if not is_name(name.removeprefix(ATTR)):
        raise InvalidInput(
            "An attribute's name has 1 to 40 letters.", advice="Write attrs.NAME.", field="attrs"
        )
    return _text(text, name)


def _text(text: str, name: str) -> str:
    if not is_text(text):
        raise InvalidInput(
            f"{name} may have 200 letters and no control characters.", field=name[:60]
        )
    return text


def _accuracy(text: str, _city: City, _day: str) -> str:
    if text and text.upper() not in ACCURACY_M:
        raise InvalidInput(
            f"There is no accuracy {text[:40]!r}.",
            advice="A is ±0.5 m, B ±1 m, C ±10 m.",
            field="accuracy",
        )
    return text.upper()


def _initial(text: str, _city: City, day: str) -> str:
    if not is_day(text):
        raise InvalidInput(
            f"{text[:40]!r} is no day.", advice="Write it as 2026-11-23.", field="initial_date"
        )
    if text > day:
        raise InvalidInput(
            f"The initial date {text} lies in the future.", advice=f"Today is {day}.",
            field="initial_date",
        )  # fmt: skip
    return text


def _code(text: str, city: City, _day: str) -> str:
    layout: PartLayout = city.edits.layout()
    return str(parse_part_code(text, layout))


_CHECKS: Mapping[str, Any] = {
    "code": _code,
    "source": lambda text, _city, _day: _text(text, "source"),
    "accuracy": _accuracy,
    "initial_date": _initial,
}
