"""Chinese addresses in their pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.data.readers.addresses import cut_address


@pytest.mark.parametrize(
    ("text", "pieces"),
    [
        ("南京西路170号", ("南京西路", "", "170", "", "", "")),
        ("天祝路555弄6号118室", ("天祝路", "555", "6", "", "", "118")),
        ("张江镇香楠路399弄城市经典会所三楼", ("香楠路", "399", "", "", "", "")),
        ("公园东路1158号5号楼", ("公园东路", "", "1158", "5", "", "")),
        ("沪宜公路151号2幢3单元401室", ("沪宜公路", "", "151", "2", "3", "401")),
        ("东体育会路665-1号", ("东体育会路", "", "665-1", "", "", "")),
        ("932路", ("", "", "", "", "", "")),
        ("11号线", ("", "", "", "", "", "")),
        ("", ("", "", "", "", "", "")),
        (None, ("", "", "", "", "", "")),
    ],
)
def test_that_an_address_is_cut_into_road_lane_number_building_unit_room(text, pieces):
    assert cut_address(text) == pieces


@given(st.text(alphabet="路街弄号幢单元室0123456789南京西（） AB", max_size=400))
def test_that_no_text_breaks_the_cutter(text):
    assert len(cut_address(text)) == 6
