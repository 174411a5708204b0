"""Turn a chunk of text columns and geometries into a typed batch, by mapping and kind."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import shapely
from numpy.typing import NDArray

from app.data.readers import derive
from app.data.readers.chunks import Chunk, Column, Reject, objects, picked
from app.data.readers.crs import Array, Box, SourceCrs
from app.data.readers.keys import (
    RepeatFinder,
    Uids,
    as_bytes,
    content_key,
    derived_uids,
    stated_uids,
    uid_column,
    uids_of,
)
from app.data.readers.mappings import Mapping, Scalar
from app.data.readers.places import Placer
from app.data.readers.refusals import Refusals
from app.data.readers.schemas import SHAPES, Kind
from app.data.readers.shapes import (
    Mended,
    Shapes,
    exploded,
    placed,
    point_numbers,
    point_wkb,
    shape_wkb,
)
from app.data.readers.texts import Texts, cleaned, given, strings, translated
from app.data.readers.values import convert, numbers
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
        self._missing = sorted({*mapping.missing, ""})
        self._repeats = RepeatFinder()

    def take(self, chunk: Chunk) -> Taken:
        """Return the batch of a chunk; raises InvalidInput if the whole source is misdeclared."""
        work = self._begin(chunk)
        texts = {field.name: self._texts(field.name, work) for field in self._shape.fields}
        if self.mapping.kind is Kind.PARTS and self.mapping.attrs:
            texts["attrs"] = derive.attributes(self.mapping.attrs, work.columns)
        own = self.mapping.own
        derive.prepare(self.mapping.kind, texts, self._layout, work.refusals, own=own)
        columns = {
            field.name: convert(field, texts[field.name], self.mapping, work.refusals)
            for field in self._shape.fields
        }
        self._put_places(columns, work)
        derive.finish(self.mapping.kind, columns, work.shapes, work.refusals)
        return self._collect(columns, work, chunk.rejects)

    def remember_in(self, folder: Path) -> None:
        """Keep the uids of a long source in `folder` rather than in memory."""
        self._repeats = RepeatFinder(folder)

    def remember(self, batch: pa.RecordBatch) -> None:
        """Know the rows of a batch that an earlier run took."""
        self._repeats.first_seen(uids_of(batch.column("uid")))

    def _begin(self, chunk: Chunk) -> _Work:
        rows, shapes = chunk.rows, chunk.geometry
        of = np.arange(len(rows))
        if shapes is not None and self._shape.geometry in ("line", "polygon", "point"):
            shapes, of = exploded(shapes, self._shape.geometry)
        first = np.searchsorted(of, of)
        refusals = Refusals(rows[of])
        nothing = pa.nulls(len(of), pa.string())
        columns = {
            name: self._cleaned(chunk.columns[name], of, name, refusals)
            if name in chunk.columns
            else nothing
            for name in self.mapping.all_columns()
        }
        return _Work(columns, shapes, np.arange(len(of)) - first, refusals)

    def _cleaned(self, column: Column, of: Rows, name: str, refusals: Refusals) -> Texts:
        if len(of) != len(column):
            column = picked(column, of)
        own = self.mapping.own
        column = strings(column, name, refusals)
        return cleaned(column, self._missing, entities=not own, guards=own and self._is_text)

    def _texts(self, name: str, work: _Work) -> Texts:
        """Return the source's texts for a field: columns, then translation, then constant."""
        sources = [work.columns[column] for column in self.mapping.sources(name)]
        texts = pc.coalesce(*sources) if sources else pa.nulls(len(work.piece), pa.string())
        if name in self.mapping.values:
            table = {key: _plain(value) for key, value in self.mapping.values[name].items()}
            texts = translated(texts, table)
        if name in self.mapping.constants:
            texts = pc.fill_null(texts, _plain(self.mapping.constants[name]))
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
            lon, lat = (
                numbers(self._texts(name, work), name, work.refusals) for name in ("lon", "lat")
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
        texts = self._texts("wkt", work)
        shapes: Shapes = shapely.from_wkt(objects(texts.to_pylist()), on_invalid="ignore")
        lost = given(texts) & shapely.is_missing(shapes)
        work.refusals.refuse(lost, "wkt", texts, "no WKT", "such as POINT (121.47 31.23)")
        return shapes

    def _collect(self, columns: dict[str, pa.Array], work: _Work, lost: list[Reject]) -> Taken:
        """Leave out refused and repeated rows and put the columns in the schema's order."""
        self._refuse_stated(work)
        good = np.flatnonzero(~work.refusals.out)
        keys = self._keys(work).take(good)
        uids = self._stated_uids(work)[good] if self.mapping.uid else derived_uids(as_bytes(keys))
        new = self._repeats.first_seen(uids) if len(good) else np.zeros(0, dtype=np.bool_)
        kept = good[new]
        self._widen(columns, work, kept)
        index = pa.array(kept)
        made = {"uid": uid_column(uids[new]), "source_key": keys.take(np.flatnonzero(new))}
        made |= {name: column.take(index) for name, column in columns.items()}
        schema = self._shape.schema
        arrays = [
            made[name].cast(kind) if name in made else pa.nulls(len(kept), kind)
            for name, kind in zip(schema.names, schema.types, strict=True)
        ]
        batch = pa.RecordBatch.from_arrays(arrays, schema=schema)
        rejects = sorted([*lost, *work.refusals.rejects], key=lambda one: one.row)
        return Taken(batch, len(work.piece) + len(lost), len(good) - len(kept), rejects)

    def _stated_uids(self, work: _Work) -> Uids:
        """Return the uids of our own exports; `_refuse_stated` has refused rows without one."""
        stated = stated_uids(work.columns[self.mapping.uid or ""].to_pylist())
        whole = b"".join(uid or bytes(16) for uid in stated)
        return np.frombuffer(whole, dtype=np.uint8).reshape(-1, 16)

    def _refuse_stated(self, work: _Work) -> None:
        if self.mapping.uid is not None:
            texts = work.columns[self.mapping.uid]
            bad = np.array([uid is None for uid in stated_uids(texts.to_pylist())], dtype=np.bool_)
            work.refusals.refuse(bad, "uid", texts, "no UUID", "leave the column uid as exported")

    def _widen(self, columns: dict[str, pa.Array], work: _Work, kept: Rows) -> None:
        if "lon" in columns:
            lon, lat = (columns[name].to_numpy(zero_copy_only=False) for name in ("lon", "lat"))
            self.placer.widen(lon[kept], lat[kept])
        elif work.shapes is not None and len(kept):
            bounds = shapely.bounds(work.shapes[kept])
            self.placer.widen(bounds[:, [0, 2]].ravel(), bounds[:, [1, 3]].ravel())

    def _keys(self, work: _Work) -> Texts:
        """Return each row's stable key: its own id, or a hash of all that was read of it."""
        name = self.mapping.name
        named = (self.mapping.uid,) if self.mapping.uid else self.mapping.key
        keys = pa.nulls(len(work.piece), pa.string())
        if named:
            own = pc.binary_join_element_wise(*(work.columns[column] for column in named), "|")
            keys = pc.binary_join_element_wise(f"{name}:", own, "")
        if keys.null_count:
            keys = pc.coalesce(keys, pa.array(self._content_keys(work, given(keys)), pa.string()))
        if work.piece.any():
            ends = [f"#{piece}" if piece else "" for piece in work.piece.tolist()]
            keys = pc.binary_join_element_wise(keys, pa.array(ends, pa.string()), "")
        return keys

    def _content_keys(self, work: _Work, have: NDArray[np.bool_]) -> list[str | None]:
        """Return keys from content for the rows that have none."""
        columns = [column.cast(pa.binary()) for column in work.columns.values()]
        if work.shapes is not None:
            columns.append(shape_wkb(work.shapes))
        if not columns:
            return [None if own else content_key(self.mapping.name, b"") for own in have]
        joined = pc.binary_join_element_wise(
            *columns, pa.scalar(b"\x1f"), null_handling="replace", null_replacement=b""
        )
        return [
            None if own else content_key(self.mapping.name, content)
            for own, content in zip(have, joined.to_pylist(), strict=True)
        ]


def _plain(value: Scalar) -> str:
    """Return a value of a mapping as a source would write it."""
    return str(int(value)) if isinstance(value, bool) else str(value)
