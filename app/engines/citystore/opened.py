"""An opened store: read-only memory maps with names. Safe to read from any thread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.camera import Bounds
from app.domain.geodesy import CityFrame
from app.engines.citystore.cells import CellIndex, Columns, cell_index, digest_of
from app.engines.citystore.columns import Parts, Pipes, Points, Shapes, parts_of, pipes_of
from app.engines.citystore.journal import Journal, followed
from app.engines.citystore.manifest import (
    ROWS,
    Manifest,
    crc_of,
    map_columns,
    read_manifest,
    slot_columns,
)
from app.engines.citystore.overlay import Overlay
from app.engines.citystore.pieces import CLOSED, POINTS
from app.engines.citystore.problems import StoreUnusable
from app.engines.citystore.segments import writing
from app.engines.citystore.shape_files import (
    check_layer,
    mapped_shapes,
    opened_points,
    torn_piece,
)
from app.engines.citystore.streets import Segment

_SMALL = 1 << 18  # bytes: files up to this, and all that kernels step by, are summed at opening


@dataclass(frozen=True, eq=False)
class CityStore:
    """An opened city store. Boxes and points of its methods are local metres of `frame`.

    Attributes:
        origin: local metres of the south west corner, to which all arrays are relative.
        bits: 2 ** bits cells a side.
        bounds: of the city, local metres.
        parts: as the files hold them; `live.now` is what is true now.
        cube: counts by block, class and state; see the package's docstring.
        segment: number in `segments` of each cell, by Morton key.
        live: edits that are not folded in yet; `shapes` are those of `live.now`.
        beyond: by layer how many rows of the map lie too far away to be drawn, then some of them.
        overview: uint8 (layers, h, w) coverage; `overview_box` in local metres.
    """

    folder: Path
    frame: CityFrame
    origin: tuple[int, int]
    bits: int
    fingerprint: str
    sample: bool
    bounds: Bounds
    parts: Parts
    pipes: Pipes
    points: dict[str, Points]
    cube: NDArray[np.uint32]
    segments: list[Segment]
    segment: NDArray[np.uint16]
    live: Overlay
    overview: NDArray[np.uint8]
    overview_box: Bounds
    beyond: Mapping[str, Sequence[int]]

    @property
    def shapes(self) -> Mapping[str, Shapes]:
        """Lines and polygons by layer, as they are now."""
        return self.live.now.shapes

    @property
    def n_parts(self) -> int:
        """How many parts there are now."""
        return len(self.live.now)

    def relative(self, box: Bounds) -> Bounds:
        """Return a box of local metres relative to the origin."""
        ox, oy = self.origin
        return Bounds(box.x0 - ox, box.y0 - oy, box.x1 - ox, box.y1 - oy)


def open_store(folder: Path, fingerprint: str | None = None) -> CityStore:
    """Memory-map the store in `folder`; `fingerprint` is the one that its source has now.

    Edits in the journal beside it are applied in memory. Raises `StoreUnusable` when it is
    missing, torn, of another format or source, or when edits are missing from the journal.
    """
    try:
        return _open(folder, fingerprint)
    except StoreUnusable:
        if not folder.parent.is_dir():
            raise
        with writing(folder):  # it may just be being replaced: wait and look again
            return _open(folder, fingerprint)


def _open(folder: Path, fingerprint: str | None) -> CityStore:
    manifest = read_manifest(folder)
    batches, whole = Journal(folder).since(manifest.folded)
    known, follows = followed(batches, manifest.fingerprint)
    if fingerprint is not None and fingerprint != known:
        raise StoreUnusable("the map has changed since it was built")
    if not (whole and follows):
        raise StoreUnusable("edits are missing from its journal")
    try:
        _check_files(folder, manifest)
        store = _opened(folder, manifest, known)
    except (OSError, KeyError, ValueError, TypeError, IndexError) as error:
        raise StoreUnusable(f"a file is missing or torn ({error})") from error
    store.live.take(batches)
    return store


def verify_store(folder: Path) -> None:
    """Sum every file and segment; raises `StoreUnusable` naming the first that differs.

    Reads it all, 0.4 s for 15 million parts: for the background, after opening.
    """
    manifest = read_manifest(folder)
    try:
        for name, (_size, crc) in manifest.files.items():
            if crc_of(folder / name) != crc:
                raise StoreUnusable(f"{name} is torn")
        for name, layer in manifest.layers.items():
            rows, cells = map_columns(folder, name, layer)
            for number, slot in enumerate(layer.slots):
                if digest_of(*slot_columns(rows, cells, slot)) != slot.digest:
                    raise StoreUnusable(f"{name} of segment {number} is torn")
        for name, shapes in manifest.shapes.items():
            if torn := check_layer(folder, name, shapes, whole=True):
                raise StoreUnusable(f"{torn} is torn")
            if (lost := torn_piece(folder, name, shapes)) is not None:
                raise StoreUnusable(f"{name} of segment {lost} is torn")
    except (OSError, ValueError) as error:
        raise StoreUnusable(f"a file is missing or torn ({error})") from error


def _check_files(folder: Path, manifest: Manifest) -> None:
    for name, (size, crc) in manifest.files.items():
        path = folder / name
        steps = name.endswith(("off.npy", "segment.npy"))
        if path.stat().st_size != size or ((steps or size <= _SMALL) and crc_of(path) != crc):
            raise StoreUnusable(f"{name} is torn")
    for name, layer in manifest.layers.items():
        for column, kind in ROWS[name].items():
            path = folder / name / f"{column}.bin"
            if path.stat().st_size < layer.rows * np.dtype(kind).itemsize:
                raise StoreUnusable(f"{name}/{column}.bin is torn")
    for name, shapes in manifest.shapes.items():
        if torn := check_layer(folder, name, shapes, whole=False):
            raise StoreUnusable(f"{torn} is torn")


def _opened(folder: Path, manifest: Manifest, fingerprint: str) -> CityStore:
    columns: dict[str, Columns] = {}
    for name in manifest.files:
        layer, column = name.removesuffix(".npy").split("/")
        columns.setdefault(layer, {})[column] = _mapped(folder / name)
    bits, origin = manifest.bits, (int(manifest.origin[0]), int(manifest.origin[1]))
    parts = parts_of(*_celled(folder, manifest, "parts"))
    segment = columns["cells"]["segment"]
    (cube,) = columns["cube"].values()
    shapes = {layer: mapped_shapes(folder, layer, manifest.shapes[layer]) for layer in CLOSED}
    live = Overlay(Journal(folder), parts, bits, origin, manifest.folded, shapes)
    return CityStore(
        folder=folder,
        frame=CityFrame(*manifest.frame),
        origin=origin,
        bits=bits,
        fingerprint=fingerprint,
        sample=manifest.sample,
        bounds=Bounds(*manifest.bounds),
        parts=parts,
        pipes=pipes_of(*_celled(folder, manifest, "pipes")),
        points={layer: opened_points(folder, layer, manifest.shapes[layer]) for layer in POINTS},
        cube=cube,
        segments=manifest.segments,
        segment=segment,
        live=live,
        overview=columns["overview"]["cover"],
        overview_box=Bounds(*manifest.overview),
        beyond=manifest.beyond,
    )


def _celled(folder: Path, manifest: Manifest, name: str) -> tuple[CellIndex, Columns, Columns]:
    layer = manifest.layers[name]
    rows, cells = map_columns(folder, name, layer)
    return cell_index(cells["key"], cells["num"], layer.slots, manifest.bits), rows, cells


def _mapped(path: Path) -> NDArray[Any]:
    """Map a column read-only; an empty one cannot be mapped and is read."""
    array = np.load(path, mmap_mode=None if path.stat().st_size <= 128 else "r")
    plain = np.asarray(array).view(np.ndarray)
    plain.flags.writeable = False
    return plain
