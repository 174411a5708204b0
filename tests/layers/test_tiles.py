"""Rules of tiles drawn from steps noted once: the same picture, wherever and whenever."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest

from app.engines.citystore import CityStore
from app.engines.tiles import SIDE, Image, TileKey
from app.engines.tiles_canvas import EVERY_STATE, Canvas, Sketch
from layers.look import Look, look_of
from layers.tiles import DRAWN, TilePainter, parts_at_most
from tests.support.map_theme import map_theme

LIGHT = map_theme("light")
SCALES = (40.0, 12.0, 4.0, 3.0, 1.5, 0.4)


def look(store: CityStore) -> Look:
    return look_of(LIGHT, frozenset(DRAWN), density=parts_at_most(store))


def step_by_step(store: CityStore, shown: Look, key: TileKey) -> Image:
    """Draw a tile with one call for each step."""
    canvas = Canvas(store, key.bounds.x0, key.bounds.y1, key.m_per_px, SIDE, SIDE)
    canvas.clear(shown.ground)
    for name, draw in DRAWN.items():
        if shown.shows(name, key.m_per_px * shown.dpr):
            draw(canvas, store, shown, key.m_per_px * shown.unit)
    return canvas.image


def around(m_per_px: float) -> list[TileKey]:
    return [TileKey(1, m_per_px, col, row) for col in (-1, 0) for row in (-1, 0)]


@pytest.mark.parametrize("m_per_px", SCALES)
def test_that_steps_noted_once_draw_what_each_step_draws(
    small_store: CityStore, m_per_px: float
) -> None:
    painter, shown = TilePainter(small_store), look(small_store)
    for key in around(m_per_px):
        drawn = painter.draw(shown, key)
        assert (drawn == step_by_step(small_store, shown, key)).all()


def test_that_a_tile_is_the_same_after_any_other(small_store: CityStore) -> None:
    """What a tile leaves in its thread's scratch must not reach the next one."""
    painter, shown = TilePainter(small_store), look(small_store)
    first = {key: painter.draw(shown, key) for m in SCALES for key in around(m)}
    for key in reversed(first):
        assert (painter.draw(shown, key) == first[key]).all()


def test_that_threads_do_not_draw_into_each_other(small_store: CityStore) -> None:
    painter, shown = TilePainter(small_store), look(small_store)
    keys = [key for m in SCALES for key in around(m)]
    true = [painter.draw(shown, key) for key in keys]
    found: list[list[Image]] = []

    def draw_all() -> None:
        found.append([painter.draw(shown, key) for key in keys])

    threads = [threading.Thread(target=draw_all) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    for images in found:
        assert all((a == b).all() for a, b in zip(images, true, strict=True))


def test_that_a_half_seen_layer_lies_between_none_and_all(small_store: CityStore) -> None:
    shown = look(small_store)
    painter, key = TilePainter(small_store), TileKey(1, 4.0, 0, 0)
    none, half, full = (
        painter.draw(replace(shown, opacity={"roads": share}), key).view(np.uint8).astype(int)
        for share in (0.0, 0.5, 1.0)
    )
    assert (none != full).any()
    bare = replace(shown, layers=frozenset({"base", "roads"}))
    a, b, c = (
        painter.draw(replace(bare, opacity={"roads": share}), key).view(np.uint8).astype(int)
        for share in (0.0, 0.5, 1.0)
    )
    assert np.abs(2 * b - a - c).max() <= 3
    assert half.shape == full.shape


def test_that_a_sketch_draws_the_first_fill_that_finds_something(small_store: CityStore) -> None:
    water = small_store.shapes["water"]
    nothing, everything = np.zeros(256, np.uint8), np.ones(256, np.uint8)
    sketch = Sketch(small_store)
    sketch.clear(0xFFFFFF)
    sketch.fill_first(water, (nothing, everything), 0x0000FF)
    sketch.fill_first(water, (everything, everything), 0x00FF00, 0.5)
    plain = Canvas(small_store, -1_000, 1_000, 4.0, SIDE, SIDE)
    plain.clear(0xFFFFFF)
    plain.fill(water, everything, 0x0000FF)
    plain.fill(water, everything, 0x00FF00, 0.5)
    assert (sketch.draw(-1_000, 1_000, 4.0, SIDE, SIDE) == plain.image).all()


def test_that_arrays_of_another_kind_are_never_misread(small_store: CityStore) -> None:
    canvas = Canvas(small_store, -1_000, 1_000, 4.0, SIDE, SIDE)
    canvas.clear(0xFFFFFF)
    gaps = np.ones(512, np.int64)[::2]
    widths = np.full(256, 2.0)
    assert canvas.stroke(small_store.shapes["road"], gaps, widths, 0) > 0  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="one colour more"):
        canvas.fill_values(
            small_store.shapes["area"], np.zeros(1, np.float32), np.zeros(3, np.float32),
            np.zeros(2, np.uint32), np.zeros(2, np.uint8),
        )  # fmt: skip
    assert EVERY_STATE == 15
