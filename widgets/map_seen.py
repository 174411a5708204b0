"""What of each layer is in sight, as rows of the legend: a swatch or ramp, words, figures."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from app.domain.camera import Bounds, Camera
from app.domain.map_columns import PIPE_KINDS
from app.engines.citystore import CityStore
from layers.look import FAMILIES, Look, MapTheme, Values, colour
from layers.pipes.geometry import LINES_FROM, kind_colour
from widgets.map_overlays import STATE_NAMES, LegendRow, Words
from widgets.map_picks import PARTS_FROM

_CELL = 256.0
_UNITS = ("patrol", "enforcement", "sanitation", "repair", "vehicle")  # kinds that have a name
_HEAT = ("#00D9480F", "#99D9480F", "#D9480F")


@dataclass(frozen=True, eq=False)
class Tallied:
    """What was counted in a view: parts by class int64 (256,), kinds of pipe that are there."""

    by_class: NDArray[np.int64]
    pipes: tuple[int, ...] = ()


def pipe_kinds(store: CityStore, box: Bounds) -> tuple[int, ...]:
    """Return the kinds of pipe in the cells that meet `box`, local metres (any thread)."""
    pipes, index = store.pipes, store.pipes.index
    near = store.relative(box)
    i0, i1 = max(int(near.x0 // _CELL), 0), min(int(near.x1 // _CELL) + 1, index.side)
    j0, j1 = max(int(near.y0 // _CELL), 0), min(int(near.y1 // _CELL) + 1, index.side)
    found: set[int] = set()
    for j in range(j0, j1):
        for i in range(i0, i1):
            c = int(index.cell[j * index.side + i])
            if c >= 0 and len(found) < len(PIPE_KINDS):
                start = int(index.start[c])
                found.update(np.unique(pipes.kind[start : start + int(index.num[c])]).tolist())
    return tuple(sorted(kind for kind in found if kind < len(PIPE_KINDS)))


def seen_rows(
    look: Look, camera: Camera, theme: MapTheme, tr: Words, tallied: Tallied,
    units: dict[str, int], clusters: tuple[int, ...],
) -> tuple[LegendRow, ...]:  # fmt: skip
    """Return the legend's rows for what is drawn at the camera's scale, below the states of cases.

    `units` are those in sight by kind; `clusters` the sizes of those in sight.
    """
    scale = camera.m_per_px
    rows = [
        LegendRow(tr(f"unit.{kind}" if kind in _UNITS else "identify.unit"), (theme.accent,),
                  f"{n:,}")
        for kind, n in sorted(units.items())
    ]  # fmt: skip
    if clusters:
        note = f"{min(clusters):,} – {max(clusters):,}"
        rows.append(LegendRow(tr("layer.clusters"), (theme.accent,), note))
    if look.shows("parts", scale) and scale <= PARTS_FROM:
        rows += _families(look, tr, tallied)
    if look.shows("pipes", scale) and scale <= LINES_FROM:
        for kind in tallied.pipes:
            name = PIPE_KINDS[kind]
            hue = f"#{kind_colour(look, name):06X}"
            rows.append(LegendRow(tr(f"identify.pipe_{name}"), (hue,)))
    if look.shows("heat", scale) and look.heat is not None:
        rows.append(LegendRow(tr("layer.heat"), _HEAT, "0 – 3+"))
    if look.shows("values", scale) and look.values is not None:
        rows += _steps(look.values, theme, tr)
    return tuple(rows)


def _families(look: Look, tr: Words, tallied: Tallied) -> list[LegendRow]:
    hues, rows = look.family_colours(), []
    for number in range(FAMILIES):
        members = np.flatnonzero((look.family == number) & (np.arange(256) != 255))
        n = int(tallied.by_class[members].sum())
        if n:
            hue = f"#{int(hues[members[0]]) & 0xFFFFFF:06X}"
            rows.append(LegendRow(tr(f"layer.family_{number}"), (hue,), f"{n:,}"))
    return rows


def _steps(values: Values, theme: MapTheme, tr: Words) -> list[LegendRow]:
    states = [colour(str(getattr(theme, name))) for name in STATE_NAMES[:4]]
    if list(values.colours) == states:
        return [
            LegendRow(tr(f"state.{name}"), (str(getattr(theme, name)),)) for name in STATE_NAMES[:4]
        ]
    rows = []
    for step, hue in enumerate(values.colours):
        if hue is None or step == 0:
            continue
        least = int(np.ceil(values.limits[step - 1]))
        last = step == len(values.limits)
        most = least if last else int(np.ceil(values.limits[step])) - 1
        words = f"≥ {least}" if last else (str(least) if most <= least else f"{least} – {most}")
        rows.append(LegendRow(words, (f"#{hue:06X}",)))
    return rows
