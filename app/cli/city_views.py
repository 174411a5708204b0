"""How a city's facts, totals and counts look in a terminal and as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from app.cli.printing import print_json, print_line, table
from app.cli.words import said, word

# What the totals and counts are called; the window shows none of them.
_NAMES: Final[dict[str, tuple[str, str]]] = {
    "districts": ("区", "Districts"),
    "streets": ("街镇", "Streets"),
    "platforms": ("街镇平台", "Street platforms"),
    "communities": ("居村", "Communities"),
    "grids": ("单元网格", "Grids"),
    "duty_grids": ("责任网格", "Duty grids"),
    "road_km": ("道路长度", "Roads"),
    "buildings": ("建筑", "Buildings"),
    "tall_buildings": ("8 层以上建筑", "Buildings of 8 storeys and more"),
    "curtain_walls": ("玻璃幕墙建筑", "Curtain-wall buildings"),
    "historic": ("历史保护建筑", "Historic buildings"),
    "floor_m2": ("建筑面积", "Floor area"),
    "compounds": ("住宅小区", "Compounds"),
    "sites": ("建设工地", "Construction sites"),
    "pipes": ("管线段", "Pipe segments"),
    "pipe_km": ("地下管线", "Pipes"),
    "drain_km": ("排水管网", "Drains"),
    "parts": ("城市部件", "Parts"),
    "people": ("人口", "People"),
    "registered": ("户籍人口", "Registered people"),
    "households": ("户数", "Households"),
    "aged_60": ("60 岁及以上", "Aged 60 and more"),
    "firms": ("企业", "Firms"),
    "firms_trade": ("批发零售企业", "Firms: trade"),
    "firms_business": ("租赁和商务服务企业", "Firms: business services"),
    "firms_science": ("科技与信息企业", "Firms: science and IT"),
    "firms_manufacturing": ("制造企业", "Firms: manufacturing"),
    "firms_construction": ("建筑企业", "Firms: construction"),
    "firms_catering": ("住宿餐饮企业", "Firms: hotels and catering"),
    "firms_transport": ("交通仓储企业", "Firms: transport"),
    "firms_other": ("其他企业", "Firms: others"),
    "firms_micro": ("微型企业", "Micro firms"),
    "firms_small": ("小型企业", "Small firms"),
    "firms_medium": ("中型企业", "Medium firms"),
    "firms_large": ("大型企业", "Large firms"),
    "metro_trips": ("轨交日客流", "Metro trips a day"),
    "bus_trips": ("公交日客流", "Bus trips a day"),
    "road_trips": ("道路日车次", "Vehicle trips a day"),
    "flights": ("日起降航班", "Flights a day"),
}
_HEADS: Final = {
    "name": ("指标", "Figure"),
    "value": ("数值", "Value"),
    "wanted": ("应为", "Wanted"),
    "unit": ("单位", "Unit"),
    "date": ("日期", "Date"),
}
_MASKED: Final = ("已遮蔽", "masked")
_UNITS: Final = {"count": ("", ""), "a day": ("每日", "a day")}


def show_city(shown: Mapping[str, Any], *, as_json: bool, lang: str) -> None:
    """Print what `shown` holds: `facts`, `totals` and `area` with its `counts`."""
    if as_json:
        print_json(shown)
        return
    facts, area = shown["facts"], shown["area"]
    mark = f" [{word('sample', lang)}]" if facts["sample"] else ""
    print_line(f"{facts['name']}  {facts['code']}{mark}")
    if shown["totals"]:
        _table("name value wanted unit date", shown["totals"], lang)
    mark = f" [{word('sample', lang)}]" if area["sample"] else ""
    name = (area["name_en"] if lang == "en" else "") or area["name"]
    print_line(f"{said('tier', area['tier'], lang)}  {name}  {area['code']}{mark}")
    if area["counts"]:
        _table("name value date", area["counts"], lang)


def _table(columns: str, rows: list[Mapping[str, Any]], lang: str) -> None:
    names = columns.split()
    heads = [_said(_HEADS, name, lang) for name in names]
    table(heads, ([_cell(row, name, lang) for name in names] for row in rows))


def _cell(row: Mapping[str, Any], column: str, lang: str) -> str:
    value = row[column]
    if column == "name":
        return _said(_NAMES, str(value), lang)
    if column == "value" and row.get("masked"):
        return _MASKED[lang == "en"]
    if value is None:
        return ""
    if isinstance(value, int | float):
        return f"{value:,.1f}".removesuffix(".0")
    return _said(_UNITS, str(value), lang)


def _said(words: Mapping[str, tuple[str, str]], key: str, lang: str) -> str:
    return words.get(key, (key, key))[lang == "en"]
