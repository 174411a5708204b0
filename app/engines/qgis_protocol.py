"""What the desk and the QGIS process say to each other.

Each message is one JSON datagram on a Unix seqpacket socket; images and anything longer than a
datagram travel beside it as memory files (memfd), so that nothing is left behind when either
side is killed. `app/engines/qgis_worker/wire.py` repeats the few lines of framing, because it runs
under Debian's Python and imports nothing of ours.

Coordinates are local metres (x east, y north) of the frame named by `lon0`, `lat0`.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from app.domain.basemaps import BaseMap
from app.domain.errors import InvalidInput
from app.domain.page_setup import PageSetup

DATAGRAM = 48 * 1024
MAX_FDS = 4
MAX_SIDE = 16_384

Shape = Literal["circle", "triangle", "square", "diamond", "hollow", "line", "area"]
Extent = tuple[float, float, float, float]
Record = dict[str, Any]


@dataclass(frozen=True)
class View:
    """A piece of the city: `extent` is (xmin, ymin, xmax, ymax) in metres before turning.

    `heading` turns the map by so many degrees clockwise around the middle of the extent.
    Raises InvalidInput when the extent is empty.
    """

    extent: Extent
    lon0: float
    lat0: float
    heading: float = 0.0

    def __post_init__(self) -> None:
        """Refuse an empty or upside-down extent."""
        xmin, ymin, xmax, ymax = self.extent
        if not (xmax > xmin and ymax > ymin):
            raise InvalidInput(
                f"The map extent {self.extent} is empty.",
                advice="Give xmin, ymin, xmax, ymax in metres, with max above min.",
                field="extent",
            )


@dataclass(frozen=True)
class LayerStyle:
    """How one layer of a GeoPackage is drawn; colours are #rrggbb, sizes millimetres on paper.

    `where` is an SQL condition; `classes` maps values of `by` to (colour, width) pairs, other
    values keep `color` and `width`; `label` names the column written beside each feature. `title`
    is its name in an atlas's legend (empty: not listed), `titles` those of its classes.
    """

    layer: str
    shape: Shape
    color: str
    width: float = 0.2
    outline: str | None = None
    where: str = ""
    by: str = ""
    classes: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    label: str = ""
    title: str = ""
    titles: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class MapSource:
    """A GeoPackage (read only, never written) and the layers to draw, the lowest first."""

    path: Path
    layers: Sequence[LayerStyle]


@dataclass(frozen=True)
class LegendEntry:
    """One line of the legend."""

    label: str
    shape: Shape
    color: str


@dataclass(frozen=True)
class Column:
    """A column of the printed list; `share` is its part of the width against the others."""

    title: str
    share: float
    align: Literal["left", "right", "center"] = "left"


@dataclass(frozen=True)
class Row:
    """One line of the printed list: a text for each column, and the mark that stands before."""

    cells: tuple[str, ...]
    mark: LegendEntry | None = None


@dataclass(frozen=True)
class Figure:
    """A large number of the side panel, with its word and the colour of its state."""

    value: str
    label: str
    color: str = ""


@dataclass(frozen=True)
class SheetWords:
    """The fixed words of a sheet; the shell passes them in the language of the window."""

    legend: str = "图例"
    list: str = "案件清单"
    made: str = "制图"
    page: str = "第 {page} 页，共 {pages} 页"
    sample: str = "示意"
    sample_note: str = "示意数据，不代表真实情况"
    empty: str = "当前视图内没有案件"
    tilted: str = "倾斜视图，无统一比例尺"
    kilometre: str = "公里"
    metre: str = "米"


@dataclass(frozen=True)
class Sheet:
    """A printed sheet: the map of a view, its legend, and a list that may run over pages.

    The map is either `image` (PNG bytes of the view as the window shows it) or drawn by QGIS
    from `source`. `tilted` says that `image` is a perspective picture: it gets no scale bar.
    Raises InvalidInput when a row has not one text for each column.
    """

    title: str
    subtitle: str
    date: str
    view: View
    image: bytes | None = None
    source: MapSource | None = None
    legend: Sequence[LegendEntry] = ()
    figures: Sequence[Figure] = ()
    columns: Sequence[Column] = ()
    rows: Sequence[Row] = ()
    sample: bool = True
    tilted: bool = False
    credit: str = ""
    paper: str = "A4"
    portrait: bool = False
    dpi: int = 200
    words: SheetWords = SheetWords()

    def __post_init__(self) -> None:
        """Refuse rows of the wrong length."""
        for number, row in enumerate(self.rows, start=1):
            if len(row.cells) != len(self.columns):
                raise InvalidInput(
                    f"Row {number} of the list has {len(row.cells)} texts"
                    f" for {len(self.columns)} columns.",
                    field="rows",
                )


@dataclass(frozen=True)
class AtlasWords:
    """The fixed words of an atlas, in the language of the window."""

    legend: str = "图例"
    made: str = "制图"
    page: str = "第 {page} 页，共 {pages} 页"
    sample: str = "示意"
    sample_note: str = "示意数据，不代表真实情况"


@dataclass(frozen=True)
class Atlas:
    """Maps on paper, one a page, laid out by a QGIS template (`.qpt`).

    The template needs one map; items with these ids are filled: title, subtitle, date, sample,
    legend_title, legend, scalebar, scale, north, notes, credit, page. `rows` are those of the areas
    to be shown (layer `area` of the source, in order of their codes), each emphasised on its page;
    without them one page shows `view`, and `shape` (WKT, local metres) emphasised on it. Paper of
    another size than the template's moves and widens its items; `preview` draws the first page as
    a small picture.
    """

    template: Path
    source: MapSource
    view: View
    title: str
    subtitle: str
    date: str
    rows: Sequence[int] = ()
    shape: str = ""
    base: BaseMap | None = None
    sample: bool = True
    credit: str = ""
    setup: PageSetup = field(default_factory=PageSetup)
    preview: bool = False
    words: AtlasWords = AtlasWords()


@dataclass(frozen=True)
class Printed:
    """What a print left on disk: the files (PNG: one a page), pages, seconds in QGIS.

    `trouble` says what was wrong with the base map below it, if anything.
    """

    files: tuple[Path, ...]
    pages: int
    seconds: float
    trouble: str = ""


@dataclass(frozen=True)
class LayerReport:
    """One layer as QGIS sees it; `extent` in the layer's own coordinates, None when empty."""

    name: str
    provider: str
    valid: bool
    error: str
    geometry: str
    crs: str
    features: int
    first_feature_read: bool
    spatial_index: bool
    extent: Extent | None


@dataclass(frozen=True)
class ProjectReport:
    """A project or GeoPackage as QGIS opened it."""

    path: Path
    layers: tuple[LayerReport, ...]
    layouts: tuple[str, ...]


@dataclass(frozen=True)
class BaseReport:
    """A base map as QGIS opened it.

    `layers` by name; `missing` are those of a project that cannot be read; `outside` are files
    beyond the project's folder, which another machine will lack; `macros` says that the project
    holds Python macros (they are never run).
    """

    layers: tuple[str, ...]
    missing: tuple[str, ...]
    outside: tuple[str, ...]
    macros: bool


@dataclass(frozen=True)
class Versions:
    """What answers: QGIS, Qt, GDAL and Python of the process, and whether it has our font."""

    qgis: str
    qt: str
    gdal: str
    python: str
    font: str
    font_found: bool
    pid: int


def view_record(view: View) -> Record:
    """Return `view` as JSON values."""
    return asdict(view)


def source_record(source: MapSource) -> Record:
    """Return `source` as JSON values, its path made absolute."""
    return {
        "path": str(source.path.resolve()),
        "layers": [asdict(layer) for layer in source.layers],
    }


def sheet_record(sheet: Sheet) -> Record:
    """Return `sheet` as JSON values without its image, which travels as a memory file."""
    record = {
        name: getattr(sheet, name)
        for name in ("title", "subtitle", "date", "sample", "tilted", "credit", "paper", "dpi")
    }
    record["view"] = view_record(sheet.view)
    record["source"] = source_record(sheet.source) if sheet.source else None
    record["words"] = asdict(sheet.words)
    for name in ("legend", "figures", "columns", "rows"):
        record[name] = [asdict(item) for item in getattr(sheet, name)]
    return record


def atlas_record(atlas: Atlas) -> Record:
    """Return `atlas` as JSON values."""
    names = ("title", "subtitle", "date", "sample", "credit", "shape", "preview")
    record = {name: getattr(atlas, name) for name in names} | asdict(atlas.setup)
    record["title"] = atlas.title
    record["page_mm"] = list(atlas.setup.size_mm) if atlas.setup.paper else None
    record |= {"template": str(atlas.template.resolve()), "rows": list(atlas.rows)}
    record |= {"view": view_record(atlas.view), "source": source_record(atlas.source)}
    record |= {"base": atlas.base.record() if atlas.base else None, "words": asdict(atlas.words)}
    return record


def project_report(record: Record) -> ProjectReport:
    """Read the worker's answer to `open_project`."""
    layers = tuple(
        LayerReport(**{**layer, "extent": tuple(layer["extent"]) if layer["extent"] else None})
        for layer in record["layers"]
    )
    return ProjectReport(Path(record["path"]), layers, tuple(record["layouts"]))


def base_report(record: Record) -> BaseReport:
    """Read the worker's answer to `check_base`."""
    names = {name: tuple(record[name]) for name in ("layers", "missing", "outside")}
    return BaseReport(**names, macros=record["macros"])


def memory_file(name: str, content: bytes) -> int:
    """Return the descriptor of a new memory file that holds `content`; the caller closes it."""
    fd = os.memfd_create(name, os.MFD_CLOEXEC)
    with os.fdopen(os.dup(fd), "wb") as stream:
        stream.write(content)
    return fd


def send(sock: socket.socket, message: Record, fds: Sequence[int] = ()) -> None:
    """Send one message and duplicates of `fds`; raises OSError when the other end is gone."""
    body = json.dumps(message, ensure_ascii=False).encode()
    if len(body) <= DATAGRAM:
        socket.send_fds(sock, [body], list(fds))
        return
    large = memory_file("wangge-message", body)
    try:
        socket.send_fds(sock, [b'{"large":1}'], [large, *fds])
    finally:
        os.close(large)


def receive(sock: socket.socket) -> tuple[Record, list[int]] | None:
    """Return the next message and its descriptors (the caller closes them); None at the end."""
    body, fds, _flags, _address = socket.recv_fds(sock, DATAGRAM + 1024, MAX_FDS)
    if not body:
        return None
    if body == b'{"large":1}':
        with os.fdopen(fds.pop(0), "rb") as stream:
            stream.seek(0)
            body = stream.read()
    message: Record = json.loads(body)
    return message, fds
