"""Rules of layer descriptions."""

from __future__ import annotations

from app.domain.layers import (
    LAYERS,
    STOPS,
    as_usual,
    nearest_stop,
    with_opacity,
    with_range,
    with_visible,
)


def test_that_layers_are_told_from_bottom_to_top_with_keys_of_their_own() -> None:
    orders = [spec.order for spec in LAYERS]
    assert orders == sorted(orders)
    assert len({spec.key for spec in LAYERS}) == len(LAYERS)


def test_that_what_lives_lies_over_what_stands() -> None:
    first_live = next(n for n, spec in enumerate(LAYERS) if spec.live)
    assert all(spec.live for spec in LAYERS[first_live:])


def test_that_a_hidden_layer_is_drawn_at_no_scale() -> None:
    hidden = with_visible(LAYERS, "parts", False)
    assert not next(s for s in hidden if s.key == "parts").shows_at(10)
    assert next(s for s in hidden if s.key == "roads").shows_at(10)


def test_that_a_layer_is_drawn_only_between_its_scales() -> None:
    buildings = next(s for s in LAYERS if s.key == "buildings")
    assert buildings.shows_at(1)
    assert not buildings.shows_at(50)


def test_that_a_changed_layer_goes_back_to_what_it_usually_is() -> None:
    changed = with_opacity(with_range(LAYERS, "roads", 1.0, 8.0), "roads", 0.4)
    hidden = with_visible(changed, "roads", False)
    back = next(s for s in as_usual(hidden, "roads") if s.key == "roads")
    assert (back.opacity, back.min_m_per_px, back.visible) == (1.0, 0.0, False)


def test_that_every_limit_has_a_stop_and_the_ends_are_without_limit() -> None:
    assert [nearest_stop(stop) for stop in STOPS] == list(range(len(STOPS)))
    assert STOPS[nearest_stop(6.0)] in (4.0, 8.0)
