"""The one search and the geocoder on a small city."""

from __future__ import annotations

import dataclasses
import random
import time
import tomllib
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.addresses.columns import AreaColumns, PlaceColumns
from app.domain.addresses.register import Entry
from app.domain.addresses.rules import parse_rules
from app.domain.map_columns import ShapeColumns
from app.engines.gazetteer.changed import coded
from app.engines.gazetteer.files import IndexUnusableError, read
from app.engines.gazetteer.opened import Gazetteer, open_gazetteer

RULES = parse_rules(
    tomllib.loads((Path(__file__).parents[3] / "resources/addresses.toml").read_text("utf-8"))
)
DOORS = (
    *(("", "汾阳路", str(n), 121.45, 31.21 + n / 1e5) for n in (150, 151, 158, 170)),
    ("国际饭店", "南京西路", "170", 121.467, 31.2356),
    ("重庆南路小学", "重庆南路", "25", 121.468, 31.215),
    ("长宁图书馆", "长宁路", "30", 121.42, 31.22),
    ("", "长宁路", "30", 121.52, 31.22),
    ("康健卫生站", "", "康健一村12号", 121.43, 31.17),
)


def uid(number: int) -> UUID:
    return UUID(int=(7 << 120) + number)


class Source:
    """Nine doors, three areas, two roads that meet at 121.45, 31.2."""

    fingerprint = "0123456789abcdef0123456789abcdef"

    def areas(self) -> AreaColumns:
        ids = np.frombuffer(b"".join(uid(100 + i).bytes for i in range(4)), np.uint8)
        return AreaColumns(
            ids.reshape(-1, 16), ["city", "district", "district", "grid"],
            ["310100", "310104", "310115", "310104003001001"],
            ["上海市", "徐汇区", "浦东新区", ""], np.array([-1, 0, 0, 1], np.int32),
            np.array([121.47, 121.44, 121.52, 121.44]), np.array([31.2, 31.2, 31.2, 31.2]),
            np.full(4, 5000.0),
        )  # fmt: skip

    def roads(self) -> ShapeColumns:
        coords = np.array([[121.45, 31.1], [121.45, 31.3], [121.4, 31.2], [121.5, 31.2]])
        few = np.zeros(2, np.uint32)
        return ShapeColumns(
            coords, np.array([0, 2, 4]), np.arange(3), np.zeros(2, np.bool_),
            few.astype(np.uint8), few, few.astype(np.float32),
            {"name": np.array(["汾阳路", "复兴中路"], dtype=object)},
        )  # fmt: skip

    def places(self) -> PlaceColumns:
        count = len(DOORS)
        ids = np.frombuffer(b"".join(uid(i).bytes for i in range(count)), np.uint8)
        address = [f"{road}{number}号" if road else number for _, road, number, _, _ in DOORS]
        nothing = coded([""] * count)
        return PlaceColumns(
            ids.reshape(-1, 16),
            [row[0] or text for row, text in zip(DOORS, address, strict=True)], address,
            (), coded(row[1] for row in DOORS), nothing,
            coded(row[2] if row[1] else "" for row in DOORS),
            nothing, nothing, nothing, nothing, np.array([row[3] for row in DOORS]),
            np.array([row[4] for row in DOORS]),
            np.array([3, 3, 3, 3, 1, 1, 1, 2, 1], np.int32),
        )  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("index")


@pytest.fixture
def gazetteer(folder: Path) -> Gazetteer:
    return open_gazetteer(folder, Source(), RULES)


@pytest.mark.parametrize(
    ("asked", "title"),
    [
        ("汾阳路", "汾阳路"),
        ("汾阳路150", "汾阳路150号"),
        ("fenyanglu", "汾阳路"),
        ("fengyanglu", "汾阳路"),
        ("fenyangl", "汾阳路"),
        ("fyl", "汾阳路"),
        ("chongqingnanlu", "重庆南路"),
        ("changning", "长宁路"),
        ("xhq", "徐汇区"),
        ("国际饭点", "国际饭店"),
        ("国祭饭店", "国际饭店"),
        ("国际饭", "国际饭店"),
        ("国饭店", "国际饭店"),
        ("国际大饭店", "国际饭店"),
        ("国饭际店", "国际饭店"),
        ("guojifndian", "国际饭店"),
        ("310104003001001", "310104003001001"),
        ("310104003001010", "310104003001001"),
        ("汾阳lu150", "汾阳路150号"),
    ],
)
def test_that_characters_sounds_initials_codes_and_slips_find(
    gazetteer: Gazetteer, asked: str, title: str
) -> None:
    assert gazetteer.search(asked, 5)[0].title == title


def test_that_the_exact_comes_before_beginning_sound_and_slip(gazetteer: Gazetteer) -> None:
    scores = [gazetteer.search(asked, 1)[0].score
              for asked in ("国际饭店", "国际饭", "guojifandian", "国际饭山")]  # fmt: skip
    assert scores == sorted(scores, reverse=True)


def test_that_of_two_alike_the_nearer_comes_first(gazetteer: Gazetteer) -> None:
    for lon in (121.42, 121.52):
        hits = gazetteer.search("长宁路30号", 3, (lon, 31.22))
        assert hits[0].lon == lon


@pytest.mark.parametrize(
    "text", ["%", "_", "'", "\\", "; DROP", "😀", "  ", "\x00", "！", "ｚｚｚｚ"]
)
def test_that_odd_texts_find_nothing_and_break_nothing(gazetteer: Gazetteer, text: str) -> None:
    assert [hit for hit in gazetteer.search(text, 5) if hit.score > 0.95] == []
    gazetteer.geocode(text)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=40))
def test_that_any_text_may_be_asked(text: str) -> None:
    gazetteer = _OPENED.setdefault("one", Gazetteer(*_arrays()))
    gazetteer.search(text, 3)
    gazetteer.geocode(text, 3)


_OPENED: dict[str, Gazetteer] = {}


def _arrays():  # type: ignore[no-untyped-def]
    from app.engines.gazetteer.build import build_arrays

    return build_arrays(Source(), RULES), RULES


@pytest.mark.parametrize(
    ("text", "precision", "reason"),
    [
        ("汾阳路150号", "number", "number:150"),
        ("徐汇区汾阳路 158 号", "number", "area:徐汇区"),
        ("汾洋路150号", "number", "road_like:汾洋路"),
        ("汾阳路154号", "between", "between:150-158"),
        ("汾阳路172号", "between", "beside:170"),
        ("汾阳路与复兴中路交叉口", "crossing", "by:lines"),
        ("国际饭店", "name", "name:国际饭店"),
        ("汾阳路", "road", "road:汾阳路"),
        ("浦东新区", "area", "district:浦东新区"),
        ("汾陽路１５０號", "number", "number:150"),
        ("毕勋路150号", "number", "old_name:毕勋路"),
        ("汾阳路(原毕勋路)150号", "number", "number:150"),
        ("汾阳路158-172号", "number", "number:158-172"),
        ("汾阳路150号甲", "between", "beside:150"),
        ("汾阳路3000号", "between", "far_doors:"),
        ("汾阳路150号对面", "number", "offset:对面"),
        ("汾阳路150号后门", "number", "offset:后门"),
        ("汾阳路近复兴中路", "crossing", "by:lines"),
        ("汾阳路/复兴中路", "crossing", "by:lines"),
        ("汾阳路复兴中路口", "crossing", "by:lines"),
        ("31.2, 121.4", "point", "coordinates:WGS84"),
        ("康健一村12号", "number", "estate:康健一村"),
        ("康健一村14号", "between", "beside:12"),
        ("\u202e汾阳路150号\u202c", "number", "number:150"),
        ("汾阳路150号" + "!" * 10_000, "number", "number:150"),
    ],
)
def test_that_a_text_is_placed_with_reasons(
    gazetteer: Gazetteer, text: str, precision: str, reason: str
) -> None:
    first = gazetteer.geocode(text)[0]
    assert (first.precision, reason in first.reasons) == (precision, True), first


def test_that_between_two_numbers_the_place_lies_between_them(gazetteer: Gazetteer) -> None:
    first = gazetteer.geocode("汾阳路154号")[0]
    assert first.lat == pytest.approx(31.21 + 154 / 1e5)
    assert first.uid is None


def test_that_a_crossing_lies_where_the_lines_meet(gazetteer: Gazetteer) -> None:
    first = gazetteer.geocode("复兴中路汾阳路")[0]
    assert (first.lon, first.lat) == pytest.approx((121.45, 31.2), abs=1e-6)


def test_that_the_district_in_the_text_decides_between_two_roads_of_one_name(
    gazetteer: Gazetteer,
) -> None:
    assert gazetteer.geocode("浦东新区长宁路30号")[0].lon == pytest.approx(121.52)
    assert gazetteer.geocode("徐汇区长宁路30号")[0].lon == pytest.approx(121.42)
    wrong = gazetteer.geocode("浦东新区汾阳路150号")[0]
    assert "area_differs:浦东新区" in wrong.reasons
    assert wrong.confidence < 0.7


def test_that_the_nearest_places_come_with_their_distance(gazetteer: Gazetteer) -> None:
    near = gazetteer.nearest(121.467, 31.2357, 2)
    assert near[0].title == "国际饭店"
    assert near[0].metres == pytest.approx(11, abs=1)
    assert near[1].metres > near[0].metres


def test_that_a_changed_address_counts_at_once_and_a_retired_one_no_more(
    gazetteer: Gazetteer,
) -> None:
    texts = {"name": "和平饭店", "address": "南京西路170号", "road": "南京西路", "number": "170"}
    entry = Entry(uid(4), texts, 1_214_670_000, 312_356_000, old=("国际饭店",), aliases=("华懋",))
    gazetteer.apply(5, lambda: [entry])
    assert gazetteer.search("和平饭店", 1)[0].uid == uid(4)
    assert gazetteer.search("国际饭店", 3)[0].title == "和平饭店"
    assert gazetteer.search("huamao", 1)[0].title == "和平饭店"
    assert gazetteer.geocode("南京西路170号")[0].title == "和平饭店"
    gazetteer.apply(6, lambda: [dataclasses.replace(entry, status="retired")])
    assert all(hit.uid != uid(4) for hit in gazetteer.search("和平饭店", 5))
    gazetteer.apply(6, lambda: pytest.fail("asked again"))


def test_that_an_index_with_a_flipped_bit_is_found_out_and_built_anew(tmp_path: Path) -> None:
    open_gazetteer(tmp_path, Source(), RULES)
    (file,) = tmp_path.glob("gazetteer-*/gram_text.npy")
    data = bytearray(file.read_bytes())
    data[-3] ^= 8
    file.write_bytes(data)
    with pytest.raises(IndexUnusableError, match="damaged"):
        read(tmp_path, Source.fingerprint)
    assert open_gazetteer(tmp_path, Source(), RULES).search("汾阳路", 1)
    (tmp_path / next(tmp_path.glob("gazetteer-*")).name / "manifest.json").unlink()
    assert open_gazetteer(tmp_path, Source(), RULES).search("汾阳路", 1)


def test_that_a_point_at_an_edge_belongs_where_its_road_and_text_say(gazetteer: Gazetteer) -> None:
    assert gazetteer.district(121.52, 31.2201, "长宁路32号", "徐汇区") == "浦东新区"
    assert gazetteer.district(121.47, 31.3, "徐汇区某处", "浦东新区") == "徐汇区"
    assert gazetteer.district(121.47, 31.3, "", "徐汇区") == "徐汇区"


def test_that_a_door_is_sought_between_known_numbers_of_both_sides(gazetteer: Gazetteer) -> None:
    found = gazetteer.geocode("汾阳路165号", 1)[0]
    assert (found.precision, found.reasons[1]) == ("between", "between:158-170")
    assert found.lat == pytest.approx(31.21 + 165 / 1e5, abs=1e-5)


def test_that_a_door_beyond_the_known_ones_stands_beside_the_last_with_more_doubt(
    gazetteer: Gazetteer,
) -> None:
    near, far = gazetteer.geocode("汾阳路174号", 1)[0], gazetteer.geocode("汾阳路200号", 1)[0]
    assert near.reasons[1] == far.reasons[1] == "beside:170"
    assert far.metres > near.metres
    assert far.confidence < near.confidence


def test_that_a_house_number_with_a_dash_stands_where_its_number_stands(
    gazetteer: Gazetteer,
) -> None:
    found = gazetteer.geocode("汾阳路158-3号", 1)[0]
    assert found.lat == pytest.approx(31.21 + 158 / 1e5, abs=1e-6)


def test_that_a_name_before_a_road_does_not_hide_the_road(gazetteer: Gazetteer) -> None:
    found = gazetteer.geocode("东新幼儿园汾阳路150号", 1)[0]
    assert (found.title, found.precision) == ("汾阳路150号", "number")


def test_that_a_road_without_doors_is_placed_by_its_line_inside_the_district(
    gazetteer: Gazetteer,
) -> None:
    found = gazetteer.geocode("徐汇区复兴中路9999号", 1)[0]
    assert (found.title, found.precision) == ("复兴中路", "road")
    assert found.metres >= 100.0


def test_that_a_merged_address_is_found_under_its_names_at_the_kept_one(tmp_path: Path) -> None:
    gazetteer = open_gazetteer(tmp_path, Source(), RULES)
    gone = Entry(uid(0), {"name": "汾阳医院"}, 1_214_500_000, 312_115_000, status="merged",
                 into=uid(4))  # fmt: skip
    gazetteer.apply(1, lambda: [gone])
    (hit, *_) = gazetteer.search("汾阳医院", 3)
    assert (hit.uid, hit.title) == (uid(4), "国际饭店")


def test_that_what_is_said_to_lie_beside_a_door_lies_beside_it(gazetteer: Gazetteer) -> None:
    door, found = (gazetteer.geocode(f"汾阳路150号{said}")[0] for said in ("", "东侧50米"))
    assert found.lat == door.lat
    assert 49 < (found.lon - door.lon) * 111_320 * 0.8556 < 51


def test_that_a_road_is_placed_half_way_along_its_line(gazetteer: Gazetteer) -> None:
    found = gazetteer.geocode("复兴中路")[0]
    assert (found.lon, found.lat) == pytest.approx((121.45, 31.2), abs=1e-4)


HOSTILE = (
    '" OR 1=1 --', "name:*", "NEAR(a b)", "a* AND (b OR", "'; DROP TABLE place; --", "%_%",
    "\x00汾阳路", "\ud800", "😀😀路", "\u202e\u200f\u2066", "弄" * 10_000, "1" * 10_000,
    "号弄路街" * 3000, "(" * 5000, "a" * 10_000, "zhuang" * 2000, "ｆｅｎｙａｎｇ", "\n\t\r",
    "-".join(str(i) for i in range(3000)), "路" * 200, "年" * 32,
)  # fmt: skip


@pytest.mark.parametrize("text", HOSTILE)
def test_that_a_hostile_text_is_answered_soon_or_not_at_all(
    gazetteer: Gazetteer, text: str
) -> None:
    started = time.process_time()
    gazetteer.search(text, 20)
    gazetteer.geocode(text)
    assert time.process_time() - started < 2.0


def test_that_ten_thousand_random_questions_bring_no_error(gazetteer: Gazetteer) -> None:
    chance = random.Random(3)
    letters = (
        "汾阳路长宁重庆南国际饭店号弄室村区一二三0123456789abcfnuyzg ,，（）/-近与\x00\u202e😀%'\""
    )
    for _ in range(10_000):
        text = "".join(chance.choice(letters) for _ in range(chance.randrange(1, 14)))
        gazetteer.search(text, 5)
    for _ in range(1_000):
        text = "".join(chance.choice(letters) for _ in range(chance.randrange(1, 24)))
        gazetteer.geocode(text, 2)
