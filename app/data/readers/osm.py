"""OpenStreetMap extracts (.osm, .osm.gz, .osm.pbf) as a source, through a table of tags.

A rule file in resources/mappings/osm/ says for each kind which tags make which class, kind or
name. Objects that carry a tag of interest but fit no rule are counted by tag in the notes, so
that a city can extend its table.
"""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import osmium
import shapely
from pydantic import BaseModel, ConfigDict, ValidationError

from app.data.readers.chunks import Chunk, Mark, Reject, after, objects
from app.data.readers.mappings import FOLDER
from app.data.readers.schemas import Kind
from app.domain.errors import InvalidInput

_SUFFIXES: Final = (".osm", ".osm.gz", ".osm.bz2", ".osm.pbf", ".osm.xml")
_ENTITIES: Final = {"node": osmium.osm.NODE, "way": osmium.osm.WAY}
_BROKEN: Final = (osmium.InvalidLocationError, RuntimeError, OSError, ValueError, OverflowError)
_SHOWN_TAGS = 12
_WHOLE: Final = frozenset({"storeys"})
_LEADING_NUMBER: Final = re.compile(r"\s*(\d+(?:\.\d+)?)")


class Rule(BaseModel):
    """If an object carries all `tags` (a list: one of them; `*`: any), its fields are `set`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    tags: dict[str, str | tuple[str, ...]]
    set: dict[str, str | int | float]

    def fits(self, tags: dict[str, str]) -> bool:
        """Whether an object's tags meet all of this rule's."""
        return all(_meets(tags.get(key), wanted) for key, wanted in self.tags.items())


class TagRules(BaseModel):
    """What becomes of an object's tags: the first fitting rule, then fields by tag.

    A rule that sets `leave_out` leaves the object out. Of the fields in `numbers` only the
    leading number is kept (`12 m` is 12), and what begins with none counts as missing.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    entity: Literal["node", "way", "area"]
    rules: tuple[Rule, ...]
    fields: dict[str, tuple[str, ...]] = {}
    numbers: tuple[str, ...] = ()
    attrs: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        """Tags by which an object is of interest: the first of each rule."""
        return tuple(dict.fromkeys(next(iter(rule.tags)) for rule in self.rules))

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the chunks: `osm_id`, every field set, and every attribute."""
        named = [field for rule in self.rules for field in rule.set]
        return tuple(dict.fromkeys(["osm_id", *named, *self.fields, *self.attrs]))


def is_osm(path: Path) -> bool:
    """Whether a file's name says it is an OpenStreetMap extract."""
    return path.name.lower().endswith(_SUFFIXES)


@cache
def tag_rules(path: Path) -> TagRules:
    """Read a rule file; raises InvalidInput naming the key at fault."""
    try:
        return TagRules.model_validate(tomllib.loads(path.read_text("utf-8-sig")))
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(step) for step in first["loc"]) or "rules"
        raise InvalidInput(
            f"The table of tags {path.name} is wrong at {where}: {first['msg']}.", field=where
        ) from None
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"The table of tags {path.name} cannot be read: {error}.", field="mapping"
        ) from None


class OsmExtract:
    """The objects of one kind in an extract; rows carry OSM's ids. Always WGS 84."""

    encoding: str | None = "UTF-8"
    crs: str | None = "EPSG:4326"

    def __init__(self, path: Path, kind: Kind, rules: Path | str | None) -> None:
        default = FOLDER / "osm" / f"{kind}.toml"
        if rules is None and not default.is_file():
            raise InvalidInput(
                f"{path.name} is an OpenStreetMap extract, from which no {kind} are read.",
                advice="Import parts, places, roads or buildings from it.",
                field="kind",
            )
        self.rules = tag_rules(Path(rules) if rules else default)
        self.header = self.rules.columns
        self.total = path.stat().st_size
        self._path = path
        self._left_out: Counter[str] = Counter()
        self._finished = False

    def done(self) -> int:
        """Return bytes read: nothing is known until the end."""
        return self.total if self._finished else 0

    def close(self) -> None:
        """Close the file: it is open only while it is read."""

    def notes(self) -> list[str]:
        """Return, once all is read, how many objects fitted no rule, by tag."""
        if not (self._finished and self._left_out):
            return []
        most = self._left_out.most_common(_SHOWN_TAGS)
        shown = ", ".join(f"{tag} ({count})" for tag, count in most)
        return [f"{self._left_out.total()} objects fit no rule of {self.rules.name}: {shown}"]

    def chunks(
        self, rows: int, columns: Collection[str], start: Mark | None = None
    ) -> Iterator[Chunk]:
        """Yield chunks of about `rows` objects with WGS 84 geometry."""
        return after(self._chunks(rows), start)

    def _chunks(self, rows: int) -> Iterator[Chunk]:
        chunk = _Building(self.header)
        awaited: dict[str, int] = {}
        try:
            for found in self._objects():
                if self._is_only_awaited(found, awaited):
                    continue
                tags = {tag.k: tag.v for tag in found.tags}
                rule = next((rule for rule in self.rules.rules if rule.fits(tags)), None)
                if rule is None or rule.set.get("leave_out"):
                    self._leave_out(tags)
                    continue
                chunk.add(found, self._row(found, tags, rule))
                if len(chunk) >= rows:
                    yield chunk.finish()
                    chunk = _Building(self.header)
        except _BROKEN as error:
            raise self._unreadable(error) from None
        self._finished = True
        chunk.miss(awaited)
        if len(chunk):
            yield chunk.finish()

    def _is_only_awaited(self, found: Any, awaited: dict[str, int]) -> bool:
        """Note ways and relations from which an area must follow; an area settles its own."""
        if self.rules.entity != "area":
            return False
        if found.is_area():
            awaited.pop(_osm_id(found), None)
            return False
        if found.is_way() or found.tags.get("type") in ("multipolygon", "boundary"):
            awaited[_osm_id(found)] = int(found.id)
        return True

    def _objects(self) -> Iterator[Any]:
        entity = _ENTITIES.get(self.rules.entity, osmium.osm.NOTHING)
        wanted = osmium.filter.KeyFilter(*self.rules.keys)
        processor = osmium.FileProcessor(str(self._path))
        if self.rules.entity == "way":
            processor = processor.with_locations()
        if self.rules.entity == "area":
            processor = processor.with_areas(osmium.filter.KeyFilter(*self.rules.keys))
            entity = osmium.osm.WAY | osmium.osm.RELATION | osmium.osm.AREA
        kinds = osmium.filter.EntityFilter(entity)
        yield from processor.with_filter(kinds).with_filter(wanted)

    def _row(self, found: Any, tags: dict[str, str], rule: Rule) -> dict[str, str | None]:
        row: dict[str, str | None] = {key: str(value) for key, value in rule.set.items()}
        for field, choices in self.rules.fields.items():
            row[field] = next((tags[tag] for tag in choices if tag in tags), row.get(field))
        for field in self.rules.numbers:
            leading = _LEADING_NUMBER.match(row.get(field) or "")
            number = leading[1] if leading else None
            row[field] = number.partition(".")[0] if number and field in _WHOLE else number
        for tag in self.rules.attrs:
            row[tag] = tags.get(tag)
        row["osm_id"] = _osm_id(found)
        return row

    def _leave_out(self, tags: dict[str, str]) -> None:
        key = next(key for key in self.rules.keys if key in tags)
        tag = f"{key}={tags[key]}"[:60]
        if tag in self._left_out or len(self._left_out) < 1000:
            self._left_out[tag] += 1
        else:
            self._left_out[f"{key}=…"] += 1

    def _unreadable(self, error: BaseException) -> InvalidInput:
        said = " ".join(str(error).split())[:160]
        return InvalidInput(
            f"{self._path.name} cannot be read as an OpenStreetMap extract: {said}.",
            advice="Nothing was imported. Fetch the extract again.",
            field="source",
        )


class _Building:
    """A chunk that grows object by object."""

    def __init__(self, header: Sequence[str]) -> None:
        self._numbers: list[int] = []
        self._columns: dict[str, list[str | None]] = {name: [] for name in header}
        self._wkb: list[str] = []
        self._rejects: list[Reject] = []
        self._factory = osmium.geom.WKBFactory()

    def __len__(self) -> int:
        return len(self._numbers) + len(self._rejects)

    def add(self, found: Any, row: dict[str, str | None]) -> None:
        """Add an object, or set it aside if its geometry is not whole in the extract."""
        number = int(found.orig_id() if found.is_area() else found.id)
        try:
            wkb = _geometry(self._factory, found)
        except (osmium.InvalidLocationError, RuntimeError):  # lost nodes, unclosed rings
            reason, mend = "a node of it is not in the extract", "cut the extract with whole ways"
            self._rejects.append(Reject(number, "geometry", str(row["osm_id"]), reason, mend))
            return
        self._wkb.append(wkb)
        self._numbers.append(number)
        for name, column in self._columns.items():
            column.append(row.get(name))

    def miss(self, awaited: dict[str, int]) -> None:
        """Set aside the objects whose outline did not come about."""
        for name, number in awaited.items():
            reason, mend = "its outline is not closed in the extract", "cut with whole relations"
            self._rejects.append(Reject(number, "geometry", name, reason, mend))

    def finish(self) -> Chunk:
        """Return the chunk."""
        shapes = shapely.from_wkb(objects(self._wkb), on_invalid="ignore")
        return Chunk(np.array(self._numbers, np.int64), self._columns, shapes, self._rejects)


def _geometry(factory: Any, found: Any) -> str:
    wkb: str
    if found.is_node():
        wkb = factory.create_point(found)
    elif found.is_way():
        wkb = factory.create_linestring(found)
    else:
        wkb = factory.create_multipolygon(found)
    return wkb


def _osm_id(found: Any) -> str:
    if found.is_area():
        return f"{'way' if found.from_way() else 'relation'}/{found.orig_id()}"
    kind = "node" if found.is_node() else "way" if found.is_way() else "relation"
    return f"{kind}/{found.id}"


def _meets(value: str | None, wanted: str | tuple[str, ...]) -> bool:
    if value is None:
        return False
    return wanted == "*" or (value == wanted if isinstance(wanted, str) else value in wanted)
