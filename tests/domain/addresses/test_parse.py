"""Addresses are read into parts that stand where they say, and written back the same."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.addresses.normal import to_digits
from app.domain.addresses.parse import LONGEST, parse
from app.domain.addresses.rules import parse_rules
from app.domain.addresses.write import door_zh, write_en, write_zh
from app.domain.errors import InvalidInput

RAW = tomllib.loads((Path(__file__).parents[3] / "resources/addresses.toml").read_text("utf-8"))
RULES = parse_rules(RAW)
ROADS = ("武康路", "南京西路", "世纪大道", "沪青平公路", "瑞金二路", "中山东一路", "方浜中路")
DISTRICTS = ("徐汇区", "浦东新区", "崇明区")
NUMBERS = st.integers(1, 9999).map(str)


@st.composite
def addresses(draw: st.DrawFn) -> dict[str, str]:
    parts = {
        "city": draw(st.sampled_from(("", "上海市"))),
        "district": draw(st.sampled_from(("", *DISTRICTS))),
        "street": draw(st.sampled_from(("", "湖南路街道", "川沙新镇"))),
        "road": draw(st.sampled_from(ROADS)),
    }
    door = draw(st.sampled_from(("none", "number", "house", "lane")))
    if door != "none":
        parts["lane" if door == "lane" else "number"] = draw(NUMBERS)
    if door in ("house", "lane"):
        parts["building"] = draw(st.one_of(st.integers(1, 99).map(str), st.sampled_from("ABC")))
        parts["unit"] = draw(st.sampled_from(("", "1", "2")))
        parts["room"] = draw(st.integers(101, 3999).map(str))
    return {kind: value for kind, value in parts.items() if value}


@given(addresses())
def test_that_what_is_written_is_read_the_same(parts: dict[str, str]) -> None:
    read = parse(write_zh(parts), RULES)
    assert {part.kind: part.value for part in read.parts} == parts
    again = parse(write_zh({part.kind: part.value for part in read.parts}), RULES)
    assert [(p.kind, p.value) for p in again.parts] == [(p.kind, p.value) for p in read.parts]


@given(addresses(), st.booleans())
def test_that_width_and_spaces_change_nothing(parts: dict[str, str], wide: bool) -> None:
    plain = write_zh(parts)
    odd = "".join(chr(ord(c) + 0xFEE0) if wide and c.isascii() else c for c in plain)
    read = parse(" ".join(odd), RULES)
    assert {part.kind: part.value for part in read.parts} == parts


@given(st.text(max_size=LONGEST + 20))
def test_that_any_text_is_read_and_parts_stand_in_order(text: str) -> None:
    read = parse(text, RULES)
    ends = [0]
    for part in read.parts:
        assert ends[-1] <= part.start < part.end <= len(text)
        ends.append(part.end)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("漕宝路１２３弄５号二楼２０３室", "road 漕宝路|lane 123|number 5|floor 2|room 203"),
        ("武康路 376", "road 武康路|number 376"),
        ("虹桥路与凯旋路交叉口", "road 虹桥路|cross 凯旋路"),
        ("九江路黄河路(公交站)", "road 九江路|cross 黄河路|note 公交站"),
        ("淮海中路近陕西南路", "road 淮海中路|near 陕西南路"),
        ("浙江中路70號A座（近广东路）", "road 浙江中路|number 70|building A|near 广东路"),
        ("中山南二路十五号", "road 中山南二路|number 15"),
        ("南京西路170号东侧50米", "road 南京西路|number 170|direction 东侧50米"),
        ("汾阳路150弄花园小区3号楼2单元502室",
         "road 汾阳路|lane 150|poi 花园小区|building 3|unit 2|room 502"),
        ("漕河泾开发区桂平路680号", "poi 漕河泾开发区|road 桂平路|number 680"),
        ("上海市应昌期围棋学校", "poi 上海市应昌期围棋学校"),
        ("徐汇区城市公园", "district 徐汇区|poi 城市公园"),
        ("延安西路1088-1100号", "road 延安西路|number 1088-1100"),
    ],
)  # fmt: skip
def test_that_real_addresses_are_read(text: str, parts: str) -> None:
    read = parse(text, RULES)
    assert "|".join(f"{part.kind} {part.value}" for part in read.parts) == parts


def test_that_a_part_tells_where_it_stood_in_the_source() -> None:
    text = "徐汇区 武康路 ３７６ 号"
    (number,) = [part for part in parse(text, RULES).parts if part.kind == "number"]
    assert text[number.start : number.end] == "３７６ 号"


def test_that_english_turns_the_order_round() -> None:
    parts = {"city": "上海市", "district": "徐汇区", "road": "武康路", "number": "376", "room": "5"}
    spelt = {"上海": "Shanghai", "徐汇": "Xuhui", "武康": "Wukang"}
    said = write_en(parts, RULES, lambda name: spelt[name])
    assert said == "Room 5, No. 376, Wukang Road, Xuhui District, Shanghai"


def test_that_a_door_leaves_areas_and_remarks_out() -> None:
    assert door_zh(parse("徐汇区武康路376号(近泰安路)", RULES)) == "武康路376号"


@pytest.mark.parametrize(("text", "digits"), [("十五", "15"), ("二百零三", "203"), ("一二", "12")])
def test_that_chinese_numerals_become_digits(text: str, digits: str) -> None:
    assert to_digits(text) == digits


@pytest.mark.parametrize("missing", ["ends", "matching", "english", "both"])
def test_that_a_table_with_a_hole_is_refused(missing: str) -> None:
    with pytest.raises(InvalidInput, match=missing):
        parse_rules({key: value for key, value in RAW.items() if key != missing})


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("荣华东道60弄", (("road", "荣华东道"), ("lane", "60"))),
        ("荣华东道", (("road", "荣华东道"),)),
        ("五福弄", (("road", "五福弄"),)),
        ("黄浦区石潭弄59号", (("district", "黄浦区"), ("road", "石潭弄"), ("number", "59"))),
        ("三十二弄5号", (("lane", "32"), ("number", "5"))),
        ("中山东一路外滩", (("road", "中山东一路"), ("poi", "外滩"))),
        ("人民大道200号", (("road", "人民大道"), ("number", "200"))),
        ("世纪大道", (("road", "世纪大道"),)),
        ("九江路与河南中路口", (("road", "九江路"), ("cross", "河南中路"))),
        ("顺昌路路口永年路", (("road", "顺昌路"), ("cross", "永年路"))),
        ("延安路高架", (("road", "延安路高架"),)),
        ("延安高架路", (("road", "延安高架路"),)),
        ("上中路隧道", (("road", "上中路"), ("poi", "隧道"))),
        ("南京东路街道", (("street", "南京东路街道"),)),
        ("老弄堂面馆", (("poi", "老弄堂面馆"),)),
    ],
)
def test_that_roads_without_a_usual_end_are_read(
    text: str, parts: tuple[tuple[str, str], ...]
) -> None:
    assert tuple((part.kind, part.value) for part in parse(text, RULES).parts) == parts
