"""How the map looks now: colours as numbers, scale-free. No Qt."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class MapTheme(Protocol):
    """What the map needs of the window's theme: colours as '#RRGGBB' (see `widgets.theme`)."""

    @property
    def dark(self) -> bool: ...
    @property
    def ground(self) -> str: ...
    @property
    def panel(self) -> str: ...
    @property
    def line(self) -> str: ...
    @property
    def text(self) -> str: ...
    @property
    def dim(self) -> str: ...
    @property
    def accent(self) -> str: ...
    @property
    def normal(self) -> str: ...
    @property
    def attention(self) -> str: ...
    @property
    def bad(self) -> str: ...
    @property
    def critical(self) -> str: ...
    @property
    def unknown(self) -> str: ...
    @property
    def normal_ink(self) -> str: ...
    @property
    def land(self) -> str: ...
    @property
    def outside(self) -> str: ...
    @property
    def water(self) -> str: ...
    @property
    def green(self) -> str: ...
    @property
    def expressway(self) -> str: ...
    @property
    def road_major(self) -> str: ...
    @property
    def road_minor(self) -> str: ...
    @property
    def road_face(self) -> str: ...
    @property
    def road_edge(self) -> str: ...
    @property
    def building(self) -> str: ...
    @property
    def building_edge(self) -> str: ...
    @property
    def metro(self) -> str: ...
    @property
    def grid_line(self) -> str: ...
    @property
    def area_line(self) -> str: ...
    @property
    def part_low(self) -> str: ...
    @property
    def part_high(self) -> str: ...


FAMILIES = 6
_QUIET = 0.22  # share of the ground in a family's hue
_FAMILY_LIGHT = (0x3B6FB5, 0x2A8A9A, 0x8C7A62, 0x6B8F5A, 0x64748B, 0xA2649B)
_FAMILY_DARK = (0x7FB0F2, 0x6CC4D2, 0xCDBBA0, 0xA8C291, 0xA9B6C6, 0xDBA3D4)


def everything() -> NDArray[np.uint8]:
    """Return the mask that wants all classes."""
    return np.ones(256, np.uint8)


@dataclass(frozen=True, eq=False)
class Values:
    """What areas are filled by: a value for each row of the store's areas, NaN for none.

    `by_row` float32 (n,). Limits (ascending) and colours (0xRRGGBB, one more than limits; None
    leaves the area alone) are chosen by whoever knows what the value means, so that legend and map
    say the same. Tiers are told apart by the scale (`layers.values.geometry`).
    """

    by_row: NDArray[np.float32]
    limits: tuple[float, ...]
    colours: tuple[int | None, ...]


@dataclass(frozen=True, eq=False)
class Heat:
    """What is warm: places in local metres, float64 (n, 2), and weights, float32 (n,)."""

    xy: NDArray[np.float64]
    weight: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Look:
    """Colours (0xRRGGBB), which layers are on, which classes of parts are wanted.

    `family` maps a class of parts to one of `FAMILIES` hues, uint8 (256,). `density` is parts a
    square metre where they lie densest: the ramp's top. `dpr` physical pixels a logical one,
    `scale` enlarges all symbols and line widths (a wall is read from afar), `icons` names
    the icon of each class of parts. `states` has bit s set for each wanted state s of parts.
    `states_ink` are the colours of the states of parts: whole, broken, lost, given up.
    `opacity` (1 where it names no layer) and `ranges` (logical metres a pixel, from and to) go by
    layer. `values` fills areas and `heat` warms places, if there are any.
    """

    dark: bool
    ground: int
    land: int
    text: int
    water: int
    green: int
    expressway: int
    road_major: int
    road_minor: int
    road_face: int
    road_edge: int
    building: int
    building_edge: int
    metro: int
    grid_line: int
    area_line: int
    part_low: int
    part_high: int
    accent: int
    states_ink: tuple[int, int, int, int]
    layers: frozenset[str]
    want: NDArray[np.uint8] = field(default_factory=everything)
    family: NDArray[np.uint8] = field(default_factory=lambda: np.zeros(256, np.uint8))
    density: float = 0.01
    dpr: float = 1.0
    scale: float = 1.0
    icons: tuple[str, ...] = ()
    states: int = 0b1111
    opacity: Mapping[str, float] = field(default_factory=dict)
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    values: Values | None = None
    heat: Heat | None = None

    def shows(self, layer: str, m_per_px: float) -> bool:
        """Whether a layer is on at a scale, logical metres a pixel."""
        least, most = self.ranges.get(layer, (0.0, math.inf))
        return layer in self.layers and least <= m_per_px <= most

    @property
    def coast(self) -> int:
        """What darkens the ground outside along the city's edge."""
        return mixed(self.water, self.ground, 0.35) if self.dark else mixed(self.water, 0, 0.12)

    @property
    def unit(self) -> float:
        """Physical pixels that a width or radius of 1 takes."""
        return self.dpr * self.scale

    def family_colours(self) -> NDArray[np.uint32]:
        """Return colours by class, uint32 (256,); the last is the ground, for rims."""
        family = _FAMILY_DARK if self.dark else _FAMILY_LIGHT
        hues = np.array([mixed(hue, self.land, _QUIET) for hue in family], np.uint32)
        colours = hues[self.family % FAMILIES]
        colours[255] = self.land
        return colours


def look_of(
    theme: MapTheme,
    layers: frozenset[str],
    *,
    want: NDArray[np.uint8] | None = None,
    family: NDArray[np.uint8] | None = None,
    density: float = 0.01,
    dpr: float = 1.0,
    scale: float = 1.0,
    icons: tuple[str, ...] = (),
    states: int = 0b1111,
    opacity: Mapping[str, float] | None = None,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    values: Values | None = None,
    heat: Heat | None = None,
) -> Look:
    """Return the look of `theme`."""
    c = colour
    return Look(
        dark=theme.dark,
        ground=c(theme.outside),
        land=c(theme.land),
        text=c(theme.text),
        water=c(theme.water),
        green=c(theme.green),
        expressway=c(theme.expressway),
        road_major=c(theme.road_major),
        road_minor=c(theme.road_minor),
        road_face=c(theme.road_face),
        road_edge=c(theme.road_edge),
        building=c(theme.building),
        building_edge=c(theme.building_edge),
        metro=c(theme.metro),
        grid_line=c(theme.grid_line),
        area_line=c(theme.area_line),
        part_low=c(theme.part_low),
        part_high=c(theme.part_high),
        accent=c(theme.accent),
        states_ink=(c(theme.normal), c(theme.attention), c(theme.bad), c(theme.unknown)),
        layers=layers,
        want=everything() if want is None else want,
        family=np.zeros(256, np.uint8) if family is None else family,
        density=density,
        dpr=dpr,
        scale=scale,
        icons=icons,
        states=states,
        opacity=opacity or {},
        ranges=ranges or {},
        values=values,
        heat=heat,
    )


def colour(text: str) -> int:
    """Return '#RRGGBB' as a number."""
    return int(text.lstrip("#"), 16)


def mixed(a: int, b: int, share: float) -> int:
    """Return `a` with `share` (0 to 1) of `b` in it."""
    parts = []
    for shift in (16, 8, 0):
        x, y = (a >> shift) & 255, (b >> shift) & 255
        parts.append(round(x + (y - x) * share) << shift)
    return sum(parts)


def wanting(*kinds: int) -> NDArray[np.uint8]:
    """Return the mask that wants these kinds only."""
    mask = np.zeros(256, np.uint8)
    mask[list(kinds)] = 1
    return mask


def fading(value: float, full: float, gone: float) -> float:
    """Return 1 at `full` and before, 0 at `gone` and beyond, even in between."""
    return float(np.clip((gone - value) / (gone - full), 0.0, 1.0))
