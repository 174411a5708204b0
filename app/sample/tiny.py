"""A city of eight grids that is made in a moment: for tests, trials and the proofs' harnesses.

Two districts, two streets each, two grids a street, on a square of 0.2° at Shanghai's centre. For
every street and trade there is one post with one person in each of three shifts.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, time
from pathlib import Path
from uuid import UUID

import pyarrow as pa
import shapely

from app.data.bulk import empty_tables
from app.data.city import SqlCity
from app.data.city_folder import create_city
from app.data.map_schema import LAYERS
from app.data.map_target import write_tables
from app.domain.identity import uuid7
from app.domain.people import Duty, Person, Role, Shift, Unit
from app.services.views import CityFacts

LEADS = (
    "road", "sanitation", "greening", "water", "lighting", "power", "gas", "telecom", "traffic",
    "urban_enforcement", "market", "police", "housing", "construction", "environment", "health",
    "civil", "fire", "fallback",
)  # fmt: skip
SHIFTS = (
    Shift("morning", "早班", time(8), time(16)),
    Shift("middle", "中班", time(16), time(0)),
    Shift("night", "夜班", time(0), time(8)),
)
DESK_ROLES = (
    Role.SUPERVISOR, Role.INTAKE, Role.DISPATCHER, Role.SHIFT_LEAD, Role.DUTY_LEADER,
    Role.UNIT_LEADER,
)  # fmt: skip
_DESK_NAMES = ("王磊", "李静", "张敏", "陈强", "周婷", "吴刚")
_BORN_MS = 1_767_225_600_000  # 2026-01-01
_WEST, _SOUTH, _STEP = 121.4, 31.1, 0.1
_DISTRICTS = (("310101", "黄浦区"), ("310104", "徐汇区"))


def tiny_uid(kind: int, number: int) -> UUID:
    """Return the fixed uid of the tiny city's thing `number` of `kind`."""
    return uuid7(_BORN_MS + kind, number)


def create_tiny_city(place: Path | str, key: str | None = None) -> SqlCity:
    """Make the tiny city in a folder or an empty database and open it.

    `key` encrypts the truth of a local one.
    """
    facts = CityFacts(
        uid=tiny_uid(0, 0),
        name="小城",
        code="3101",
        lon0=_WEST + _STEP,
        lat0=_SOUTH + _STEP,
        sample=True,
        created_at=datetime.fromtimestamp(_BORN_MS / 1000, UTC).isoformat(),
    )
    city = create_city(place, facts, key)
    tables = empty_tables() | {"area": [_areas()], "place": [_places()]}
    write_tables(city, tables, lambda _name, _share: None)
    with city.begin(write=True) as uow:
        uow.directory.put_shifts(SHIFTS)
        units, persons, duties = _rolls()
        uow.directory.put_units(units)
        uow.directory.put_persons(persons)
        uow.directory.put_duties(duties)
        uow.commit()
    return city


def desk_person(role: Role) -> UUID:
    """Return the uid of the one person at the desk with `role`."""
    return tiny_uid(5, DESK_ROLES.index(role))


def _areas() -> pa.RecordBatch:
    schema = LAYERS["area"].schema
    return pa.RecordBatch.from_pylist(list(_area_rows()), schema=schema)


def _area_rows() -> Iterator[dict[str, object]]:
    def row(
        uid: UUID, tier: str, code: str, name: str, parent: UUID | None, box: shapely.Polygon
    ) -> dict[str, object]:
        return {
            "uid": uid.bytes,
            "tier": tier,
            "code": code,
            "name": name,
            "name_en": "",
            "parent_uid": parent.bytes if parent else None,
            "valid_from": "2026-01-01T00:00:00+00:00",
            "valid_to": None,
            "platform": int(tier in ("city", "district", "street")),
            "sample": 1,
            "geom": shapely.MultiPolygon([box]).wkb,
        }

    city = tiny_uid(0, 0)
    whole = shapely.box(_WEST, _SOUTH, _WEST + 2 * _STEP, _SOUTH + 2 * _STEP)
    yield row(city, "city", "310100", "小城", None, whole)
    for d, (code, name) in enumerate(_DISTRICTS):
        west = _WEST + d * _STEP
        district = tiny_uid(1, d)
        shape = shapely.box(west, _SOUTH, west + _STEP, _SOUTH + 2 * _STEP)
        yield row(district, "district", code, name, city, shape)
        for s in range(2):
            south = _SOUTH + s * _STEP
            street = _street(d, s)
            street_code = f"{code}{s + 1:03d}"
            box = shapely.box(west, south, west + _STEP, south + _STEP)
            yield row(street, "street", street_code, f"{name[:2]}{'南北'[s]}街道", district, box)
            for g in range(2):
                left = west + g * _STEP / 2
                cell = shapely.box(left, south, left + _STEP / 2, south + _STEP)
                grid = tiny_uid(3, d * 4 + s * 2 + g)
                yield row(grid, "grid", f"{street_code}001{g + 1:03d}", "", street, cell)


def _places() -> pa.RecordBatch:
    names = ("汾阳路150号", "复兴中路1295号", "五原路212号", "安福路288号")
    rows = [
        {
            "uid": tiny_uid(4, i).bytes, "name": name, "address": name, "road": name[:3],
            "source": "sample", "kind": "door", "sample": 1,
            "geom": shapely.Point(_WEST + 0.02 + 0.05 * i, _SOUTH + 0.03).wkb,
        }
        for i, name in enumerate(names)
    ]  # fmt: skip
    schema = LAYERS["place"].schema
    return pa.RecordBatch.from_pylist(
        [{name: row.get(name) for name in schema.names} for row in rows], schema=schema
    )


def _street(district: int, street: int) -> UUID:
    return tiny_uid(2, district * 2 + street)


def _rolls() -> tuple[list[Unit], list[Person], list[Duty]]:
    units: list[Unit] = []
    duties: list[Duty] = []
    centre = Unit(tiny_uid(6, 10_000), "城运中心", "centre", tiny_uid(0, 0))
    persons = [
        Person(desk_person(role), name, centre.uid, role)
        for role, name in zip(
            DESK_ROLES, ("王磊", "李静", "张敏", "陈强", "周婷", "吴刚"), strict=True
        )
    ]
    units.append(centre)
    for street in range(4):
        for k, kind in enumerate(LEADS):
            n = street * len(LEADS) + k
            unit = Unit(tiny_uid(6, n), f"{street + 1}街{kind}队", kind, tiny_uid(2, street))
            staff = {
                shift.code: Person(
                    tiny_uid(7, n * 3 + i), f"{unit.name}{shift.name}", unit.uid, Role.HANDLER
                )
                for i, shift in enumerate(SHIFTS)
            }
            units.append(unit)
            persons.extend(staff.values())
            by_shift = {code: person.uid for code, person in staff.items()}
            duties.append(Duty(tiny_uid(8, n), f"{kind}岗", unit.uid, unit.area, kind, by_shift))
    return units, persons, duties
