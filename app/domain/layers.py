"""What the map shows, as descriptions: which layer, from which scale to which, in what order.

How rows become shapes lies in `layers/<kind>/geometry.py`, drawing in `layers/<kind>/painter.py`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True)
class LayerSpec:
    """One layer of the map.

    Attributes:
        key: name of the folder in `layers/` that draws it.
        title: key of its name in the translation tables.
        order: lower is drawn first.
        min_m_per_px, max_m_per_px: scales between which it is drawn (inclusive).
        live: drawn at each frame over the tiles, not into them.
        visible: whether the person wants it.
        group: under which heading the layer tree shows it; one of `GROUPS`.
        opacity: 1 as it is, 0 nothing.
    """

    key: str
    title: str
    order: int
    min_m_per_px: float = 0.0
    max_m_per_px: float = float("inf")
    live: bool = False
    visible: bool = True
    group: str = "ground"
    opacity: float = 1.0

    def shows_at(self, m_per_px: float) -> bool:
        """Whether it is drawn at this scale."""
        return self.visible and self.min_m_per_px <= m_per_px <= self.max_m_per_px


GROUPS = ("now", "parts", "values", "areas", "ground")  # as the layer tree shows them

LAYERS: tuple[LayerSpec, ...] = (
    LayerSpec("base", "layer.base", 0),
    LayerSpec("buildings", "layer.buildings", 10, max_m_per_px=6.0),
    LayerSpec("roads", "layer.roads", 20),
    LayerSpec("pipes", "layer.pipes", 25, visible=False, group="parts"),
    LayerSpec("values", "layer.values", 28, visible=False, group="values"),
    LayerSpec("areas", "layer.areas", 30, group="areas"),
    LayerSpec("parts", "layer.parts", 40, group="parts"),
    LayerSpec("heat", "layer.heat", 45, visible=False, group="values"),
    LayerSpec("units", "layer.units", 50, live=True, group="now"),
    LayerSpec("clusters", "layer.clusters", 55, live=True, visible=False, group="values"),
    LayerSpec("labels", "layer.labels", 60, live=True, group="areas"),  # over quiet cases
    LayerSpec("cases", "layer.cases", 70, live=True, group="now"),
    LayerSpec("selection", "layer.selection", 80, live=True, group="now"),
)

_USUAL = {spec.key: spec for spec in LAYERS}


def with_visible(specs: Iterable[LayerSpec], key: str, visible: bool) -> tuple[LayerSpec, ...]:
    """Return the layers with one shown or hidden; an unknown key changes nothing."""
    return tuple(replace(s, visible=visible) if s.key == key else s for s in specs)


def with_opacity(specs: Iterable[LayerSpec], key: str, opacity: float) -> tuple[LayerSpec, ...]:
    """Return the layers with one drawn fainter or stronger, 0 to 1."""
    kept = min(max(opacity, 0.0), 1.0)
    return tuple(replace(s, opacity=kept) if s.key == key else s for s in specs)


def with_only(specs: Iterable[LayerSpec], keys: Iterable[str]) -> tuple[LayerSpec, ...]:
    """Return the layers with exactly these shown."""
    shown = frozenset(keys)
    return tuple(replace(s, visible=s.key in shown) for s in specs)


# Scales, metres a pixel, at which a layer may begin or end: octaves, and no limit on either side.
STOPS: tuple[float, ...] = (0.0, *(2.0**n for n in range(-3, 10)), float("inf"))


def nearest_stop(m_per_px: float) -> int:
    """Return the index in `STOPS` that stands for a limit of a layer."""
    if m_per_px <= 0.0:
        return 0
    if m_per_px > STOPS[-2] * 1.5:
        return len(STOPS) - 1
    inner = range(1, len(STOPS) - 1)
    return min(inner, key=lambda n: abs(STOPS[n] / m_per_px - 1) + abs(m_per_px / STOPS[n] - 1))


def usual(key: str) -> LayerSpec:
    """Return a layer as the program brings it; raises `KeyError` for an unknown one."""
    return _USUAL[key]


def as_usual(specs: Iterable[LayerSpec], key: str) -> tuple[LayerSpec, ...]:
    """Return the layers with the strength and scales of one as the program brings them."""
    return tuple(replace(usual(key), visible=s.visible) if s.key == key else s for s in specs)


def with_range(
    specs: Iterable[LayerSpec], key: str, least: float, most: float
) -> tuple[LayerSpec, ...]:
    """Return the layers with one drawn only from `least` to `most` metres a pixel."""
    return tuple(
        replace(s, min_m_per_px=least, max_m_per_px=most) if s.key == key else s for s in specs
    )
