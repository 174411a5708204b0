"""Delimited text: encodings, broken records, rubbish, and good rows among the bad."""

import csv
import resource
import time

import pyarrow as pa
import pytest

from app.data.readers import read
from app.domain.errors import AppError, InvalidInput, NotFound

HEADER = "the_geom,boro,unitid,point_x,point_y,cb,latitude,longitude"
GOOD = "x,1,H{0},1,1,101,40.7{0},-73.9{0}"


def hydrants(tmp_path, *lines, name="hydrants.csv", encoding="utf-8"):
    path = tmp_path / name
    path.write_bytes("\n".join([HEADER, *lines, ""]).encode(encoding))
    return path


def rows_of(stream):
    return pa.Table.from_batches(list(stream), schema=stream.schema).to_pylist()


def refused(stream, tmp_path):
    written = stream.write_rejects(tmp_path / "rejected.csv")
    with written.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_that_good_rows_go_in_and_bad_ones_are_listed_with_row_field_reason_and_mend(tmp_path):
    path = hydrants(
        tmp_path,
        GOOD.format(1),
        "x,1,H2,1,1,101,40.72",
        "x,1,H3,1,1,101,forty,-73.9",
        "x,1,H4,1,1,101,,-73.9",
        "x,1,H5,1,1,101,140.7,-73.9",
        "x,1,H6,1,1,101,0,0",
        "",
        "x,1,H7,1,1,101,nan,-73.9",
        GOOD.format(8),
    )
    stream = read("parts", path)
    assert len(rows_of(stream)) == 2
    told = stream.summary()
    assert (told.read, told.taken, told.refused, told.repeated) == (8, 2, 6, 0)
    listed = refused(stream, tmp_path)
    assert [(row["row"], row["field"]) for row in listed] == [
        ("3", ""),
        ("4", "lat"),
        ("5", "lon, lat"),
        ("6", "lon, lat"),
        ("7", "lon, lat"),
        ("9", "lat"),
    ]
    assert all(row["reason"] and row["mend"] for row in listed)


def test_that_the_list_of_refused_rows_lies_beside_the_source_by_default(tmp_path):
    path = hydrants(tmp_path, "too,few")
    stream = read("parts", path)
    assert rows_of(stream) == []
    assert stream.write_rejects() == tmp_path / "hydrants.csv.rejected.csv"


def test_that_a_quote_never_closed_costs_its_own_line_only(tmp_path):
    lines = [GOOD.format(at) for at in range(1, 60)]
    lines[10] = 'x,1,"H999,1,1,101,40.7,-73.9'
    stream = read("parts", hydrants(tmp_path, *lines))
    assert len(rows_of(stream)) == 58
    (listed,) = refused(stream, tmp_path)
    assert listed["row"] == "12"
    assert "quote" in listed["reason"]


def test_that_two_strange_quotes_do_not_swallow_the_lines_between(tmp_path):
    lines = [GOOD.format(at) for at in range(1, 30)]
    lines[10], lines[20] = '"rubbish', 'more",rubbish'
    stream = read("parts", hydrants(tmp_path, *lines))
    assert len(rows_of(stream)) == 27
    assert [row["row"] for row in refused(stream, tmp_path)] == ["12", "22"]


def test_that_a_far_later_quote_does_not_swallow_what_lies_between(tmp_path):
    lines = [GOOD.format(at) for at in range(1, 5000)]
    lines[100] = 'x,1,"H999,1,1,101,40.7,-73.9'
    stream = read("parts", hydrants(tmp_path, *lines))
    assert len(rows_of(stream)) == 4998


def test_that_line_breaks_inside_quotes_are_kept_and_counted(tmp_path):
    path = tmp_path / "messages.csv"
    path.write_text(
        "留言编号,留言用户,留言主题,留言时间,留言详情,一级分类\n"
        '1,A,井盖,2019/1/1 8:00:00,"路口\n井盖没了",城乡建设\n'
        "2,A,井盖,昨天,井盖没了,城乡建设\n",
        encoding="utf-8",
    )
    stream = read("complaints", path)
    (row,) = rows_of(stream)
    assert row["words"] == "路口\n井盖没了"
    assert refused(stream, tmp_path)[0]["row"] == "4"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_that_the_encoding_is_found_and_said(tmp_path, encoding):
    path = tmp_path / "messages.csv"
    header = "留言编号,留言用户,留言主题,留言时间,留言详情,一级分类"
    path.write_text(f"{header}\n7,A,噪声,2019/1/1 8:00:00,半夜施工扰民,环保\n", encoding=encoding)
    stream = read("complaints", path)
    assert [row["words"] for row in rows_of(stream)] == ["半夜施工扰民"]
    shown = {"utf-8-sig": "UTF-8", "utf-8": "UTF-8", "gb18030": "GB18030"}
    assert stream.summary().encoding == shown.get(encoding, encoding)


@pytest.mark.parametrize(
    ("written", "declared", "said"),
    [("gb18030", "utf-8", "GB18030"), ("utf-8", "gbk", "UTF-8"), ("gb18030", "ascii", "GB18030")],
)
def test_that_a_wrong_declared_encoding_is_one_clear_error(tmp_path, written, declared, said):
    path = tmp_path / "messages.csv"
    path.write_text("留言编号,留言主题\n1,噪声扰民影响休息\n", encoding=written)
    with pytest.raises(InvalidInput, match=said) as caught:
        read("complaints", path, encoding=declared)
    assert caught.value.field == "encoding"


@pytest.mark.parametrize("name", ["klingon", "base64", "\x00"])
def test_that_an_encoding_nobody_knows_is_refused(tmp_path, name):
    with pytest.raises(InvalidInput) as caught:
        read("parts", hydrants(tmp_path, GOOD.format(1)), encoding=name)
    assert caught.value.field == "encoding"


def test_that_a_line_of_another_encoding_is_set_aside_alone(tmp_path):
    path = tmp_path / "messages.csv"
    header = "留言编号,留言用户,留言主题,留言时间,留言详情,一级分类"
    lines = [f"{at},A,噪声,2019/1/1 8:00:00,半夜施工扰民,环保" for at in range(100)]
    raw = [line.encode() for line in [header, *lines]]
    raw[50] = lines[49].encode("gb18030")
    path.write_bytes(b"\n".join(raw))
    stream = read("complaints", path)
    assert len(rows_of(stream)) == 99
    (listed,) = refused(stream, tmp_path)
    assert (listed["row"], listed["reason"]) == ("51", "bytes that are no text in this encoding")


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_that_other_delimiters_are_found(tmp_path, delimiter):
    path = tmp_path / "hydrants.csv"
    path.write_text(f"{HEADER}\n{GOOD.format(1)}\n".replace(",", delimiter))
    assert len(rows_of(read("parts", path))) == 1


def test_that_a_repeated_row_is_counted_once(tmp_path):
    path = hydrants(tmp_path, GOOD.format(1), GOOD.format(2), GOOD.format(1))
    for batch_rows in (1, 2, 50):
        stream = read("parts", path, batch_rows=batch_rows)
        assert len(rows_of(stream)) == 2
        assert stream.summary().repeated == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"\n\n \n", "empty lines"),
        (b"PK\x03\x04" + b"x" * 99, "zip"),
        (b"%PDF-1.7\n", "PDF"),
        (b"a,b\x00c\n1,2\n", "zero bytes"),
        (bytes(range(1, 9)) * 99, "control bytes"),
        (b"no,such,columns\n1,2,3\n", "fit no known mapping"),
        (b"a,a\n1,2\n", "twice"),
        (b'"a,b\n', "no header"),
        (b"x" * (2 << 20), "longer than"),
    ],
)
def test_that_what_is_no_table_is_one_clear_error(tmp_path, content, said):
    path = tmp_path / "rubbish.csv"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=said):
        read("parts", path)


def test_that_a_missing_file_a_folder_and_a_strange_ending_are_told_apart(tmp_path):
    with pytest.raises(NotFound):
        read("parts", tmp_path / "none.csv")
    with pytest.raises(InvalidInput, match="folder"):
        read("parts", tmp_path)
    (tmp_path / "a.exe").write_bytes(b"MZ")
    with pytest.raises(InvalidInput, match="ends in"):
        read("parts", tmp_path / "a.exe")
    with pytest.raises(InvalidInput, match="imported as") as caught:
        read("dragons", tmp_path / "a.exe")
    assert caught.value.field == "kind"


def _lines_of_words(file):
    for at in range(400_000):
        file.write(f"rubbish {at} and more rubbish, of no use at all\n".encode())


def _sparse_zeros(file):
    file.truncate(2 << 30)


def _header_then_words(file):
    file.write(f"{HEADER}\n".encode())
    _lines_of_words(file)


def _header_then_numbers(file):
    file.write(f"{HEADER}\n".encode())
    for at in range(400_000):
        file.write(f"{at},{at},{at},{at},{at},{at},{at},{at}\n".encode())


@pytest.mark.parametrize(
    "fill", [_lines_of_words, _sparse_zeros, _header_then_words, _header_then_numbers]
)
def test_that_a_huge_file_of_rubbish_fails_fast_with_one_error_in_flat_memory(tmp_path, fill):
    path = tmp_path / "rubbish.csv"
    with path.open("wb") as file:
        fill(file)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    started = time.monotonic()
    with pytest.raises(AppError) as caught:
        rows_of(read("parts", path))
    assert time.monotonic() - started < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 << 10
    assert "rubbish.csv" in str(caught.value)
    assert "Nothing was imported" in str(caught.value)


def test_that_progress_tells_bytes_and_ends_at_the_whole(tmp_path):
    path = hydrants(tmp_path, *(GOOD.format(at) for at in range(1, 30)))
    seen = []
    rows_of(
        read("parts", path, batch_rows=10, progress=lambda done, all_: seen.append((done, all_)))
    )
    assert len(seen) == 4
    assert seen[-1] == (path.stat().st_size, path.stat().st_size)


def test_that_a_stream_left_early_closes_its_file(tmp_path):
    path = hydrants(tmp_path, *(GOOD.format(at) for at in range(1, 30)))
    with read("parts", path, batch_rows=5) as stream:
        next(iter(stream))
    assert stream.summary().taken == 5
