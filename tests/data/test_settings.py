"""Settings: typed, versioned, never lost and never in the way of a start."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.data.settings import MapView, Preferences, Settings, load_settings, save_settings
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


def test_that_a_change_is_written_and_holds_at_the_next_start(tmp_path):
    preferences = Preferences(tmp_path)
    assert preferences.begin("", "", "").lang == "zh"
    preferences.keep(lang="en")
    preferences.keep(theme="dark")
    preferences.close()
    again = Preferences(tmp_path).begin("", "", "")
    assert (again.station, again.lang, again.theme) == ("desk", "en", "dark")


def test_that_what_is_asked_wins_and_is_remembered(tmp_path):
    first = Preferences(tmp_path)
    assert first.begin("field", "en", "").station == "field"
    first.close()
    again = Preferences(tmp_path)
    assert (again.settings.station, again.settings.lang) == ("field", "en")
    assert again.begin("desk", "", "").lang == "en"
    again.close()


def test_that_wall_and_field_keep_a_look_of_their_own(tmp_path):
    preferences = Preferences(tmp_path)
    preferences.keep(theme="dark")
    assert preferences.begin("field", "", "").theme == "light"
    assert preferences.begin("field", "", "dark").theme == "dark"
    assert preferences.begin("desk", "", "").theme == "dark"
    preferences.close()


def test_that_a_preference_that_cannot_be_kept_stops_nobody(tmp_path, expected_logs):
    expected_logs.expect("not kept")
    (tmp_path / "file").write_text("in the way")
    preferences = Preferences(tmp_path / "file" / "below")
    preferences.keep(theme="dark")
    preferences.close()
    assert preferences.settings.theme == "dark"
    assert not preferences.is_kept


def test_that_two_programs_keep_each_others_choices(tmp_path):
    one, other = Preferences(tmp_path), Preferences(tmp_path)
    one.keep(lang="en", saved_views={"desk": {"home": "wangge://a"}})
    other.keep(theme="dark", saved_views={"desk": {"river": "wangge://b"}})
    one.close()
    other.close()
    both = load_settings(tmp_path).settings
    assert (both.lang, both.theme) == ("en", "dark")
    assert both.saved_views == {"desk": {"home": "wangge://a", "river": "wangge://b"}}
    assert one.is_kept
    assert other.is_kept


def test_that_a_saved_view_that_was_dropped_stays_dropped_alone(tmp_path):
    save_settings(tmp_path, Settings(saved_views={"desk": {"home": "a", "river": "b"}}))
    one, other = Preferences(tmp_path), Preferences(tmp_path)
    other.keep(saved_views={"desk": {"home": "a", "river": "b", "port": "c"}})
    other.close()
    one.keep(saved_views={"desk": {"river": "b"}})
    one.close()
    assert load_settings(tmp_path).settings.saved_views == {"desk": {"river": "b", "port": "c"}}
