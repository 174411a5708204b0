"""P14: 100,000 damaged files of every kind: each a clear error or its good rows, never a crash.

A trial makes a hundred files from sound ones: bytes turned, cut, doubled, lines of rubbish put
between good ones. Where only whole lines were added to a table, every good row must be taken.
"""

from __future__ import annotations

import gzip
import io
import json
import random
import warnings
from pathlib import Path

import openpyxl
import pyarrow as pa

from app.data.readers import read
from app.domain.errors import AppError

AT_ONCE = 100
GOOD_ROWS = 6
HYDRANTS = "the_geom,boro,unitid,point_x,point_y,cb,latitude,longitude"
GRID = (
    "TASKID,COORDX,COORDY,INFOSOURCENAME,DISCOVERTIME,SOLVINGTIME,ADDRESS,STREETNAME,"
    "DESCRIPTION,EXECUTEDEPTNAME,INFOBCNAME,INFOSCNAME,INFOZCNAME"
)
LETTERS = "abc,,\"\"'';\t|01239.-+=@<&>路幢号“”（）\x00\x01\x1f\xa0\u3000\ufeffé"


def hydrants() -> str:
    rows = [f"x,1,good{at},1,1,1,40.7{at},-73.9{at}" for at in range(GOOD_ROWS)]
    return "\n".join([HYDRANTS, *rows, ""])


def grid_cases() -> str:
    rows = [
        f"good{at},121.4{at},31.2{at},热线,2019-01-0{at + 1} 08:00:00,,南京西路{at}号,静安寺街道,"
        "人行道破损,市政所,公用设施,道路,人行道"
        for at in range(GOOD_ROWS)
    ]
    return "\n".join([GRID, *rows, ""])


def workbook() -> bytes:
    book = openpyxl.Workbook()
    book.active.append(["留言编号", "留言用户", "留言主题", "留言时间", "留言详情", "一级分类"])
    for at in range(GOOD_ROWS):
        book.active.append([at, "A", "噪声", "2019/1/1 8:00:00", "半夜施工扰民", "环境保护"])
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def areas() -> bytes:
    square = [[[121.4, 31.2], [121.5, 31.2], [121.5, 31.3], [121.4, 31.2]]]
    shape = {"type": "Polygon", "coordinates": square}
    features = [
        {"type": "Feature", "properties": {"name": f"甲{at}", "adcode": f"31010{at}"},
         "geometry": shape}
        for at in range(GOOD_ROWS)
    ]  # fmt: skip
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def lamps() -> bytes:
    nodes = "".join(
        f'<node id="{at}" version="1" lat="31.{at}" lon="121.{at}">'
        '<tag k="highway" v="street_lamp"/></node>'
        for at in range(1, GOOD_ROWS + 1)
    )
    return f'<?xml version="1.0"?><osm version="0.6">{nodes}</osm>'.encode()


KINDS = [
    ("parts", "hydrants.csv", lambda: hydrants().encode()),
    ("cases", "grid.csv", lambda: grid_cases().encode()),
    ("cases", "grid_gb.csv", lambda: grid_cases().encode("gb18030")),
    ("complaints", "messages.xlsx", workbook),
    ("areas", "areas.geojson", areas),
    ("parts", "lamps.osm", lamps),
    ("parts", "lamps.osm.gz", lambda: gzip.compress(lamps())),
]


def damaged(chance: random.Random, content: bytes) -> bytes:
    """Turn, cut, double or pour in bytes, one to six times."""
    data = bytearray(content)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data) + 1)
        length = chance.choice((1, 1, 1, 4, 40, 400))
        what = chance.randrange(4)
        if what == 0:
            data[at : at + length] = chance.randbytes(min(length, len(data) - at))
        elif what == 1:
            del data[at : at + length]
        elif what == 2:
            data[at:at] = data[at : at + length]
        else:
            data[at:at] = chance.randbytes(length)
    return bytes(data)


def with_rubbish(chance: random.Random, table: str) -> str:
    """Put lines of rubbish between the good ones."""
    header, *rows = table.rstrip("\n").split("\n")
    for _ in range(chance.randint(1, 6)):
        line = "".join(chance.choices(LETTERS, k=chance.choice((0, 3, 30, 300))))
        rows.insert(chance.randrange(len(rows) + 1), line.replace("\x00", ""))
    return "\n".join([header, *rows, ""])


def taken(kind: str, path: Path) -> int | None:
    """Return the rows taken, None if the file was refused as a whole by an AppError."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            with read(kind, path, crs="WGS84") as stream:
                rows = pa.Table.from_batches(list(stream), schema=stream.schema)
                stream.write_rejects(path.with_name("rejected.csv"))
                told = stream.summary()
        except AppError:
            return None
    assert told.read == told.taken + told.repeated + told.refused
    assert rows.num_rows == told.taken == len(set(rows["uid"].to_pylist()))
    return rows.num_rows


def test_that_no_damaged_file_crashes_a_reader_and_good_rows_go_in(proof, tmp_path):
    trials = proof("inputs", full=1_000, quick=2)
    for trial in trials:
        chance = random.Random(trial)
        whole = partly = lost = 0
        for _ in range(AT_ONCE):
            if chance.random() < 0.2:
                kind, name, table = chance.choice(
                    [("parts", "hydrants.csv", hydrants), ("cases", "grid.csv", grid_cases)]
                )
                path = tmp_path / name
                path.write_text(with_rubbish(chance, table()), encoding="utf-8")
                count = taken(kind, path)
                lost += count is None or count < GOOD_ROWS
            else:
                kind, name, make = chance.choice(KINDS)
                path = tmp_path / name
                path.write_bytes(damaged(chance, make()))
                count = taken(kind, path)
            whole += count is None
            partly += count is not None
        trials.record(trial, refused_whole=whole, read=partly, good_rows_lost=lost)
    rows = trials.rows()
    assert sum(row["refused_whole"] + row["read"] for row in rows) == AT_ONCE * len(rows)
    assert not [row for row in rows if row["good_rows_lost"]]
