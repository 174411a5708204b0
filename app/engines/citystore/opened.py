"""An opened store: read-only memory maps with names. Safe to read from any thread."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from app.domain.camera import Bounds
from app.domain.geodesy import CityFrame
from app.engines.citystore.build import CLOSED, FORMAT, crc_of
from app.engines.citystore.problems import StoreUnusable

_SMALL = 1 << 18  # bytes: files up to this are summed at each opening


@dataclass(frozen=True, eq=False)
class Shapes:
    """Lines or polygons of one layer; see the package's docstring for the columns."""

    xy: NDArray[np.float32]
    ring_off: NDArray[np.int64]
    feature_off: NDArray[np.int64]
    box: NDArray[np.float32]
    block: NDArray[np.float32]
    kind: NDArray[np.uint8]
    width: NDArray[np.float32]
    fid: NDArray[np.uint32]
    uid: NDArray[np.uint8]
    spot: NDArray[np.float32]
    texts: dict[str, tuple[NDArray[np.int64], NDArray[np.uint8]]]

    def __len__(self) -> int:
        """How many features."""
        return len(self.kind)

    def text(self, name: str, row: int) -> str:
        """Return the text column `name` of one feature; empty where there is none."""
        if name not in self.texts:
            return ""
        off, blob = self.texts[name]
        return bytes(blob[off[row] : off[row + 1]]).decode()

    def uid_of(self, row: int) -> bytes:
        """Return the 16 bytes of a feature's uid; empty where the layer has none."""
        return bytes(self.uid[row]) if len(self.uid) else b""

    def rings(self, row: int) -> list[NDArray[np.float32]]:
        """Return the rings (or lines) of one feature, shape (v, 2), relative to the origin."""
        first, last = self.feature_off[row], self.feature_off[row + 1]
        return [self.xy[self.ring_off[r] : self.ring_off[r + 1]] for r in range(first, last)]

    def within(self, box: Bounds) -> NDArray[np.intp]:
        """Return rows whose box meets `box` (relative to the origin)."""
        b = self.box
        hit = (b[:, 0] <= box.x1) & (b[:, 2] >= box.x0) & (b[:, 1] <= box.y1) & (b[:, 3] >= box.y0)
        return np.flatnonzero(hit)

    def is_inside(self, row: int, x: float, y: float) -> bool:
        """Whether (x, y), relative to the origin, lies in polygon `row` (even-odd)."""
        odd = False
        for ring in self.rings(row):
            p, q = ring.astype(np.float64), np.roll(ring, -1, axis=0).astype(np.float64)
            hit = (p[:, 1] <= y) != (q[:, 1] <= y)
            p, q = p[hit], q[hit]
            cut = p[:, 0] + (y - p[:, 1]) * (q[:, 0] - p[:, 0]) / (q[:, 1] - p[:, 1])
            odd ^= bool(np.count_nonzero(cut > x) % 2)
        return odd


@dataclass(frozen=True, eq=False)
class Parts:
    """All parts in cells; see the package's docstring for the columns."""

    off: NDArray[np.int64]
    x: NDArray[np.uint16]
    y: NDArray[np.uint16]
    cls: NDArray[np.uint8]
    state: NDArray[np.uint8]
    fid: NDArray[np.uint32]
    cube: NDArray[np.uint32]

    def __len__(self) -> int:
        """How many parts."""
        return len(self.cls)


@dataclass(frozen=True, eq=False)
class CityStore:
    """An opened city store. Boxes and points of its methods are local metres of `frame`.

    Attributes:
        origin: local metres of the south west corner, to which all arrays are relative.
        bits: 2 ** bits cells a side.
        bounds: of the city, local metres.
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
    shapes: dict[str, Shapes]
    overview: NDArray[np.uint8]
    overview_box: Bounds

    def relative(self, box: Bounds) -> Bounds:
        """Return a box of local metres relative to the origin."""
        ox, oy = self.origin
        return Bounds(box.x0 - ox, box.y0 - oy, box.x1 - ox, box.y1 - oy)


def open_store(folder: Path, fingerprint: str | None = None) -> CityStore:
    """Memory-map the store in `folder`; `fingerprint` is the one that its source has now.

    Raises `StoreUnusable` when it is missing, torn, or of another format or source.
    """
    manifest = _manifest(folder)
    if manifest.get("format") != FORMAT:
        raise StoreUnusable(f"its format is {manifest.get('format')}, not {FORMAT}")
    if fingerprint is not None and manifest.get("fingerprint") != fingerprint:
        raise StoreUnusable("the map has changed since it was built")
    try:
        _check_files(folder, manifest["files"])
        return _opened(folder, manifest)
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise StoreUnusable(f"a file is missing or torn ({error})") from error


def verify_store(folder: Path) -> None:
    """Sum every file; raises `StoreUnusable` naming the first that differs."""
    for name, (_size, crc) in _manifest(folder)["files"].items():
        if crc_of(folder / name) != crc:
            raise StoreUnusable(f"{name} is torn")


def _manifest(folder: Path) -> dict[str, Any]:
    try:
        manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise StoreUnusable("it has no readable manifest") from error
    if not isinstance(manifest, dict):
        raise StoreUnusable("its manifest is not a table")
    return manifest


def _check_files(folder: Path, files: dict[str, list[int]]) -> None:
    for name, (size, crc) in files.items():
        path = folder / name
        if path.stat().st_size != size or (size <= _SMALL and crc_of(path) != crc):
            raise StoreUnusable(f"{name} is torn")


def _opened(folder: Path, manifest: dict[str, Any]) -> CityStore:
    columns: dict[str, dict[str, NDArray[Any]]] = {}
    for name in manifest["files"]:
        layer, column = name.removesuffix(".npy").split("/")
        columns.setdefault(layer, {})[column] = _mapped(folder / name)
    ox, oy = manifest["origin"]
    return CityStore(
        folder=folder,
        frame=CityFrame(*manifest["frame"]),
        origin=(int(ox), int(oy)),
        bits=int(manifest["bits"]),
        fingerprint=manifest["fingerprint"],
        sample=bool(manifest["sample"]),
        bounds=Bounds(*manifest["bounds"]),
        parts=Parts(**columns["parts"]),
        shapes={layer: _shapes(columns[layer]) for layer in CLOSED},
        overview=columns["overview"]["cover"],
        overview_box=Bounds(*manifest["overview"]),
    )


def _shapes(columns: dict[str, NDArray[Any]]) -> Shapes:
    names = {c.removesuffix(".off") for c in columns if c.endswith(".off")}
    texts = {name: (columns[f"{name}.off"], columns[f"{name}.txt"]) for name in names}
    return Shapes(**{c: a for c, a in columns.items() if "." not in c}, texts=texts)


def _mapped(path: Path) -> NDArray[Any]:
    """Map a column read-only; an empty one cannot be mapped and is read."""
    array = np.load(path, mmap_mode=None if path.stat().st_size <= 128 else "r")
    plain = np.asarray(array).view(np.ndarray)
    plain.flags.writeable = False
    return plain
