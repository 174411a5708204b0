"""Rules of the camera."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.domain.camera import (
    MAX_M_PER_PX,
    MIN_M_PER_PX,
    Bounds,
    Camera,
    rung,
    rung_step,
)

metres = st.floats(-80_000, 80_000)
scales = st.floats(MIN_M_PER_PX, MAX_M_PER_PX)
cameras = st.builds(
    Camera, metres, metres, scales, st.floats(0, 359), st.floats(0, 60),
    st.integers(100, 4000), st.integers(100, 3000),
)  # fmt: skip
level = st.builds(
    Camera, metres, metres, scales, st.floats(0, 359), st.just(0.0),
    st.integers(100, 4000), st.integers(100, 3000),
)  # fmt: skip
shares = st.tuples(st.floats(0, 1), st.floats(0, 1))


def pixel(camera: Camera, share: tuple[float, float]) -> tuple[float, float]:
    return camera.width * share[0], camera.height * share[1]


@given(level, shares)
def test_that_a_pixel_of_the_level_map_goes_to_the_ground_and_back(
    camera: Camera, share: tuple[float, float]
) -> None:
    sx, sy = pixel(camera, share)
    assert camera.to_screen(*camera.to_world(sx, sy)) == pytest.approx((sx, sy), abs=1e-3)


@given(cameras, st.tuples(st.floats(0, 1), st.floats(0.5, 1)))
def test_that_a_pixel_below_the_middle_survives_the_way_there_and_back_with_pitch(
    camera: Camera, share: tuple[float, float]
) -> None:
    sx, sy = pixel(camera, share)
    assert camera.to_screen(*camera.to_world(sx, sy)) == pytest.approx((sx, sy), abs=1e-2)


@given(level, shares, scales)
def test_that_zooming_keeps_the_ground_under_the_pointer(
    camera: Camera, share: tuple[float, float], scale: float
) -> None:
    sx, sy = pixel(camera, share)
    before = camera.to_world(sx, sy)
    after = camera.zoom_about(sx, sy, scale)
    assert after.m_per_px == pytest.approx(scale)
    assert after.to_world(sx, sy) == pytest.approx(before, abs=1e-6 * max(scale, 1) + 1e-6)


@given(level, st.floats(-500, 500), st.floats(-500, 500))
def test_that_dragging_moves_the_ground_with_the_hand(camera: Camera, dx: float, dy: float) -> None:
    x, y = camera.to_world(camera.width / 2, camera.height / 2)
    moved = camera.pan(dx, dy).to_screen(x, y)
    assert moved == pytest.approx((camera.width / 2 + dx, camera.height / 2 + dy), abs=1e-3)


@given(level, metres, metres, st.floats(1, 60_000), st.floats(1, 60_000))
def test_that_fitting_shows_the_whole_box(
    camera: Camera, x: float, y: float, w: float, h: float
) -> None:
    fitted = camera.fit(Bounds(x, y, x + w, y + h), margin_px=0)
    assume(fitted.m_per_px < MAX_M_PER_PX)
    for corner in ((x, y), (x + w, y), (x, y + h), (x + w, y + h)):
        sx, sy = fitted.to_screen(*corner)
        assert -1e-3 <= sx <= camera.width + 1e-3
        assert -1e-3 <= sy <= camera.height + 1e-3


@given(cameras)
def test_that_the_bounds_hold_all_ground_in_sight(camera: Camera) -> None:
    box = camera.bounds().grown(1e-6)
    for share in ((0, 0), (1, 0), (0, 1), (1, 1), (0.5, 0.5)):
        assert box.holds(*camera.to_world(*pixel(camera, share)))


def test_that_north_is_up_and_east_is_right() -> None:
    camera = Camera(width=200, height=100, m_per_px=2)
    assert camera.to_screen(0, 0) == (100, 50)
    assert camera.to_screen(20, 10) == (110, 45)


def test_that_a_heading_of_ninety_puts_east_up() -> None:
    camera = Camera(width=200, height=200, m_per_px=1).turned(90, 0)
    assert camera.to_screen(10, 0) == pytest.approx((100, 90))


def test_that_pitch_draws_the_far_ground_together() -> None:
    camera = Camera(width=200, height=200, m_per_px=1).turned(0, 50)
    near, far = camera.to_world(100, 150), camera.to_world(100, 50)
    assert far[1] > -near[1] > 0


def test_that_what_lies_behind_the_eye_has_no_place_on_the_screen() -> None:
    camera = Camera(width=200, height=200, m_per_px=1).turned(0, 60)
    assert math.isnan(camera.to_screen(0, -10_000)[0])


@given(st.lists(st.tuples(metres, metres), min_size=1, max_size=20), cameras)
def test_that_many_points_go_the_same_way_as_one(
    points: list[tuple[float, float]], camera: Camera
) -> None:
    xy = np.array(points)
    sx, sy = camera.to_screen_many(xy[:, 0], xy[:, 1])
    for n, point in enumerate(points):
        assert (sx[n], sy[n]) == pytest.approx(camera.to_screen(*point), nan_ok=True)


@given(scales)
def test_that_rungs_are_near_and_stay_themselves(scale: float) -> None:
    near = rung(scale)
    assert 2 ** (-1 / 8) * 0.999 <= near / scale <= 2 ** (1 / 8) * 1.001
    assert rung(near) == pytest.approx(near)
    assert rung_step(rung_step(near, -1), 1) == pytest.approx(near, rel=0.2)


@given(scales, st.integers(-60, 60))
def test_that_no_step_leaves_the_scales_of_the_map(scale: float, steps: int) -> None:
    assert MIN_M_PER_PX <= rung_step(scale, steps) <= MAX_M_PER_PX
