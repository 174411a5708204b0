"""What the person wants to see of the map: layers, classes of parts, their hues."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from app.domain.layers import LAYERS, LayerSpec, with_visible
from layers.look import FAMILIES, Look, MapTheme, everything, look_of


def _families() -> NDArray[np.uint8]:
    return (np.arange(256) % FAMILIES).astype(np.uint8)


@dataclass(frozen=True, eq=False)
class Wishes:
    """Layers shown or hidden; `want` and `family` by class of part, uint8 (256,); so `icons`."""

    layers: tuple[LayerSpec, ...] = LAYERS
    want: NDArray[np.uint8] = field(default_factory=everything)
    family: NDArray[np.uint8] = field(default_factory=_families)
    icons: tuple[str, ...] = ()

    def with_layer(self, key: str, visible: bool) -> Wishes:
        """Return the wishes with one layer shown or hidden."""
        return replace(self, layers=with_visible(self.layers, key, visible))

    def live(self) -> set[str]:
        """Return the layers drawn at each frame."""
        return {s.key for s in self.layers if s.live and s.visible}

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
        )
