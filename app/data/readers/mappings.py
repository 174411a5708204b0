"""Column mappings: small TOML files that say which column of a source fills which field.

name = "nyc_street_trees"        # begins the key of each row: never change it once used
kind = "parts"
title = "New York street tree census 2015"
match = ["tree_id", "spc_latin"] # columns by which the file is recognised
key = ["tree_id"]                # the source's own id; left out: a hash of the row
uid = "uid"                      # instead of key: a column of UUIDs, as our own exports have
own = true                       # our own exports: no HTML entities; in CSV guarding ' come off
crs = "EPSG:4326"                # only if this data set is always in it
where = [-74.3, 40.4, -73.6, 41] # degrees in which the data lie, to notice exchanged axes
time_zone = "Asia/Shanghai"      # of times without an offset; needed if there are times
times = ["%Y-%m-%d %H:%M:%S"]    # tried in this order, strictly
missing = ["", "-"]              # what stands for nothing
no_place = [[-77.0, 39.0]]       # x, y pairs as written that stand for "place unknown"
attrs = ["spc_common"]           # parts only: columns kept as JSON

[columns]                        # field = column, or a list: the first that is not missing
lon = "longitude"
lat = "latitude"
state = "status"

[constants]                      # field = the same for every row
class = "0402"

[values.state]                   # what the source writes = what we take; "*" = anything else
Alive = 0
"*" = 1
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from app.data.readers.schemas import SHAPES, Kind
from app.domain.errors import InvalidInput

FOLDER: Final = Path(__file__).resolve().parents[3] / "resources" / "mappings"
PLACE_FIELDS: Final = ("lon", "lat", "wkt")
DEFAULT_TIMES: Final = (
    "%Y-%m-%d %H:%M:%S",
    "%Y/%m/%d %H:%M:%S",
    "%Y-%m-%d %H:%M",
    "%Y/%m/%d %H:%M",
    "%Y-%m-%dT%H:%M:%S%z",
    "%Y-%m-%dT%H:%M:%S.%f%z",
    "%Y-%m-%d %H:%M:%S%z",
    "%Y-%m-%d %H:%M:%S.%f%z",
)
_MAX_BYTES = 1 << 20
_STRICT = ConfigDict(extra="forbid", frozen=True)

Scalar = str | bool | int | float
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,39}$")]


class Mapping(BaseModel):
    """A column mapping; its keys are explained at the head of this module."""

    model_config = _STRICT

    name: Slug
    kind: Kind
    title: str = ""
    match: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    uid: str | None = None
    own: bool = False
    crs: str | None = None
    where: tuple[float, float, float, float] | None = None
    layout: str | None = None
    time_zone: str | None = None
    times: tuple[str, ...] = DEFAULT_TIMES
    missing: tuple[str, ...] = ("", "-", "NULL", "null")
    no_place: tuple[tuple[float, float], ...] = ()
    attrs: tuple[str, ...] = ()
    columns: dict[str, str | tuple[str, ...]] = {}
    constants: dict[str, Scalar] = {}
    values: dict[str, dict[str, Scalar]] = {}

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, zone: str | None) -> str | None:
        if zone is not None:
            try:
                ZoneInfo(zone)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                raise ValueError(f"no time zone is called {zone!r}") from None
        return zone

    @model_validator(mode="after")
    def _fields_exist(self) -> Mapping:
        known = {field.name for field in SHAPES[self.kind].fields} | set(PLACE_FIELDS)
        for section in ("columns", "constants", "values"):
            for name in getattr(self, section):
                if name not in known:
                    listed = ", ".join(sorted(known))
                    raise ValueError(
                        f"{section}.{name} is no field of {self.kind}; it has {listed}"
                    )
        timed = {field.name for field in SHAPES[self.kind].fields if field.type == "time"}
        if timed & set(self.columns) and self.time_zone is None:
            raise ValueError("time_zone is needed, as there are columns of times")
        return self

    def sources(self, field: str) -> tuple[str, ...]:
        """Return the columns that can fill a field, in order of preference."""
        columns = self.columns.get(field, ())
        return (columns,) if isinstance(columns, str) else columns

    def all_columns(self) -> tuple[str, ...]:
        """Return every column the mapping reads, once, in order."""
        named = [column for field in self.columns for column in self.sources(field)]
        own = [self.uid] if self.uid else []
        return tuple(dict.fromkeys([*named, *own, *self.key, *self.attrs]))

    def with_places(self, header: Iterable[str]) -> Mapping:
        """Return the mapping; if it names none, with columns plainly called lon and lat, or wkt."""
        if any(name in self.columns for name in PLACE_FIELDS):
            return self
        have = set(header)
        plain = ("lon", "lat") if {"lon", "lat"} <= have else ("wkt",) if "wkt" in have else ()
        columns = {**self.columns, **{name: name for name in plain}}
        return self.model_copy(update={"columns": columns})


def load_mapping(path: Path) -> Mapping:
    """Read a mapping file; raises InvalidInput naming the key at fault."""
    try:
        if path.stat().st_size > _MAX_BYTES:
            raise InvalidInput(f"{path.name} is too large for a mapping.", field="mapping")
        raw = tomllib.loads(path.read_text("utf-8-sig"))
    except OSError as error:
        raise InvalidInput(
            f"The mapping {path} cannot be read: {error}.", field="mapping"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(
            f"The mapping {path.name} is no TOML: {error}.", field="mapping"
        ) from None
    try:
        return Mapping.model_validate(raw)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "mapping"
        said = first["msg"].removeprefix("Value error, ")
        raise InvalidInput(
            f"The mapping {path.name} is wrong at {where}: {said}.",
            advice="Nothing was imported. Mend the mapping file.",
            field=where,
        ) from None


@cache
def shipped_mappings() -> tuple[Mapping, ...]:
    """Return the mappings in resources/mappings, by name."""
    return tuple(load_mapping(path) for path in sorted(FOLDER.glob("*.toml")))


def mapping_named(wanted: Path | str) -> Mapping:
    """Return a user's mapping file, or a shipped mapping by name."""
    for mapping in shipped_mappings():
        if mapping.name == str(wanted):
            return mapping
    return load_mapping(Path(wanted))


def choose_mapping(
    kind: Kind, header: Sequence[str], wanted: Path | str | None, source: str
) -> Mapping:
    """Return the mapping to read a source of `kind` with columns `header`.

    A wanted one must fit; else the shipped one with the longest signature found in the header.
    Raises InvalidInput (field `mapping` or the key at fault).
    """
    if wanted is not None:
        mapping = mapping_named(wanted)
        if mapping.kind is not kind:
            raise InvalidInput(
                f"The mapping {mapping.name} is for {mapping.kind}, not for {kind}.", field="kind"
            )
        _refuse_absent(mapping, header, source)
        return mapping
    have = set(header)
    fitting = [
        mapping
        for mapping in shipped_mappings()
        if mapping.kind is kind and mapping.match and have.issuperset(mapping.match)
    ]
    if not fitting:
        raise _unknown_columns(kind, header, source)
    mapping = max(fitting, key=lambda one: len(one.match))
    _refuse_absent(mapping, header, source)
    return mapping


def _refuse_absent(mapping: Mapping, header: Iterable[str], source: str) -> None:
    """Raise if a field can be filled by no column, naming the mapping's key."""
    have = set(header)
    needed = [(f"columns.{field}", mapping.sources(field)) for field in mapping.columns]
    needed += [
        (f"{key}", (column,)) for key in ("key", "attrs") for column in getattr(mapping, key)
    ]
    for key, columns in needed:
        if not have.intersection(columns):
            raise InvalidInput(
                f"The mapping {mapping.name} reads {' or '.join(columns)} ({key}), and {source}"
                f" has no such column; it has {_listed(header)}.",
                advice="Nothing was imported. Mend the mapping, or choose another with --mapping.",
                field=key,
            )


def _unknown_columns(kind: Kind, header: Sequence[str], source: str) -> InvalidInput:
    names = ", ".join(mapping.name for mapping in shipped_mappings() if mapping.kind is kind)
    return InvalidInput(
        f"The columns of {source} ({_listed(header)}) fit no known mapping for {kind}"
        f" ({names or 'there is none'}).",
        advice="Nothing was imported. Write a small mapping file and name it with --mapping.",
        field="mapping",
    )


def _listed(header: Iterable[str]) -> str:
    names = [name[:24] for name in header]
    shown = ", ".join(names[:12])
    return f"{shown} and {len(names) - 12} more" if len(names) > 12 else shown or "none"
