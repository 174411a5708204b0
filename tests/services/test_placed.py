"""Why a sighting stands where it stands: kept in its action, without a word of a person."""

from __future__ import annotations

import pytest

from app.domain.addresses.placed import Placed, placed_of
from app.domain.errors import InvalidInput
from app.domain.identity import new_uid
from app.services.views import Geocoded

FOUND = Geocoded(
    "汾阳路150号", "汾阳路150号", 121.42, 31.12, "number", 0.9601, ("road:汾阳路", "number:150"),
    12.4, new_uid(),
)  # fmt: skip


def test_that_a_report_keeps_how_its_place_was_found(desk):
    row = desk.report(placed=FOUND.placed)
    placed = desk.sheet(row.uid).state.placed
    assert placed == Placed("geocode", "number", 960, 12, FOUND.uid, ("road", "number"))


def test_that_no_word_of_the_address_stands_in_the_action(desk):
    row = desk.report(placed=FOUND.placed)
    with desk.city.begin(write=False) as uow:
        (signed,) = uow.actions.of_subject(row.uid)
    assert "汾阳" not in signed.action.canonical.decode()


def test_that_a_report_from_before_this_was_kept_still_folds(desk):
    assert desk.sheet(desk.report().uid).state.placed is None


@pytest.mark.parametrize(
    "raw",
    [None, 7, {}, {"method": "guess"}, {"method": "map", "confidence": 0.5},
     {"method": "map", "metres": -1}, {"method": "map", "reasons": ["汾阳路"]},
     {"method": "map", "place": "x"}, {"method": "map", "confidence": True}],
)  # fmt: skip
def test_that_a_strange_form_counts_as_unknown(raw):
    assert placed_of(raw) is None


def test_that_words_do_not_get_into_the_action_by_the_reasons(desk):
    with pytest.raises(InvalidInput) as caught:
        desk.report(placed=Placed("geocode", reasons=("张三家",)))
    assert caught.value.field == "placed"
