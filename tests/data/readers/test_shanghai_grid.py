"""The columns of Shanghai's own grid export, on a made file of that form (示意)."""

import pyarrow as pa
import pytest
from pyproj import Transformer

from app.data.readers import read
from app.domain.errors import InvalidInput

HEADER = (
    "TASKID,COORDX,COORDY,INFOSOURCENAME,DISCOVERTIME,SOLVINGTIME,ADDRESS,STREETNAME,"
    "DESCRIPTION,EXECUTEDEPTNAME,INFOBCNAME,INFOSCNAME,INFOZCNAME"
)
LOCAL = "+proj=tmerc +lat_0=31.2304 +lon_0=121.46666666666667 +ellps=GRS80 +units=m"
ROWS = [
    "1901A1,-550.25,1210.5,监督员上报,2019-01-01 08:00:00,2019-01-01 10:30:00,南京西路1038号,"
    "南京西路街道,人行道板松动,城管&middot;中队,公用设施,道路破损,人行道",
    "1901A2,812.0,-90.75,12345热线,2019/1/2 9:05:00,,陕西北路1号,江宁路街道,"
    '"噪声扰民,半夜施工",环境监察,环境保护,噪声,施工噪声',
    "1901A3,,,监督员上报,2019-01-03 12:00,-,-,石门二路街道,井盖缺失,市政所,公用设施,井盖,雨水井盖",
]


def export(tmp_path, *rows, encoding="gb18030"):
    path = tmp_path / "grid.csv"
    path.write_bytes("\r\n".join([HEADER, *rows, ""]).encode(encoding))
    return path


def rows_of(stream):
    return pa.Table.from_batches(list(stream), schema=stream.schema).to_pylist()


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8-sig"])
def test_that_the_export_of_shanghai_goes_in_with_its_encoding_found(tmp_path, encoding):
    stream = read("cases", export(tmp_path, *ROWS, encoding=encoding), crs=LOCAL)
    first, second, third = rows_of(stream)
    told = stream.summary()
    assert (told.mapping, told.taken, told.refused) == ("shanghai_grid", 3, 0)
    assert told.encoding == ("GB18030" if encoding == "gb18030" else "UTF-8")
    x, y = Transformer.from_crs(LOCAL, 4326, always_xy=True).transform(-550.25, 1210.5)
    assert (first["lon"], first["lat"]) == pytest.approx((x, y))
    assert first["unit"] == "城管·中队"
    assert first["reported_at"].isoformat() == "2019-01-01T00:00:00+00:00"
    assert (first["matter1"], first["matter3"]) == ("公用设施", "人行道")
    assert (second["words"], second["closed_at"]) == ("噪声扰民,半夜施工", None)
    assert (third["lon"], third["address"]) == (None, None)


def test_that_its_coordinates_need_a_declared_system(tmp_path):
    with pytest.raises(InvalidInput, match="--crs"):
        rows_of(read("cases", export(tmp_path, *ROWS)))


def test_that_without_any_coordinates_no_system_is_asked_for(tmp_path):
    assert len(rows_of(read("cases", export(tmp_path, ROWS[2])))) == 1


def test_that_its_local_metres_are_not_taken_for_degrees(tmp_path):
    rows = [ROWS[0], ROWS[1].replace("812.0,-90.75", "8120.5,-9075.25")]
    with pytest.raises(InvalidInput, match="look like metres"):
        rows_of(read("cases", export(tmp_path, *rows), crs="WGS84"))


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        (("1901A1,", ","), "number", "missing"),
        (("2019-01-01 08:00:00", "2019-13-01 08:00:00"), "reported_at", "no time"),
        (("2019-01-01 08:00:00", "43466.33"), "reported_at", "no time"),
        (("2019-01-01 10:30:00", "2018-01-01 10:30:00"), "closed_at", "earlier"),
        (("2019-01-01 08:00:00", "0019-01-01 08:00:00"), "reported_at", "out of range"),
        (("1210.5", ""), "lon, lat", "half missing"),
        (("1210.5", "12,10.5"), "", "fields where"),
        (("1210.5", "一千"), "lat", "no number"),
    ],
)
def test_that_a_bad_row_is_refused_with_its_field_and_the_rest_goes_in(
    tmp_path, change, field, reason
):
    stream = read("cases", export(tmp_path, ROWS[0].replace(*change), *ROWS[1:]), crs=LOCAL)
    assert len(rows_of(stream)) == 2
    (said,) = stream.summary().reasons
    assert said.startswith(field)
    assert reason in said


def test_that_a_later_export_adds_only_what_is_new(tmp_path):
    first = {row["uid"] for row in rows_of(read("cases", export(tmp_path, *ROWS), crs=LOCAL))}
    more = ROWS[1].replace("1901A2", "1901A9")
    again = {row["uid"] for row in rows_of(read("cases", export(tmp_path, *ROWS, more), crs=LOCAL))}
    assert first < again
    assert len(again) == 4
