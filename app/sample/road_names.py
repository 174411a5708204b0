"""What roads are called: known names where they are known to be, and names that sound alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from app.domain.geodesy import CityFrame

PLACES = ["四川", "河南", "山东", "浙江", "江西", "福建", "广东", "广西", "云南", "贵州", "陕西", "山西", "甘肃", "青海", "宁夏", "西藏", "新疆", "辽宁", "吉林", "河北", "湖北", "天津", "苏州", "无锡", "常州", "镇江", "扬州", "徐州", "宁波", "温州", "嘉兴", "湖州", "绍兴", "金华", "衢州", "台州", "丽水", "福州", "厦门", "泉州", "漳州", "汕头", "梧州", "桂林", "柳州", "南宁", "昆明", "大理", "贵阳", "遵义", "成都", "宜昌", "武昌", "汉口", "长沙", "岳阳", "衡阳", "常德", "九江", "南昌", "赣州", "上饶", "合肥", "芜湖", "安庆", "蚌埠", "济南", "青岛", "烟台", "威海", "潍坊", "泰安", "临沂", "洛阳", "开封", "郑州", "许昌", "南阳", "西安", "宝鸡", "汉中", "兰州", "天水", "敦煌", "酒泉", "西宁", "银川", "包头", "太原", "大同", "长治", "临汾", "保定", "唐山", "承德", "邯郸", "沈阳", "大连", "鞍山", "抚顺", "本溪", "锦州", "营口", "长春", "四平", "海伦", "牡丹江", "佳木斯", "黑河", "漠河", "伊犁", "喀什", "哈密", "和田", "拉萨", "日喀则", "林芝", "昌都", "丽江", "普洱", "保山", "曲靖", "昭通", "六盘水", "安顺", "毕节", "乐山", "绵阳", "宜宾", "泸州", "自贡", "内江", "达州", "万县", "涪陵", "恩施", "荆州", "襄阳", "十堰", "孝感", "黄冈", "咸宁", "株洲", "湘潭", "邵阳", "怀化", "永州", "郴州", "韶关", "梅州", "惠州", "肇庆", "湛江", "茂名"]
_FIRST = ["安", "永", "康", "长", "和", "光", "新", "金", "兴", "华", "同", "春", "景", "德", "福", "吉", "嘉", "锦", "静", "兰", "莲", "灵", "龙", "梅", "明", "宁", "平", "浦", "青", "清", "仁", "瑞", "尚", "申", "盛", "松", "泰", "天", "望", "文", "祥", "秀", "学", "雅", "怡", "银", "迎", "玉", "云", "振", "正", "志", "竹", "紫"]
_SECOND = ["安", "昌", "成", "达", "德", "丰", "凤", "福", "富", "广", "国", "和", "恒", "虹", "华", "惠", "吉", "建", "江", "康", "乐", "利", "林", "隆", "鹿", "茂", "民", "宁", "平", "泉", "荣", "山", "胜", "泰", "田", "通", "旺", "西", "溪", "祥", "新", "兴", "秀", "阳", "谊", "义", "益", "永", "裕", "源", "泽", "镇", "中", "洲"]

# name, degrees WGS 84 of its middle, whether it runs east-west; placed by eye
KNOWN: tuple[tuple[str, float, float, bool], ...] = (
    ("淮海中路", 121.4485, 31.2140, True), ("漕溪北路", 121.4345, 31.1890, False),
    ("延安中路", 121.4570, 31.2240, True), ("南京西路", 121.4530, 31.2290, True),
    ("南京东路", 121.4800, 31.2370, True), ("西藏中路", 121.4740, 31.2330, False),
    ("肇嘉浜路", 121.4520, 31.1985, True), ("华山路", 121.4340, 31.2080, False),
    ("徐家汇路", 121.4700, 31.2050, True), ("北京西路", 121.4600, 31.2325, True),
    ("人民路", 121.4870, 31.2280, False), ("中山东一路", 121.4890, 31.2380, False),
    ("复兴中路", 121.4510, 31.2110, True), ("汾阳路", 121.4500, 31.2095, False),
    ("长乐路", 121.4500, 31.2180, True), ("安福路", 121.4415, 31.2150, True),
    ("五原路", 121.4430, 31.2130, True), ("高安路", 121.4430, 31.2055, False),
    ("康平路", 121.4390, 31.2040, True), ("永嘉路", 121.4520, 31.2060, True),
    ("武康路", 121.4370, 31.2100, False), ("湖南路", 121.4400, 31.2095, True),
    ("常熟路", 121.4480, 31.2160, False), ("乌鲁木齐中路", 121.4445, 31.2120, False),
    ("乌鲁木齐南路", 121.4470, 31.2040, False), ("襄阳南路", 121.4560, 31.2090, False),
    ("陕西南路", 121.4590, 31.2110, False), ("宝庆路", 121.4490, 31.2125, False),
    ("衡山路", 121.4430, 31.2025, True), ("建国西路", 121.4530, 31.2030, True),
    ("太原路", 121.4545, 31.2050, False), ("岳阳路", 121.4510, 31.2050, False),
    ("东平路", 121.4470, 31.2080, True), ("桃江路", 121.4470, 31.2100, True),
    ("余庆路", 121.4380, 31.2020, True), ("天平路", 121.4345, 31.2010, False),
    ("广元路", 121.4360, 31.1980, True), ("宛平路", 121.4420, 31.1990, False),
    ("兴国路", 121.4330, 31.2060, False), ("泰安路", 121.4345, 31.2090, True),
    ("延庆路", 121.4480, 31.2165, True), ("富民路", 121.4510, 31.2190, False),
    ("新乐路", 121.4535, 31.2155, True), ("东湖路", 121.4530, 31.2165, False),
    ("茂名南路", 121.4620, 31.2170, False), ("瑞金二路", 121.4660, 31.2120, False),
    ("思南路", 121.4690, 31.2130, False), ("巨鹿路", 121.4560, 31.2200, True),
    ("进贤路", 121.4600, 31.2190, True), ("南昌路", 121.4640, 31.2170, True),
    ("皋兰路", 121.4690, 31.2170, True), ("绍兴路", 121.4650, 31.2080, True),
    ("嘉善路", 121.4580, 31.2040, False), ("枫林路", 121.4520, 31.1950, False),
    ("斜土路", 121.4560, 31.1940, True), ("东安路", 121.4560, 31.1910, False),
    ("零陵路", 121.4480, 31.1900, True), ("天钥桥路", 121.4400, 31.1900, False),
    ("虹桥路", 121.4250, 31.1990, True), ("番禺路", 121.4270, 31.2080, False),
    ("新华路", 121.4250, 31.2070, True), ("法华镇路", 121.4270, 31.2050, True),
    ("愚园路", 121.4330, 31.2220, True), ("江苏路", 121.4290, 31.2190, False),
    ("武夷路", 121.4200, 31.2160, True), ("定西路", 121.4210, 31.2130, False),
    ("福州路", 121.4810, 31.2340, True), ("汉口路", 121.4820, 31.2355, True),
    ("九江路", 121.4830, 31.2370, True), ("四川中路", 121.4860, 31.2360, False),
    ("河南中路", 121.4830, 31.2360, False), ("福建中路", 121.4790, 31.2350, False),
    ("云南中路", 121.4760, 31.2340, False), ("世纪大道", 121.5200, 31.2330, True),
    ("陆家嘴环路", 121.5010, 31.2400, False), ("浦东南路", 121.5110, 31.2280, False),
    ("张杨路", 121.5230, 31.2270, True), ("四平路", 121.5000, 31.2780, False),
    ("长寿路", 121.4350, 31.2440, True), ("共和新路", 121.4560, 31.2700, False),
)  # fmt: skip


@dataclass(frozen=True)
class Street:
    """A road to be named: its line (local metres), and whether it is a main road."""

    line: shapely.LineString
    main: bool


def name_known(
    lines: NDArray[np.object_], main: NDArray[np.bool_], frame: CityFrame
) -> dict[int, str]:
    """Give known names to the roads that run nearest to where they should and the same way."""
    tree = shapely.STRtree(lines)
    taken: dict[int, str] = {}
    for name, lon, lat, east in KNOWN:
        x, y = frame.to_xy(lon, lat)
        here = shapely.Point(x, y)
        best, cost = -1, 520.0
        for i in tree.query(here, predicate="dwithin", distance=500.0).tolist():
            if i in taken or runs_east(lines[i]) != east or lines[i].length < 180:
                continue
            wide = name.endswith(("中路", "东路", "西路", "北路", "大道"))
            price = lines[i].distance(here) + (0 if main[i] == wide else 60)
            price += 0.25 * max(0.0, 700 - lines[i].length)
            if price < cost:
                best, cost = i, price
        if best >= 0:
            taken[best] = name
    return taken


def runs_east(line: shapely.LineString) -> bool:
    """Tell whether a line runs more from west to east than from south to north."""
    (x0, y0), (x1, y1) = line.coords[0], line.coords[-1]
    return bool(abs(x1 - x0) >= abs(y1 - y0))


def main_names(rng: np.random.Generator) -> Iterator[str]:
    """Yield stems for main roads without end: places first, then pairs of good characters."""
    known = {name[:2] for name, *_ in KNOWN}
    yield from (PLACES[i] for i in rng.permutation(len(PLACES)) if PLACES[i] not in known)
    yield from stems(rng)


def stems(rng: np.random.Generator) -> Iterator[str]:
    """Yield pairs of good characters without end, in an order of chance."""
    known = {name[:2] for name, *_ in KNOWN}
    pairs = [a + b for a in _FIRST for b in _SECOND if a != b and a + b not in known]
    while True:
        yield from (pairs[i] for i in rng.permutation(len(pairs)))


def section_names(stem: str, east: bool, count: int) -> Sequence[str]:
    """Return the names of a road's sections from west to east or from south to north."""
    if count == 1:
        return (f"{stem}路",)
    if count == 2:
        return (f"{stem}西路", f"{stem}东路") if east else (f"{stem}南路", f"{stem}北路")
    low, high = ("西", "东") if east else ("南", "北")
    third = count / 3
    return [
        f"{stem}{low if i < third else high if i >= count - third else '中'}路"
        for i in range(count)
    ]
