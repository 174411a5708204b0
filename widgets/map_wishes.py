"""What the person wants to see of the map: layers, classes of parts, their hues."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from app.domain.layers import LAYERS, LayerSpec, with_visible
from layers.look import FAMILIES, Heat, Look, MapTheme, Values, everything, look_of


def _families() -> NDArray[np.uint8]:
    return (np.arange(256) % FAMILIES).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Wishes:
    """Layers shown or hidden; `want` and `family` by class of part, uint8 (256,); so `icons`.

    `states` has a bit for each wanted state of parts; `values` and `heat` as in `layers.look`.
    """

    layers: tuple[LayerSpec, ...] = LAYERS
    want: NDArray[np.uint8] = field(default_factory=everything)
    family: NDArray[np.uint8] = field(default_factory=_families)
    icons: tuple[str, ...] = ()
    states: int = 0b1111
    values: Values | None = None
    heat: Heat | None = None

    def with_layer(self, key: str, visible: bool) -> Wishes:
        """Return the wishes with one layer shown or hidden."""
        return replace(self, layers=with_visible(self.layers, key, visible))

    def live(self, m_per_px: float) -> set[str]:
        """Return the layers drawn at each frame at a scale, logical metres a pixel.

        Clusters stand for the cases, so both are never drawn.
        """
        keys = {s.key for s in self.layers if s.live and s.shows_at(m_per_px)}
        return keys - {"cases"} if "clusters" in keys else keys

    def opacity(self, key: str) -> float:
        """Return how strongly a layer is drawn."""
        return next((s.opacity for s in self.layers if s.key == key), 1.0)

    def look(self, theme: MapTheme, density: float, dpr: float, scale: float) -> Look:
        """Return how tiles look under these wishes."""
        shown = frozenset(s.key for s in self.layers if s.visible)
        return look_of(
            theme,
            shown,
            want=self.want,
            family=self.family,
            density=density,
            dpr=dpr,
            scale=scale,
            icons=self.icons,
            states=self.states,
            opacity={s.key: s.opacity for s in self.layers if s.opacity < 1.0},
            ranges={s.key: (s.min_m_per_px, s.max_m_per_px) for s in self.layers if not s.live},
            values=self.values,
            heat=self.heat,
        )
