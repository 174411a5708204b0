"""City store: a city's map as flat arrays on disk, memory-mapped; derived, may be deleted.

A store is a folder with one `.npy` a column and `manifest.json`, written last. All coordinates
are local metres of the city's frame (x east, y north), relative to the whole-metre `origin`
(south west) in the manifest. Little endian throughout.

    manifest.json   format (`FORMAT`), frame [lon0, lat0], origin [x, y], bits, fingerprint of the
                    source, sample (示意), counts by layer, bounds, files {name: [bytes, crc32]}
    parts/          parts in square cells of 256 m, cells in Morton order, 2 ** bits a side
      off   int64   (4 ** bits + 1,)  rows of cell k are off[k]:off[k + 1]
      x, y  uint16  (n,)  place in the cell, 65,536 to its side (4 mm)
      cls   uint8   (n,)  class of part; state uint8 (n,); fid uint32 (n,) row in map.gpkg
      cube  uint32  (256, s, s)  counts by class in s x s blocks of cells, s <= 64
    road/ area/ water/ green/ building/   shapes, sorted by kind, then by Morton order of place
      xy          float32 (v, 2)     vertices
      ring_off    int64   (r + 1,)   vertices of ring r; outer rings turn left, holes right
      feature_off int64   (n + 1,)   rings of feature f
      box         float32 (n, 4)     x0 y0 x1 y1
      block       float32 (n / 64, 4)  boxes of 64 features each
      kind uint8, width float32, fid uint32, uid uint8 (n or 0, 16)
      spot        float32 (n, 2)     where a label may stand: inside the shape
      NAME.off int64 (n + 1,), NAME.txt uint8   UTF-8 of each text column
    overview/       the whole city in 1,024 pixels, drawn without kernels as the first picture
      cover uint8 (layers, h, w); box in the manifest

`build_store` writes into a folder beside and renames; `open_store` raises `StoreUnusable` for a
store that is missing, torn or of another format or source, and the caller builds anew.
"""

from app.engines.citystore.build import build_store
from app.engines.citystore.columns import Parts, Pipes, Points, Shapes
from app.engines.citystore.opened import CityStore, open_store, verify_store
from app.engines.citystore.problems import StoreUnusable

__all__ = [
    "CityStore", "Parts", "Pipes", "Points", "Shapes", "StoreUnusable", "build_store", "open_store",
    "verify_store",
]  # fmt: skip
