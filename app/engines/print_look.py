"""How the city's own layers look on paper: quiet ground, roads by rank, edges of areas, words."""

from __future__ import annotations

from collections.abc import Callable

from app.engines.qgis_protocol import LayerStyle

Words = Callable[[str], str]

_ROADS = {
    "alley": ("#D9DEE4", 0.25),
    "local": ("#C6CED7", 0.45),
    "collector": ("#B4BEC9", 0.7),
    "arterial": ("#E7B964", 0.95),
    "expressway": ("#DE9A3A", 1.3),
}
_TIERS = {"street": ("#7C8794", 0.4), "district": ("#5B6775", 0.6)}
_SHOWN = {
    "zh": {
        "green": "绿地", "water": "水系", "building": "建筑", "alley": "弄、支路",
        "local": "次要道路",
        "collector": "次干路", "arterial": "主干路", "expressway": "快速路", "grid": "单元网格",
        "street": "街镇界", "district": "区界",
    },
    "en": {
        "green": "Green", "water": "Water", "building": "Building", "alley": "Lane",
        "local": "Local road", "collector": "Collector", "arterial": "Arterial",
        "expressway": "Expressway", "grid": "Grid", "street": "Street edge",
        "district": "District edge",
    },
}  # fmt: skip


def city_layers(lang: str = "zh", *, over_base: bool = False) -> list[LayerStyle]:
    """Return the layers of a city's map for paper, the lowest first.

    Over a base map our own ground is left away, and roads keep only their names.
    """
    said = _SHOWN[lang]
    edges = [
        LayerStyle(
            "area", "area", "none", 0.12, outline="#8FB3E8",
            where="tier = 'grid' AND valid_to IS NULL", title=said["grid"],
        ),
        *(
            LayerStyle(
                "area", "area", "none", width, outline=color,
                where=f"tier = '{tier}' AND valid_to IS NULL", title=said[tier],
            )
            for tier, (color, width) in _TIERS.items()
        ),
    ]  # fmt: skip
    if over_base:
        return edges
    ground = [
        LayerStyle("green", "area", "#DDEBD8", title=said["green"]),
        LayerStyle("water", "area", "#CFE1F2", title=said["water"]),
        LayerStyle("building", "area", "#E9E6E1", 0.08, outline="#CBC5BC", title=said["building"]),
        LayerStyle(
            "road", "line", "#C6CED7", 0.4, where="kind <> 'metro'", by="kind", classes=_ROADS,
            label="name", title="road", titles=said,
        ),
    ]  # fmt: skip
    return ground + edges
