"""Settings: typed, versioned, never lost and never in the way of a start."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.data.settings import MapView, Settings, load_settings, save_settings
from app.domain.errors import StorageFailure


def test_that_a_first_start_has_defaults(tmp_path):
    loaded = load_settings(tmp_path / "none")
    assert loaded.settings == Settings()
    assert loaded.note == ""


def test_that_settings_come_back_as_saved(tmp_path):
    mine = Settings(lang="en", theme="dark", views={"city": MapView(lon=121.4, lat=31.2,
                                                                   m_per_px=4.0)})  # fmt: skip
    save_settings(tmp_path, mine.with_city("/a").with_city("/b").with_city("/a"))
    again = load_settings(tmp_path).settings
    assert again.recent_cities == ["/a", "/b"]
    assert again.views == mine.views
    assert not list(tmp_path.glob("*.part"))


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '"x"', '{"lang": "fr"}', '{"colour": "red"}', '{"schema_version": 99}',
     '{"views": {"a": {"lon": 999, "lat": 0, "m_per_px": 1}}}'],
)  # fmt: skip
def test_that_a_bad_file_is_set_aside_and_said(tmp_path, text):
    (tmp_path / "settings.json").write_text(text, "utf-8")
    loaded = load_settings(tmp_path)
    assert loaded.settings == Settings()
    assert "set aside" in loaded.note
    assert (tmp_path / "settings.broken.json").read_text("utf-8") == text


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
)
def test_that_no_content_stops_the_start(tmp_path, value):
    (tmp_path / "settings.json").write_text(json.dumps(value), "utf-8")
    assert load_settings(tmp_path).settings == Settings()


def test_that_a_place_where_nothing_can_be_written_is_one_clear_error(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StorageFailure, match="settings"):
        save_settings(tmp_path / "file" / "sub", Settings())
