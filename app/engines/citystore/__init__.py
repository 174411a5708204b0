"""City store: a city's map as flat arrays on disk, memory-mapped; derived, may be deleted.

All coordinates are local metres of the city's frame (x east, y north), relative to the whole-metre
`origin` (south west) in the manifest. Little endian throughout. A store is a folder:

    manifest.json   format (`manifest.FORMAT`), its own sum, frame, origin, bits, fingerprint of
                    the source, sample (示意), bounds, segments, slots, files {name: [bytes, crc]},
                    `folded`: the last batch of the journal that is in. Replaced in one step
    parts/          rows in square cells of 256 m, 2 ** bits cells a side: x, y uint16 (place in
                    the cell, 4 mm), cls, state uint8, fid uint32 (row in map.gpkg), 10 bytes a part
    pipes/          straight pieces in the cell of their middle: ax ay bx by int16 (128 to a metre,
                    from the cell's middle), kind uint8, size uint16 (mm), fid uint32, 15 bytes each
    */key, num, sub     of cells: Morton key, rows, and what each bin holds: parts uint16 (c, 64),
                    metres of pipe float32 (c, 16). So a bin under a pixel costs no row
    cells/segment   uint16 (4 ** bits,) number of the segment of each cell by Morton key
    cube/N          uint32 (blocks, 1024) parts by class * 4 + state, 64 x 64 blocks at most
    site/ station/  points: xy float32 (n, 2), kind, fid, name.off, name.txt
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

**Segments.** A segment is the cells whose middle lies in one street (`streets`); its rows and cells
are one range (`cells.Slot`) of every column, with a digest of its own. One street is put anew,
fetched or checked alone (`segments`): new rows go behind the others, then the manifest is replaced.

*Measured* on 15,000,000 parts, 235 segments, one 512 px tile at the densest spot, milliseconds
(load 1.4 to 2.4 on two cores; same kernel, columns in memory, median of 15): cells in one Morton
order over the city | Morton order inside segments. At 121 m a pixel 4.9 | 4.6, 60: 3.1 | 3.1,
31: 6.4 | 6.4, 16: 2.8 | 2.8, 8: 0.73 | 0.71, 4: 0.25 | 0.25, 1: 0.04 | 0.04; half of the classes
at 121 m 42 | 38. No difference, so segments stay whole. Opening takes 0.05 to 0.07 s; building
15,000,000 parts, 5,000,000 pieces (5 s of it, 75 MB) and the rest 48 s, of which reading the
GeoPackage about 30.

**Edits** lie in a journal beside the folder (`journal`) and over the maps in memory (`overlay`)
until the background folds them into their segments (`fold`). **Damage**: `open_store` sums what is
small and all that kernels find their way by, `verify_store` everything; both raise
`StoreUnusable` for a store that is missing, torn, or of another format or source, and the caller
builds anew (`build_store`, into a folder beside, then renamed).
"""

from app.engines.citystore.build import build_store
from app.engines.citystore.columns import Parts, Pipes, Points, Shapes
from app.engines.citystore.fold import fold
from app.engines.citystore.opened import CityStore, open_store, verify_store
from app.engines.citystore.problems import StoreUnusable

__all__ = [
    "CityStore",
    "Parts",
    "Pipes",
    "Points",
    "Shapes",
    "StoreUnusable",
    "build_store",
    "fold",
    "open_store",
    "verify_store",
]
