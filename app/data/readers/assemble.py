"""Turn a chunk of text columns and geometries into a typed batch, by mapping and kind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from app.data.readers import derive
from app.data.readers.chunks import Chunk, Reject
from app.data.readers.crs import Array, Box, SourceCrs
from app.data.readers.keys import RepeatFinder, content_key, derived_uids, stated_uids
from app.data.readers.mappings import Mapping
from app.data.readers.places import Placer
from app.data.readers.refusals import Refusals
from app.data.readers.schemas import SHAPES, Field, Kind
from app.data.readers.shapes import (
    Mended,
    Shapes,
    exploded,
    placed,
    point_numbers,
    point_wkb,
    shape_wkb,
)
from app.data.readers.values import Texts, cleaned, convert, first_given, numbers, translated
from app.domain.codes import PartLayout
from app.domain.errors import InvalidInput

Rows = NDArray[np.int64]


@dataclass
class Taken:
    """What became of a chunk: `read` = taken + repeated + rejects."""

    batch: pa.RecordBatch
    read: int
    repeated: int
    rejects: list[Reject]


@dataclass
class _Work:
    """A chunk on its way: cleaned columns, pieces of geometry, refusals."""

    columns: dict[str, Texts]
    shapes: Shapes | None
    piece: Rows
    refusals: Refusals


class Assembler:
    """Makes batches of one kind from the chunks of one source; remembers uids and extent."""

    def __init__(
        self,
        source: str,
        mapping: Mapping,
        crs: SourceCrs | None,
        layout: PartLayout | None,
        within: Box | None,
        *,
        is_text: bool = False,
    ) -> None:
        self.mapping = mapping
        self.crs_shown = crs.shown if crs else None
        self.placer = Placer(source, crs, mapping.where or within, mapping.no_place)
        self.mended = Mended()
        self._shape = SHAPES[mapping.kind]
        self._layout = layout
        self._is_text = is_text
        self._missing = frozenset(mapping.missing) | {""}
        self._repeats = RepeatFinder()

    def take(self, chunk: Chunk) -> Taken:
        """Return the batch of a chunk; raises InvalidInput if the whole source is misdeclared."""
        work = self._begin(chunk)
        texts = {field.name: self._texts(field, work) for field in self._shape.fields}
        if self.mapping.kind is Kind.PARTS and self.mapping.attrs:
            texts["attrs"] = derive.attributes(self.mapping.attrs, work.columns)
        derive.prepare(self.mapping.kind, texts, self._layout, work.refusals)
        columns = {
            field.name: convert(field, texts[field.name], self.mapping, work.refusals)
            for field in self._shape.fields
        }
        self._put_places(columns, work)
        derive.finish(self.mapping.kind, columns, work.shapes, work.refusals)
        return self._collect(columns, work, chunk.rejects)

    def _begin(self, chunk: Chunk) -> _Work:
        rows, shapes = chunk.rows, chunk.geometry
        of = np.arange(len(rows))
        if shapes is not None and self._shape.geometry in ("line", "polygon", "point"):
            shapes, of = exploded(shapes, self._shape.geometry)
        columns: dict[str, Texts] = {}
        for name in self.mapping.all_columns():
            column = chunk.columns.get(name)
            texts: Texts = [None] * len(rows)
            if column is not None:
                texts = self._cleaned(column)
            columns[name] = texts if len(of) == len(rows) else [texts[at] for at in of]
        first = np.searchsorted(of, of) if len(of) != len(rows) else of
        piece = np.arange(len(of)) - first
        return _Work(columns, shapes, piece, Refusals(rows[of]))

    def _cleaned(self, column: Texts) -> Texts:
        own = self.mapping.own
        return cleaned(column, self._missing, entities=not own, guards=own and self._is_text)

    def _texts(self, field: Field, work: _Work) -> Texts:
        """Return the source's texts for a field: columns, then translation, then constant."""
        name, count = field.name, len(work.piece)
        sources = [work.columns[column] for column in self.mapping.sources(name)]
        texts: Texts = first_given(sources) if sources else [None] * count
        if name in self.mapping.values:
            texts = translated(texts, self.mapping.values[name])
        if name in self.mapping.constants:
            value = self.mapping.constants[name]
            constant = str(int(value)) if isinstance(value, bool) else str(value)
            texts = [constant if text is None else text for text in texts]
        return texts

    def _put_places(self, columns: dict[str, pa.Array], work: _Work) -> None:
        """Add `geom`, or `lon` and `lat`, to the columns."""
        kind = self._shape.geometry
        if kind in ("point", "lonlat"):
            x, y = self._numbers(work)
            lon, lat = self.placer.place(x, y, work.refusals, needed=kind == "point")
            columns["lon"] = pa.array(lon, pa.float64(), mask=np.isnan(lon))
            columns["lat"] = pa.array(lat, pa.float64(), mask=np.isnan(lat))
            if kind == "point":
                columns["geom"] = point_wkb(lon, lat)
        elif kind != "none":
            shapes = work.shapes if work.shapes is not None else self._drawn(work)
            x, y = shapely.get_coordinates(shapes).T
            self.placer.check(x, y)
            work.shapes = placed(shapes, kind, self.placer.crs, work.refusals, self.mended)
            columns["geom"] = shape_wkb(work.shapes)

    def _numbers(self, work: _Work) -> tuple[Array, Array]:
        """Return x and y as the source states them, NaN where missing."""
        if self.mapping.sources("lon"):
            texts = [self._texts(Field(name), work) for name in ("lon", "lat")]
            lon, lat = (
                numbers(text, name, work.refusals)
                for text, name in zip(texts, ("lon", "lat"), strict=True)
            )
            return lon, lat
        shapes = work.shapes
        if shapes is None and self.mapping.sources("wkt"):
            shapes = self._drawn(work)
        if shapes is not None:
            return point_numbers(shapes, work.refusals)
        if self._shape.geometry == "point":
            raise InvalidInput(
                f"The mapping {self.mapping.name} names no columns of coordinates.",
                advice="Nothing was imported. Give it columns.lon and columns.lat, or columns.wkt.",
                field="columns.lon",
            )
        nowhere = np.full(len(work.piece), np.nan)
        return nowhere, nowhere

    def _drawn(self, work: _Work) -> Shapes:
        """Return geometries written as WKT in a column."""
        if not self.mapping.sources("wkt"):
            raise InvalidInput(
                f"There is no geometry for {self.mapping.kind}, and the mapping"
                f" {self.mapping.name} names no column of WKT.",
                advice="Nothing was imported. Import a map file, or give columns.wkt.",
                field="columns.wkt",
            )
        texts = self._texts(Field("wkt"), work)
        shapes: Shapes = shapely.from_wkt(np.array(texts, dtype=object), on_invalid="ignore")
        given = np.array([text is not None for text in texts], dtype=np.bool_)
        lost = given & shapely.is_missing(shapes)
        work.refusals.refuse(lost, "wkt", texts, "no WKT", "such as POINT (121.47 31.23)")
        return shapes

    def _collect(self, columns: dict[str, pa.Array], work: _Work, lost: list[Reject]) -> Taken:
        """Leave out refused and repeated rows and put the columns in the schema's order."""
        keys = self._keys(work)
        stated = self._stated_uids(work)
        good = np.flatnonzero(~work.refusals.out)
        uids = derived_uids([keys[at] for at in good])
        if stated is not None:
            uids = np.frombuffer(b"".join(stated[at] or b"" for at in good), np.uint8)
            uids = uids.reshape(-1, 16)
        new = self._repeats.first_seen(uids) if len(good) else np.zeros(0, dtype=np.bool_)
        kept = good[new]
        self._widen(columns, work, kept)
        columns["uid"] = pa.array([uid.tobytes() for uid in uids[new]], pa.binary())
        columns["source_key"] = pa.array([keys[at] for at in kept], pa.string())
        index = pa.array(kept)
        arrays = [
            columns[name].cast(kind)
            if name in ("uid", "source_key")
            else columns[name].take(index).cast(kind)
            if name in columns
            else pa.nulls(len(kept), kind)
            for name, kind in zip(self._shape.schema.names, self._shape.schema.types, strict=True)
        ]
        batch = pa.RecordBatch.from_arrays(arrays, schema=self._shape.schema)
        rejects = sorted([*lost, *work.refusals.rejects], key=lambda one: one.row)
        repeated = int(len(good) - len(kept))
        return Taken(batch, len(work.piece) + len(lost), repeated, rejects)

    def _stated_uids(self, work: _Work) -> list[bytes | None] | None:
        """Return the uids of our own exports; rows without a readable one are refused."""
        if self.mapping.uid is None:
            return None
        texts = work.columns[self.mapping.uid]
        stated = stated_uids(texts)
        bad = np.array([uid is None for uid in stated], dtype=np.bool_)
        work.refusals.refuse(bad, "uid", texts, "no UUID", "leave the column uid as exported")
        return stated

    def _widen(self, columns: dict[str, pa.Array], work: _Work, kept: Rows) -> None:
        if "lon" in columns:
            lon, lat = (columns[name].to_numpy(zero_copy_only=False) for name in ("lon", "lat"))
            self.placer.widen(lon[kept], lat[kept])
        elif work.shapes is not None and len(kept):
            bounds = shapely.bounds(work.shapes[kept])
            self.placer.widen(bounds[:, [0, 2]].ravel(), bounds[:, [1, 3]].ravel())

    def _keys(self, work: _Work) -> list[str]:
        """Return each row's stable key: its own id, or a hash of all that was read of it."""
        name, count = self.mapping.name, len(work.piece)
        named = (self.mapping.uid,) if self.mapping.uid else self.mapping.key
        own = [work.columns[column] for column in named]
        ids = list(zip(*own, strict=True)) if own else [()] * count
        keys: list[str] = []
        for at, parts in enumerate(ids):
            if parts and None not in parts:
                key = f"{name}:{'|'.join(str(part) for part in parts)}"
            else:
                key = content_key(name, self._content(work, at))
            keys.append(f"{key}#{work.piece[at]}" if work.piece[at] else key)
        return [key if key.isascii() else _speakable(key) for key in keys]

    def _content(self, work: _Work, at: int) -> list[str | None]:
        content = [column[at] for column in work.columns.values()]
        if work.shapes is not None and work.shapes[at] is not None:
            content.append(shapely.to_wkb(work.shapes[at], hex=True))
        return content


def _speakable(key: str) -> str:
    """Return a key without the halves of bytes that were no text."""
    return key.encode("utf-8", "backslashreplace").decode("utf-8")
