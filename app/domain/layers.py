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
    """

    key: str
    title: str
    order: int
    min_m_per_px: float = 0.0
    max_m_per_px: float = float("inf")
    live: bool = False
    visible: bool = True

    def shows_at(self, m_per_px: float) -> bool:
        """Whether it is drawn at this scale."""
        return self.visible and self.min_m_per_px <= m_per_px <= self.max_m_per_px


LAYERS: tuple[LayerSpec, ...] = (
    LayerSpec("base", "layer.base", 0),
    LayerSpec("buildings", "layer.buildings", 10, max_m_per_px=4.0),
    LayerSpec("roads", "layer.roads", 20),
    LayerSpec("pipes", "layer.pipes", 25, visible=False),
    LayerSpec("areas", "layer.areas", 30),
    LayerSpec("parts", "layer.parts", 40),
    LayerSpec("units", "layer.units", 50, live=True),
    LayerSpec("labels", "layer.labels", 60, live=True),  # over cases in their normal course
    LayerSpec("cases", "layer.cases", 70, live=True),
    LayerSpec("selection", "layer.selection", 80, live=True),
)


def with_visible(specs: Iterable[LayerSpec], key: str, visible: bool) -> tuple[LayerSpec, ...]:
    """Return the layers with one shown or hidden; an unknown key changes nothing."""
    return tuple(replace(s, visible=visible) if s.key == key else s for s in specs)
