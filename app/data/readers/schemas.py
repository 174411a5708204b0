"""What each kind of import yields: fields that a mapping can fill, columns that come out.

All geometry is EPSG:4326 (WGS 84, lon before lat) as WKB; `uid` is 16 bytes shaped as UUIDv7.
Map kinds have exactly the columns of the map's layers; cases, complaints and matters are ours.
Instants of cases and complaints are `timestamp('ms', 'UTC')`; days and map times are ISO text.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Literal

import pyarrow as pa

from app.data.map_schema import LAYERS
from app.domain.areas import Tier

Type = Literal["text", "int", "float", "time", "day", "stamp", "flag", "class", "state"]

IMPORT_EPOCH: Final = "2000-01-01T00:00:00Z"
"""Time part of every derived uid, and `valid_from` of areas whose source states none."""


class Kind(StrEnum):
    """What a file is read as."""

    AREAS = "areas"
    PARTS = "parts"
    PLACES = "places"
    ROADS = "roads"
    BUILDINGS = "buildings"
    CASES = "cases"
    COMPLAINTS = "complaints"
    MATTERS = "matters"


@dataclass(frozen=True)
class Field:
    """One field: its type, whether a row without it is refused, what it may be.

    A missing optional field becomes `default`; None becomes null.
    """

    name: str
    type: Type = "text"
    required: bool = False
    default: str | int | float | bool | None = ""
    choices: tuple[str, ...] = ()
    low: float = float("-inf")
    high: float = float("inf")


@dataclass(frozen=True)
class Shape:
    """Fields and output schema of a kind, and the geometry its rows need."""

    fields: tuple[Field, ...]
    schema: pa.Schema
    geometry: Literal["point", "line", "polygon", "multipolygon", "lonlat", "none"]


_ROADS = ("expressway", "arterial", "collector", "local", "alley", "metro")
_BUILDINGS = ("residential", "office", "mall", "school", "hospital", "industrial", "public")
_STAMP = pa.timestamp("ms", tz="UTC")


def _schema(*columns: tuple[str, pa.DataType]) -> pa.Schema:
    return pa.schema([("uid", pa.binary()), *columns])


def _texts(*names: str) -> list[tuple[str, pa.DataType]]:
    return [(name, pa.string()) for name in names]


_AREAS = Shape(
    fields=(
        Field("tier", required=True, choices=tuple(Tier)),
        Field("code"),
        Field("name", required=True),
        Field("name_en"),
        Field("valid_from", "stamp", default=IMPORT_EPOCH),
        Field("valid_to", "stamp", default=None),
        Field("platform", "flag", default=0),
        Field("sample", "flag", default=0),
    ),
    schema=LAYERS["area"].schema,
    geometry="multipolygon",
)

_PARTS = Shape(
    fields=(
        Field("code"),
        Field("class", "class", default=None),
        Field("state", "state", default=0),
        Field("source"),
        Field("initial_date", "day"),
        Field("accuracy", default="C", choices=("A", "B", "C")),
        Field("attrs", default=None),
        Field("sample", "flag", default=0),
    ),
    schema=LAYERS["part"].schema,
    geometry="point",
)

_PLACES = Shape(
    fields=(
        Field("name", required=True),
        *(
            Field(name)
            for name in ("address", "road", "lane", "number", "building", "unit", "room")
        ),
        Field("kind"),
        Field("source"),
        Field("sample", "flag", default=0),
    ),
    schema=LAYERS["place"].schema,
    geometry="point",
)

_ROAD = Shape(
    fields=(
        Field("name"),
        Field("kind", required=True, choices=_ROADS),
        Field("width", "float", default=None, low=0.5, high=200),
        Field("sample", "flag", default=0),
    ),
    schema=LAYERS["road"].schema,
    geometry="line",
)

_BUILDING = Shape(
    fields=(
        Field("name"),
        Field("kind", default="public", choices=_BUILDINGS),
        Field("storeys", "int", default=None, low=0, high=300),
        Field("height", "float", default=None, low=0, high=1200),
        Field("floor_m2", "float", default=None, low=0, high=5e6),
        Field("curtain_wall", "flag", default=0),
        Field("historic", "flag", default=0),
        Field("sample", "flag", default=0),
    ),
    schema=LAYERS["building"].schema,
    geometry="polygon",
)

_CASES = Shape(
    fields=(
        Field("number", required=True),
        *(Field(name, default=None) for name in ("matter1", "matter2", "matter3")),
        *(Field(name, default=None) for name in ("district", "street", "community", "unit")),
        *(Field(name, default=None) for name in ("source", "status", "address", "words")),
        Field("reported_at", "time", required=True),
        Field("due_at", "time", default=None),
        Field("closed_at", "time", default=None),
        Field("sample", "flag", default=0),
    ),
    schema=_schema(
        *_texts("source_key", "number", "matter1", "matter2", "matter3"),
        *_texts("district", "street", "community", "unit", "source", "status"),
        ("reported_at", _STAMP),
        ("due_at", _STAMP),
        ("closed_at", _STAMP),
        ("lon", pa.float64()),
        ("lat", pa.float64()),
        *_texts("address", "words"),
        ("sample", pa.int64()),
    ),
    geometry="lonlat",
)

_COMPLAINTS = Shape(
    fields=(
        Field("number", required=True),
        Field("subject", default=None),
        Field("words", required=True),
        Field("reported_at", "time", required=True),
        *(Field(name, default=None) for name in ("reporter", "matter1", "matter2", "matter3")),
        Field("reply", default=None),
        Field("replied_at", "time", default=None),
        Field("likes", "int", default=None, low=0, high=1e9),
        Field("dislikes", "int", default=None, low=0, high=1e9),
        Field("address", default=None),
        Field("sample", "flag", default=0),
    ),
    schema=_schema(
        *_texts("source_key", "number", "subject", "words"),
        ("reported_at", _STAMP),
        *_texts("reporter", "matter1", "matter2", "matter3", "reply"),
        ("replied_at", _STAMP),
        ("likes", pa.int64()),
        ("dislikes", pa.int64()),
        ("lon", pa.float64()),
        ("lat", pa.float64()),
        *_texts("address"),
        ("sample", pa.int64()),
    ),
    geometry="lonlat",
)

_MATTERS = Shape(
    fields=(
        Field("level1", required=True),
        Field("level2", default=None),
        Field("level3", default=None),
    ),
    schema=_schema(*_texts("source_key", "level1", "level2", "level3")),
    geometry="none",
)

SHAPES: Final[dict[Kind, Shape]] = {
    Kind.AREAS: _AREAS,
    Kind.PARTS: _PARTS,
    Kind.PLACES: _PLACES,
    Kind.ROADS: _ROAD,
    Kind.BUILDINGS: _BUILDING,
    Kind.CASES: _CASES,
    Kind.COMPLAINTS: _COMPLAINTS,
    Kind.MATTERS: _MATTERS,
}
