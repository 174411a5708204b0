"""Every kind of layer looks as it was blessed, by day and by night (see `tests.support.images`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QRectF
from PySide6.QtGui import QColor, QPainter

from app.domain.camera import Camera
from app.engines.citystore import CityStore
from layers.cases.geometry import Points
from layers.cases.painter import CasePainter
from layers.clusters import painter as clusters
from layers.clusters.geometry import bubbles_of
from layers.labels.geometry import (
    DISTRICT,
    GREEN,
    GRID,
    INNER,
    MAIN,
    ROAD,
    STREET,
    WATER,
    Candidate,
)
from layers.labels.painter import LabelPainter
from layers.look import Heat, Look, Values, look_of
from layers.selection import painter as selection
from layers.selection.painter import Selection
from layers.tiles import parts_at_most, sketch
from layers.units.painter import UnitPainter
from tests.support import images
from tests.support.images import HIGH, WIDE, Image, ImageCheck
from widgets.icons import load_icons
from widgets.map_icons import PartIcons, icon_of
from widgets.map_overlays import type_of
from widgets.theme import Theme, load_theme

EXPECTED = Path(__file__).with_name("expected")
THEMES = ("light", "dark")
ICONS = (
    "tree",
    "post-lamp",
    "pipe-valve",
    "traffic-light",
    "bus-stop",
    "fire-hydrant",
    "trash-can",
)


@pytest.fixture(autouse=True)
def blessed(qapp: object) -> None:
    """Fail, never skip, where pictures would differ for reasons of the machine."""
    faults = images.set_up_faults()
    if faults:
        pytest.fail("Pictures can only be compared on the blessed set-up: " + "; ".join(faults))


@pytest.fixture
def check(request: pytest.FixtureRequest) -> ImageCheck:
    return ImageCheck(EXPECTED, renew=bool(request.config.getoption("--renew-images")))


def look(store: CityStore, theme: str, *layers: str, **other: object) -> Look:
    made = look_of(
        load_theme(theme), frozenset({"base", *layers}), density=parts_at_most(store),
        family=(np.arange(256) % 6).astype(np.uint8),
    )  # fmt: skip
    return replace(made, **other)  # type: ignore[arg-type]


def ground(
    store: CityStore, shown: Look, m_per_px: float, at: tuple[float, float] = (700.0, 300.0)
) -> Image:
    x0, y1 = at[0] - WIDE / 2 * m_per_px, at[1] + HIGH / 2 * m_per_px
    return sketch(store, shown, m_per_px).draw(x0, y1, m_per_px, WIDE, HIGH)


def choropleth(store: CityStore) -> Values:
    rows = np.arange(len(store.shapes["area"]), dtype=np.float32) % 5
    return Values(rows, (1.0, 2.0, 3.0, 4.0), (None, 0xC6DBF7, 0x86B4F0, 0x4A8CE8, 0x1F5FC4))


def warm() -> Heat:
    xy = np.array([[300.0, 500.0], [420.0, 560.0], [900.0, 100.0], [1000.0, 500.0]])
    return Heat(xy, np.array([1.0, 1.0, 3.0, 0.4], np.float32))


Extra = Callable[[CityStore], dict[str, object]]


def none(_store: CityStore) -> dict[str, object]:
    return {}


GROUNDS: dict[str, tuple[tuple[str, ...], float, tuple[float, float], Extra]] = {
    "base": ((), 40.0, (-1500.0, 2500.0), none),
    "areas-city": (("areas",), 30.0, (0.0, 0.0), none),
    "areas-grid": (("areas",), 2.2, (220.0, 180.0), none),
    "roads-far": (("roads",), 25.0, (0.0, 0.0), none),
    "roads-near": (("roads",), 1.2, (700.0, 300.0), none),
    "buildings": (("buildings",), 1.0, (-1850.0, 550.0), none),
    "pipes-far": (("pipes",), 12.0, (0.0, 0.0), none),
    "pipes-near": (("pipes",), 1.0, (700.0, 300.0), none),
    "parts-density": (("parts",), 25.0, (0.0, 0.0), none),
    "parts-dots": (("parts",), 2.2, (200.0, 200.0), none),
    "parts-states": (("roads", "parts"), 0.6, (75.0, 525.0), none),
    "values-district": (
        ("values", "areas"), 35.0, (0.0, 0.0), lambda s: {"values": choropleth(s)}
    ),
    "values-grid": (("values", "areas"), 4.0, (0.0, 0.0), lambda s: {"values": choropleth(s)}),
    "heat": (("roads", "heat"), 5.0, (700.0, 300.0), lambda _s: {"heat": warm()}),
}  # fmt: skip


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("kind", GROUNDS)
def test_that_a_layer_of_the_ground_looks_as_blessed(
    small_store: CityStore, check: ImageCheck, kind: str, theme: str
) -> None:
    layers, m_per_px, at, extra = GROUNDS[kind]
    shown = look(small_store, theme, *layers, **extra(small_store))
    check(f"{kind}-{theme}", ground(small_store, shown, m_per_px, at))


Draw = Callable[[QPainter, Camera, Theme], None]


def painted(theme: Theme, draw: Draw, m_per_px: float = 1.0) -> Image:
    image = images.canvas(theme.land)
    painter = images.painter_on(image)
    try:
        draw(painter, Camera(0.0, 0.0, m_per_px, 0.0, 0.0, WIDE, HIGH), theme)
    finally:
        painter.end()
    return images.pixels(image)


def places(n: int, seed: int = 3) -> NDArray[np.float64]:
    chance = np.random.default_rng(seed)
    return chance.uniform((-140, -90), (140, 90), (n, 2))


def points(xy: NDArray[np.float64], mark: NDArray[np.uint8]) -> Points:
    uids = tuple(UUID(int=n + 1) for n in range(len(xy)))
    return Points(uids, xy[:, 0].copy(), xy[:, 1].copy(), mark)


def cases(painter: QPainter, camera: Camera, theme: Theme) -> None:
    xy = np.stack(np.meshgrid(np.linspace(-120, 120, 5), [-60.0, 0.0, 60.0]), -1).reshape(-1, 2)
    CasePainter().paint(painter, points(xy, (np.arange(15) % 5).astype(np.uint8)), camera, theme)


def cases_far(painter: QPainter, camera: Camera, theme: Theme) -> None:
    mark = (np.arange(60) % 5).astype(np.uint8)
    far = replace(camera, m_per_px=60.0)
    CasePainter().paint(painter, points(places(60) * 60, mark), far, theme)


def bubbles(painter: QPainter, camera: Camera, theme: Theme) -> None:
    found = bubbles_of(places(4_000) * np.array([1.0, 0.9]), 1.0)
    clusters.paint(painter, found, camera, theme, type_of(13))


def units(painter: QPainter, camera: Camera, theme: Theme) -> None:
    heading = np.where(np.arange(30) % 4 == 0, np.nan, np.arange(30) * 37.0)
    UnitPainter().paint(painter, points(places(30), np.zeros(30, np.uint8)), heading, camera, theme)


def many_units(painter: QPainter, camera: Camera, theme: Theme) -> None:
    n = 600
    far = replace(camera, m_per_px=40.0)
    where = points(places(n) * 40, np.zeros(n, np.uint8))
    UnitPainter().paint(painter, where, np.full(n, np.nan), far, theme)


NAMES = (
    Candidate(DISTRICT, "浦东新区", -90, 80), Candidate(INNER, "黄浦", 90, 80, lead=(60.0, 40.0)),
    Candidate(STREET, "湖南路街道", -90, 40), Candidate(WATER, "苏州河", 70, 10),
    Candidate(MAIN, "延安高架路", -60, -10, -18.0), Candidate(ROAD, "武康路", 20, -20, 78.0),
    Candidate(ROAD, "Wukang Rd", 60, -40, 70.0), Candidate(GREEN, "复兴公园", -90, -60),
    Candidate(GRID, "012007", 110, -80),
)  # fmt: skip


def labels(painter: QPainter, camera: Camera, theme: Theme) -> None:
    painter.fillRect(0, 120, WIDE, 26, QColor(theme.water))
    LabelPainter().paint(painter, NAMES, camera, theme, QRectF(0, 0, WIDE, HIGH))


def chosen(painter: QPainter, camera: Camera, theme: Theme) -> None:
    font = type_of(14)
    selection.paint(painter, Selection(-90, 50, "紫利路10号"), camera, theme, font)
    selection.paint(painter, Selection(80, -50, "武康路2号", urgent=True), camera, theme, font)


def badges(painter: QPainter, _camera: Camera, theme: Theme) -> None:
    load_icons()
    icons = tuple(ICONS[n % len(ICONS)] for n in range(256))
    family = (np.arange(256) % 6).astype(np.uint8)
    shown = look_of(theme, frozenset({"parts"}), icons=icons, family=family, scale=2.0)
    for kind in range(6):
        for state in range(4):
            painter.drawPixmap(20 + kind * 48, 14 + state * 50, icon_of(kind, state, shown))


PAINTED: dict[str, Draw] = {
    "parts-badges": badges,
    "cases": cases, "cases-far": cases_far, "clusters": bubbles, "units": units,
    "units-many": many_units, "labels": labels, "selection": chosen,
}  # fmt: skip


@pytest.mark.parametrize("name", THEMES)
@pytest.mark.parametrize("kind", PAINTED)
def test_that_a_live_layer_looks_as_blessed(check: ImageCheck, kind: str, name: str) -> None:
    check(f"{kind}-{name}", painted(load_theme(name), PAINTED[kind]))


@pytest.mark.parametrize("theme", THEMES)
def test_that_icons_with_their_states_look_as_blessed(
    small_store: CityStore, check: ImageCheck, theme: str
) -> None:
    load_icons()
    icons = tuple(ICONS[n % len(ICONS)] for n in range(256))
    shown = look(small_store, theme, "roads", "parts", icons=icons)
    camera = Camera(75.0, 525.0, 0.25, 0.0, 0.0, WIDE, HIGH)
    image = images.as_qimage(ground(small_store, shown, 0.25, (75.0, 525.0)))
    painter = images.painter_on(image)
    try:
        drawn = PartIcons().paint(painter, small_store, shown, camera)
    finally:
        painter.end()
    assert drawn > 5
    check(f"parts-icons-{theme}", images.pixels(image))


# ---- the comparison itself --------------------------------------------------------------


@pytest.fixture
def strict(tmp_path: Path) -> ImageCheck:
    """Return a check whose diff images go nowhere else."""
    return ImageCheck(EXPECTED, build=tmp_path)


def roads(store: CityStore, **other: object) -> Image:
    return ground(store, look(store, "light", "roads", **other), 1.2)


def test_that_a_layer_two_pixels_off_is_found(small_store: CityStore, strict: ImageCheck) -> None:
    drawn = roads(small_store)
    strict("roads-near-light", drawn)
    with pytest.raises(pytest.fail.Exception, match="differ by more"):
        strict("roads-near-light", np.roll(drawn, 2, axis=1))
    assert (strict.build / "roads-near-light-diff.png").is_file()


def test_that_a_colour_swapped_is_found(small_store: CityStore, strict: ImageCheck) -> None:
    swapped = look(small_store, "light").water
    with pytest.raises(pytest.fail.Exception, match="differ by more"):
        strict("roads-near-light", roads(small_store, road_face=swapped))


def test_that_one_symbol_missing_is_found(strict: ImageCheck) -> None:
    """The tolerance is smaller than what a single case covers."""
    theme = load_theme("light")

    def without_one(painter: QPainter, camera: Camera, theme: Theme) -> None:
        cases(painter, camera, theme)
        painter.fillRect(QRectF(150, 40, 20, 20), QColor(theme.land))

    with pytest.raises(pytest.fail.Exception, match="differ by more"):
        strict("cases-light", painted(theme, without_one))


def test_that_noise_of_another_processor_is_let_pass(
    small_store: CityStore, strict: ImageCheck
) -> None:
    drawn = roads(small_store)
    noise = np.random.default_rng(1).integers(0, 4, drawn.shape).astype(np.uint32)
    strict("roads-near-light", np.uint32(0xFF000000) | ((drawn & 0xFCFCFC) + noise))


def test_that_renewing_writes_and_fails(tmp_path: Path) -> None:
    renewing = ImageCheck(tmp_path, renew=True)
    image = painted(load_theme("light"), cases)
    with pytest.raises(pytest.fail.Exception, match="written anew"):
        renewing("cases-light", image)
    ImageCheck(tmp_path, build=tmp_path / "build")("cases-light", image)


def test_that_a_missing_font_is_said_and_not_skipped() -> None:
    assert "fonts-noto-cjk" in images.set_up_faults(["DejaVu Sans"])[0]


def test_that_no_expected_picture_is_left_over_and_all_are_small() -> None:
    kinds = [*GROUNDS, *PAINTED, "parts-icons"]
    there = {path.stem for path in EXPECTED.glob("*.png")}
    assert there == {f"{kind}-{theme}" for kind in kinds for theme in THEMES}
    assert all(path.stat().st_size < 120_000 for path in EXPECTED.glob("*.png"))
