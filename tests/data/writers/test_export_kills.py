"""A kill -9 while exporting: nothing half under the final name; the same again gives the whole."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest

from app.data.readers import read

ROOT = Path(__file__).resolve().parents[3]
ENDINGS = [".gpkg", ".shp", ".geojson", ".geojsonl", ".parquet", ".fgb", ".csv", ".xlsx"]
EXPORT = """
import sys
from pathlib import Path
import pyarrow as pa
import shapely
from app.data.readers import SHAPES, Kind, derived_uid
from app.data.writers import write

def batches(endless):
    at = 0
    while endless or at < 5:
        rows = [
            {"uid": derived_uid(f"{at}.{one}").bytes, "code": "3101010101000001", "class": 0,
             "state": 0, "source": "普查", "sample": 0, "geom": shapely.Point(121.4, 31.2).wkb}
            for one in range(2000)
        ]
        yield pa.RecordBatch.from_pylist(rows, schema=SHAPES[Kind.PARTS].schema)
        at += 1
        if at == 3:
            print("well on the way", flush=True)

write("parts", batches(sys.argv[2] == "endless"), Path(sys.argv[1]))
"""


def export(out, how):
    return subprocess.Popen(
        [sys.executable, "-c", EXPORT, str(out), how], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("ending", ENDINGS)
def test_that_a_killed_export_leaves_nothing_half_and_the_same_again_the_whole(tmp_path, ending):
    out = tmp_path / f"parts{ending}"
    with export(out, "endless") as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "well on the way\n"
        process.send_signal(signal.SIGKILL)
    assert not out.exists()
    with export(out, "whole") as process:
        assert process.wait(60) == 0
    with read("parts", out) as stream:
        rows = pa.Table.from_batches(list(stream), schema=stream.schema)
    assert rows.num_rows == 10_000
    assert not [one for one in tmp_path.iterdir() if ".part" in one.name]
