"""English for Chinese names: places, roads, units and people by pinyin, matters by their table.

Spelling after GB/T 28039-2011 (people: surname first, two words) and GB 17733 with Shanghai's own
street signs (衡山路 Hengshan Rd, 淮海中路 Huaihai Rd (M)); subdistricts in the city's form
(湖南路街道 Hunan Road Subdistrict). The same name always gives the same English.
"""

from __future__ import annotations

import csv
import re
from functools import cache, lru_cache
from pathlib import Path
from typing import Final

from app.domain.errors import StorageFailure

TABLE: Final = Path(__file__).resolve().parents[2] / "resources" / "pinyin.txt"
MATTERS: Final = TABLE.with_name("matters.csv")
_UNDER: Final = " › "  # between a matter and what is under it

# Names that are read or called otherwise than their signs mostly are.
_READ: Final = {
    "闵行": "min hang", "莘庄": "xin zhuang", "车墩": "che dun", "重庆": "chong qing",
    "番禺": "pan yu", "牟平": "mu ping", "喀什": "ka shi", "蚌埠": "beng bu", "大埔": "da bu",
    "黄陂": "huang pi", "宝坻": "bao di", "六安": "lu an", "铅山": "yan shan", "茄子": "qie zi",
    "蔚县": "yu xian", "东阿": "dong e", "厦门": "xia men", "枞阳": "zong yang", "大厦": "da sha",
    "长": "chang", "都": "du", "藏": "zang", "佛": "fo", "勒": "le", "朝": "chao",
}  # fmt: skip
_CALLED: Final = {
    "外滩街道": "The Bund Subdistrict", "世纪大道": "Century Ave", "苏州河": "Suzhou Creek",
    "黄浦江": "Huangpu River", "内环高架路": "Inner Ring Elevated Rd", "中环路": "Middle Ring Rd",
    "内环路": "Inner Ring Rd", "外环高速": "Outer Ring Expy", "绕城高速": "Ring Expy",
    "人民公园": "People's Park", "世纪公园": "Century Park",
    "上海植物园": "Shanghai Botanical Garden", "上海动物园": "Shanghai Zoo",
    "中国（上海）自由贸易试验区（保税片区）": "Shanghai Free Trade Zone (Bonded Area)",
    "早班": "Morning shift", "中班": "Middle shift", "夜班": "Night shift",
    "市民": "Citizen", "示意市民": "Sample citizen",
}  # fmt: skip
_SIDES: Final = {"东": "E", "西": "W", "南": "S", "北": "N", "中": "M"}
_FIGURES: Final = {sign: str(at) for at, sign in enumerate("一二三四五六七八九", 1)}
_ROADS: Final = (
    ("高架路", "Elevated Rd"), ("高速公路", "Expy"), ("高速", "Expy"), ("环路", "Ring Rd"),
    ("支路", "Branch Rd"), ("公路", "Hwy"), ("大道", "Ave"), ("通道", "Passage"), ("路", "Rd"),
    ("街", "St"), ("弄", "Lane"),
)  # fmt: skip
_PLACES: Final = (
    ("村村委会", "Village Committee"), ("社区居委会", "Residents' Committee"),
    ("居委会", "Residents' Committee"), ("村委会", "Village Committee"), ("新区", "New Area"),
    ("街道", "Subdistrict"), ("高科技园区", "Hi-Tech Park"), ("新兴技术开发区", "Hi-Tech Park"),
    ("高新技术产业开发区", "Hi-Tech Zone"), ("经济技术开发区", "Economic Zone"),
    ("出口加工区", "Export Processing Zone"), ("现代农业园区", "Agricultural Park"),
    ("工业园区", "Industrial Park"), ("工业区", "Industrial Park"),
    ("开发区", "Development Zone"), ("度假区", "Resort"), ("旅游区", "Tourist Area"),
    ("虚拟生活区", "Living Area"), ("园区", "Park"), ("林场", "Forest Farm"),
    ("农场", "Farm"), ("区", "District"), ("市", ""), ("镇", "Town"), ("乡", "Township"),
    ("县", "County"), ("国家森林公园", "National Forest Park"), ("森林公园", "Forest Park"),
    ("体育公园", "Sports Park"), ("植物园", "Botanical Garden"), ("动物园", "Zoo"),
    ("公园", "Park"), ("绿地", "Green"), ("花园", "Garden"), ("新村", "Village"),
    ("公寓", "Apartments"), ("小区", "Estate"), ("江", "River"), ("运河", "Canal"),
    ("河", "River"), ("湖", "Lake"), ("小学", "Primary School"), ("中学", "Middle School"),
    ("学校", "School"), ("医院", "Hospital"), ("广场", "Plaza"), ("大厦", "Tower"),
)  # fmt: skip
_UNITS: Final = (
    ("道路设施养护所", "Road Maintenance"), ("环境卫生管理所", "Sanitation"),
    ("绿化管理所", "Greening"), ("给排水管理所", "Water and Drainage"),
    ("景观照明管理所", "Street Lighting"), ("供电服务站", "Power Service"),
    ("燃气抢修站", "Gas Emergency"), ("通信线路维护站", "Telecom Lines"),
    ("交通设施养护所", "Traffic Facilities"), ("城市管理综合执法队", "Urban Enforcement Team"),
    ("市场监督管理所", "Market Supervision"), ("公安联动岗", "Police Liaison"),
    ("房屋管理所", "Housing"), ("建设工程管理所", "Construction"), ("生态环境所", "Environment"),
    ("疾病预防控制站", "Disease Control"), ("民政事务所", "Civil Affairs"),
    ("消防救援站", "Fire Station"), ("综合处置队", "General Response Team"),
    ("城市运行管理中心", "Operations Centre"),
)  # fmt: skip
_POSTS: Final = (
    ("值守岗", "duty post"), ("受理岗", "intake post"), ("派遣岗", "dispatch post"),
    ("值班长岗", "shift lead"), ("带班领导岗", "duty leader"), ("网格监督岗", "grid supervisor"),
)  # fmt: skip
_FLEET: Final = {
    "网格巡查": "Grid patrol", "城管巡逻车": "Enforcement patrol", "环卫作业车": "Sanitation truck",
    "抢修车": "Repair van",
}  # fmt: skip
_TWO_SIGNS: Final = ("欧阳", "上官", "司马", "诸葛", "司徒", "夏侯", "东方", "皇甫")
_HAN: Final = re.compile(r"[\u3400-\u9fff]")
_METRO: Final = re.compile(r"^轨道交通(\d+)号线$")
_GRID: Final = re.compile(r"^(.+?)(\d{6})网格$")
_DUTY: Final = re.compile(r"^(.+?)第(\d+)责任网格$")
_SIDED: Final = re.compile(r"^(.{2,}?)([东南西北中])([一二三四五六七八九])?(路|大道|街)$")
_NUMBERED: Final = re.compile(r"^(.{2,}?)([一二三四五六七八九])(路|街)$")
_ORDINAL: Final = re.compile(r"^(.{2,}?)第?([一二三四五六七八九])$")
_ADDRESS: Final = re.compile(
    r"^(.+?(?:路|大道|街|公路))(?:(\d+)弄)?(?:(\d+)号)?(?:(\d+)(?:幢|号楼))?(?:(\d+)单元)?(?:(\d+)室)?$"
)
_HOUSE: Final = re.compile(r"^(\D+?)(\d+)号楼$")


@lru_cache(maxsize=20_000)
def english(name: str) -> str:
    """Return the English of a place, road, address or unit; what has no Chinese stays."""
    if not _HAN.search(name):
        return name
    if name in _CALLED:
        return _CALLED[name]
    kind, _, number = name.partition(" ")
    if kind in _FLEET:
        return f"{_FLEET[kind]} {number}".rstrip()
    return _post(name) or _unit(name) or _grid(name) or _address(name) or _place(name)


@lru_cache(maxsize=20_000)
def english_person(name: str) -> str:
    """Return a person's name as two words, surname first: 张伟民, Zhang Weimin."""
    if name in _CALLED:
        return _CALLED[name]
    if not _HAN.search(name) or len(name) < 2 or len(name) > 4:
        return english(name)
    cut = 2 if name[:2] in _TWO_SIGNS and len(name) > 2 else 1
    surname = "".join(_syllables(name[:cut], surname=True)).capitalize()
    return f"{surname} {_pinyin(name[cut:])}"


def english_matter(name: str) -> str:
    """Return the English of a matter, or of a path of matters; a city's own stays as it is."""
    names = _matters()
    return _UNDER.join(names.get(one, one) for one in name.split(_UNDER))


def _post(name: str) -> str:
    for ending, word in _POSTS:
        if name.endswith(ending) and len(name) > len(ending):
            return f"{english(name[: -len(ending)])}, {word}"
    return ""


def _unit(name: str) -> str:
    for ending, word in _UNITS:
        if name.endswith(ending):
            area = name[: -len(ending)]
            return f"{english(area)} {word}" if area else word
    return ""


def _grid(name: str) -> str:
    if found := _GRID.match(name):
        return f"{english(found[1])} Grid {found[2]}"
    if found := _DUTY.match(name):
        return f"{english(found[1])} Duty Grid {found[2]}"
    return f"Metro Line {found[1]}" if (found := _METRO.match(name)) else ""


def _address(name: str) -> str:
    if found := _HOUSE.match(name):
        return f"{english(found[1])}, Bldg {found[2]}"
    found = _ADDRESS.match(name)
    if not found:
        return ""
    road, lane, number, house, unit, room = found.groups()
    said = _road(road)
    if lane:
        said = f"Lane {lane} {said}"
    if number:
        said = f"No. {number}, {said}" if lane else f"{number} {said}"
    before = [f"{word} {n}" for word, n in (("Rm", room), ("Unit", unit), ("Bldg", house)) if n]
    return ", ".join([*before, said])


def _road(name: str, *, whole: bool = False) -> str:
    """Return a road as its sign has it; with `whole` the word Road in full."""
    if name in _CALLED:
        return _CALLED[name]
    if found := _SIDED.match(name):
        stem, side, figure, kind = found.groups()
        mark = _SIDES[side] + (f"-{_FIGURES[figure]}" if figure else "")
        return f"{_pinyin(stem)} {_kind(kind, whole=whole)} ({mark})"
    if found := _NUMBERED.match(name):
        stem, figure, kind = found.groups()
        return f"{_pinyin(stem)} No. {_FIGURES[figure]} {_kind(kind, whole=whole)}"
    for ending, word in _ROADS:
        if name.endswith(ending) and len(name) > len(ending):
            said = _kind(ending, whole=whole) if ending == "路" else word
            return f"{_pinyin(name[: -len(ending)])} {said}"
    return _pinyin(name)


def _kind(ending: str, *, whole: bool) -> str:
    return "Road" if whole and ending == "路" else dict(_ROADS)[ending]


def _place(name: str) -> str:
    for ending, word in _PLACES:
        if name.endswith(ending) and len(name) > len(ending):
            stem = name[: -len(ending)]
            return f"{_stem(stem)} {word}".rstrip()
    return _road(name)


def _stem(name: str) -> str:
    """Return what stands before the kind; there a road is written in full."""
    if found := _ORDINAL.match(name):
        return f"{_stem(found[1])} No. {_FIGURES[found[2]]}"
    if name.endswith("新村") and len(name) > 3:
        return f"{_stem(name[:-2])} Xincun"
    if name.endswith("路") and len(name) > 2:
        return _road(name, whole=True)
    return _pinyin(name)


def _pinyin(name: str) -> str:
    """Return `name` as one word, an apostrophe before an inner a, o or e."""
    words = [
        "".join((part[0], *(f"'{one}" if one[0] in "aoe" else one for one in part[1:])))
        for part in (_syllables(piece) for piece in re.findall(r"\d+|[^\d\s]+", name))
        if part
    ]
    return " ".join(word[:1].upper() + word[1:] for word in words)


def _syllables(name: str, *, surname: bool = False) -> list[str]:
    if surname and name in _SURNAMES:
        return [_SURNAMES[name]]
    for signs, read in _READ.items():
        name = name.replace(signs, f" {read} ")
    readings = _readings()
    pieces = re.findall(r"[\u3400-\u9fff]|[^\s\u3400-\u9fff]+", name)
    return [readings.get(piece, piece) for piece in pieces]


@cache
def _readings() -> dict[str, str]:
    """Return the usual reading of each sign; raises StorageFailure without the table."""
    try:
        lines = TABLE.read_text("utf-8").splitlines()
    except OSError as error:
        raise StorageFailure(
            f"The table {TABLE.name} cannot be read: {error}.",
            advice=f"Put resources/{TABLE.name} back as it was installed.",
        ) from error
    return {sign: read for read, signs in (line.split() for line in lines) for sign in signs}


@cache
def _matters() -> dict[str, str]:
    """Return Chinese and English names of matters; raises StorageFailure without the table."""
    try:
        with MATTERS.open(encoding="utf-8-sig", newline="") as file:
            return {row["name_zh"]: row["name_en"] for row in csv.DictReader(file)}
    except (OSError, KeyError) as error:
        raise StorageFailure(
            f"The table {MATTERS.name} cannot be read: {error}.",
            advice=f"Put resources/{MATTERS.name} back as it was installed.",
        ) from error


_SURNAMES: Final = {"曾": "zeng", "任": "ren", "单": "shan", "解": "xie", "仇": "qiu", "尹": "yin",
                    "吕": "lyu", "覃": "qin", "盖": "ge", "乐": "yue", "华": "hua"}  # fmt: skip
