"""Rules of what a map asks for: standing, panning, flying, with a scale that runs."""

from __future__ import annotations

import pytest

from app.domain.camera import Camera
from app.engines.tiles import keys_over
from widgets.map_log import FrameLog
from widgets.map_wants import STILL, Course, octave_of, scale_for, wanted

HERE = Camera(m_per_px=3.0, width=1920, height=1080)
LARGE = Camera(m_per_px=3.0, width=3840, height=2160)


def test_that_a_map_that_stands_wants_its_own_scale_and_what_is_seen_first() -> None:
    keys = wanted(1, HERE, STILL, 1.0)
    seen = keys_over(1, 3.0, HERE.bounds())
    assert keys[: len(seen)] == seen
    assert {key.m_per_px for key in keys} == {3.0}
    assert len(set(keys)) == len(keys)


def test_that_fine_pixels_are_tiled_at_their_own_scale() -> None:
    assert scale_for(HERE, STILL, 2.0) == 1.5


@pytest.mark.parametrize(("zoom", "finer"), [(-2.0, True), (2.0, False)])
def test_that_a_running_scale_wants_whole_octaves_and_the_next_one(
    zoom: float, finer: bool
) -> None:
    scales = list(dict.fromkeys(k.m_per_px for k in wanted(1, HERE, Course(True, zoom=zoom), 1.0)))
    assert scales[0] == octave_of(3.0) == 4.0
    assert all(scale < 4.0 if finer else scale > 4.0 for scale in scales[1:])


def test_that_a_wild_pace_asks_for_no_more_than_an_octave_ahead() -> None:
    scales = {k.m_per_px for k in wanted(1, HERE, Course(True, zoom=1e6), 1.0)}
    assert max(scales) <= 8.0


def test_that_a_large_screen_makes_do_with_coarser_tiles_while_its_scale_runs() -> None:
    running = Course(True, zoom=-1.0)
    assert scale_for(LARGE, running, 1.0) > LARGE.m_per_px
    assert scale_for(LARGE, STILL, 1.0) == LARGE.m_per_px


def test_that_a_flight_wants_where_it_ends() -> None:
    goal = HERE.at(90_000.0, 0.0, 1.0)
    keys = wanted(1, HERE, Course(True, goal), 1.0)
    assert keys == keys_over(1, 1.0, goal.bounds())


def test_that_far_from_its_end_a_flight_lays_tiles_near_its_own_scale() -> None:
    far = Course(True, HERE.at(0.0, 0.0, 0.05))
    assert 0.5 <= scale_for(HERE, far, 1.0) / HERE.m_per_px <= 2.0
    near = Course(True, HERE.at(0.0, 0.0, 2.0))
    assert scale_for(HERE, near, 1.0) == 2.0


def test_that_a_log_is_sharp_only_after_a_sharp_frame_of_the_present_view() -> None:
    log = FrameLog()
    log.move()
    log.note(log.moved_at, 0.5, sharp=False)
    assert not log.is_sharp
    log.note(log.moved_at, 0.0, sharp=True)
    assert log.is_sharp
    log.move()
    assert not log.is_sharp
    assert list(log.parent) == [0.5, 0.0]
