"""Open a source: choose its reader by name, its mapping by its columns, its CRS by what is said."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from app.data.readers.assemble import Assembler
from app.data.readers.chunks import Source
from app.data.readers.crs import Box, SourceCrs, declared_crs, reconciled
from app.data.readers.mappings import Mapping, choose_mapping
from app.data.readers.osm import OsmExtract, is_osm
from app.data.readers.parquet import ParquetTable
from app.data.readers.schemas import SHAPES, Kind
from app.data.readers.sheets import Sheet
from app.data.readers.stream import ImportStream, Progress
from app.data.readers.text_tables import TextTable
from app.data.readers.vectors import VectorFile, is_vector
from app.domain.codes import parse_layout
from app.domain.errors import AppError, InvalidInput, NotFound

_SHEETS: Final = frozenset({".xlsx", ".xlsm"})
_PARQUET: Final = frozenset({".parquet", ".geoparquet"})
_TEXTS: Final = frozenset({".csv", ".tsv", ".txt", ".tab", ".dat"})


def read(
    kind: Kind | str,
    source: Path,
    *,
    crs: str | None = None,
    layout: str | None = None,
    mapping: Path | str | None = None,
    encoding: str | None = None,
    progress: Progress | None = None,
    batch_rows: int = 50_000,
    within: Box | None = None,
) -> ImportStream:
    """Open `source` as `kind` and return the stream of its typed batches.

    `crs`: what the source's coordinates are in, needed unless file or mapping says so;
    `layout`: of 16-digit part codes; `mapping`: a TOML file or a shipped mapping's name (for
    OSM: a table of tags); `encoding`: else it is found; `within`: box in degrees of the city, only
    to notice exchanged axes. Raises InvalidInput naming the field at fault, NotFound.
    """
    wanted = _kind(kind)
    _refuse_missing(source)
    if batch_rows < 1:
        raise InvalidInput("A batch holds at least one row.", field="batch_rows")
    if is_osm(source):
        opened: Source = OsmExtract(source, wanted, mapping)
    else:
        opened = _table_or_map(source, encoding)
    try:
        columns = _mapping(wanted, opened, mapping, source.name)
        system = _system(wanted, source.name, opened, columns, crs)
        cut = layout or columns.layout
        parsed = parse_layout(cut) if cut else None
    except AppError:
        opened.close()
        raise
    is_text = isinstance(opened, TextTable)
    assembler = Assembler(source.name, columns, system, parsed, within, is_text=is_text)
    return ImportStream(source, opened, assembler, progress, batch_rows)


def _kind(kind: Kind | str) -> Kind:
    try:
        return Kind(kind)
    except ValueError:
        raise InvalidInput(
            f"Nothing is imported as {str(kind)[:40]!r}.",
            advice=f"Choose one of: {', '.join(Kind)}.",
            field="kind",
        ) from None


def _refuse_missing(source: Path) -> None:
    try:
        if source.is_dir() and source.suffix.lower() != ".gdb":
            raise InvalidInput(f"{source} is a folder; name one file.", field="source")
        if not source.exists():
            raise NotFound(f"There is no file {source}.", field="source")
        if source.is_file():
            with source.open("rb"):
                pass
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{source} cannot be opened: {error}.", field="source") from None


def _mapping(kind: Kind, opened: Source, wanted: Path | str | None, name: str) -> Mapping:
    if isinstance(opened, OsmExtract):
        return _identity(kind, opened)
    chosen = choose_mapping(kind, opened.header, wanted, name)
    return chosen if isinstance(opened, VectorFile) else chosen.with_places(opened.header)


def _table_or_map(path: Path, encoding: str | None) -> Source:
    suffix = path.suffix.lower()
    if suffix in _SHEETS:
        return Sheet(path)
    if suffix in _TEXTS:
        return TextTable(path, encoding)
    if suffix in _PARQUET:
        return ParquetTable(path)
    if is_vector(path) or path.is_dir():
        return VectorFile(path, encoding)
    raise InvalidInput(
        f"{path.name} ends in {suffix or 'nothing'}, by which no reader is known.",
        advice="Import CSV, Excel (.xlsx), GeoJSON, GeoPackage, Shapefile, GeoParquet, MBTiles or"
        " OSM extracts.",
        field="source",
    )


def _identity(kind: Kind, extract: OsmExtract) -> Mapping:
    """Return the mapping of an OSM extract, whose columns are fields already."""
    fields = {field.name for field in SHAPES[kind].fields}
    columns: dict[str, str | tuple[str, ...]] = {
        name: name for name in extract.header if name in fields
    }
    return Mapping(
        name="osm",
        kind=kind,
        key=("osm_id",),
        columns=columns,
        constants={"source": "OpenStreetMap"} if "source" in fields else {},
        attrs=extract.rules.attrs,
        missing=("",),
    )


def _system(
    kind: Kind, name: str, opened: Source, mapping: Mapping, declared: str | None
) -> SourceCrs | None:
    if SHAPES[kind].geometry == "none":
        return None
    if opened.crs is not None:
        return reconciled(name, opened.crs, declared)
    if declared is not None:
        return declared_crs(declared)
    return declared_crs(mapping.crs) if mapping.crs else None
