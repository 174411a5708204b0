"""A district's name may step aside, but never into another district."""

from __future__ import annotations

import numpy as np

from layers.labels.geometry import DISTRICT, Candidate, Placing
from layers.units.painter import shade_at


def measure(_style: int, _text: str) -> tuple[float, float]:
    return 40.0, 16.0


def test_that_a_name_stays_within_its_area_and_rather_covers_a_little() -> None:
    crowded = np.array([[0.0, 0.0], [100.0, 100.0]])
    placing = Placing(1.0, measure, [], crowded)
    small = Candidate(DISTRICT, "黄浦区", 0.0, 0.0, room=(-10.0, -10.0, 10.0, 10.0))
    assert placing.offer(small)
    found = placing.placed[0]
    assert abs(found.x) <= 10
    assert abs(found.y) <= 10
    assert not placing.offer(Candidate(DISTRICT, "静安区", 1.0, 1.0, room=(0.0, 0.0, 2.0, 2.0)))


def test_that_units_fade_over_a_whole_city_and_more_where_they_are_many() -> None:
    assert shade_at(2.0, many=True) == 1.0
    assert shade_at(80.0, many=True) < shade_at(80.0, many=False) < 1.0
