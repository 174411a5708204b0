"""Reading real files into clean typed batches. No database here; imports domain and data only.

stream = read("parts", Path("trees.csv"), crs="EPSG:4326")
for batch in stream: ...          # pyarrow RecordBatch, columns of SHAPES[kind].schema
stream.write_rejects()            # beside the source, None if nothing was refused
stream.summary()                  # rows read, taken, repeated, refused by reason, extent
"""

from __future__ import annotations

from app.data.readers.keys import derived_uid
from app.data.readers.mappings import Mapping, load_mapping, shipped_mappings
from app.data.readers.reading import read
from app.data.readers.schemas import SHAPES, Kind
from app.data.readers.stream import ImportStream, Progress, Summary

__all__ = [
    "SHAPES",
    "ImportStream",
    "Kind",
    "Mapping",
    "Progress",
    "Summary",
    "derived_uid",
    "load_mapping",
    "read",
    "shipped_mappings",
]
