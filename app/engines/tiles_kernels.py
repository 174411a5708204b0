"""All compiled kernels in one place: set-up compiles them once into numba's cache.

Signatures are explicit, so importing this module compiles what the cache lacks (some ten seconds)
or loads it (a fraction of one). The window imports it on a pool thread, never on its own.
"""

from __future__ import annotations

from collections.abc import Callable

from app.engines import (
    tiles_counts,
    tiles_fields,
    tiles_lines,
    tiles_plan,
    tiles_points,
    tiles_shapes,
)

KERNELS = (
    tiles_points.density,
    tiles_points.lay_density,
    tiles_points.dots,
    tiles_points.nearest,
    tiles_counts.classify,
    tiles_counts.tally,
    tiles_counts.gather,
    tiles_lines.metres,
    tiles_lines.lay_metres,
    tiles_lines.pipes,
    tiles_fields.choropleth,
    tiles_fields.heat,
    tiles_shapes.fill,
    tiles_shapes.lay_fill,
    tiles_shapes.stroke,
    tiles_shapes.lay_cover,
    tiles_plan.run,
)


def compile_all(progress: Callable[[str, int, int], None] | None = None) -> int:
    """Return how many kernels are ready: the import of this module has compiled or loaded them."""
    if progress is not None:
        progress("kernels", len(KERNELS), len(KERNELS))
    return len(KERNELS)
