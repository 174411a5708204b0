"""Mapping files: people write them, so every mistake names the key."""

import pyarrow as pa
import pytest

from app.data.readers import load_mapping, read, shipped_mappings
from app.data.readers.mappings import choose_mapping
from app.data.readers.schemas import Kind
from app.domain.errors import InvalidInput

LAMPS = """
name = "lamps"
kind = "parts"
key = ["id"]
crs = "EPSG:4326"
attrs = ["watt"]
[columns]
lon = "x"
lat = "y"
state = ["now", "before"]
class = "what"
[constants]
source = "survey"
[values.state]
ok = 0
"*" = 1
[values.class]
lamp = "0118"
"""
TABLE = "id,x,y,now,before,what,watt\n1,121.4,31.2,ok,,lamp,70\n2,121.4,31.3,,gone,lamp,\n"


def written(tmp_path, text=LAMPS, table=TABLE):
    mapping, source = tmp_path / "lamps.toml", tmp_path / "lamps.csv"
    mapping.write_text(text, encoding="utf-8")
    source.write_text(table, encoding="utf-8")
    return mapping, source


def rows_of(stream):
    return pa.Table.from_batches(list(stream), schema=stream.schema).to_pylist()


def test_that_a_user_can_map_a_file_nobody_knows(tmp_path):
    mapping, source = written(tmp_path)
    first, second = rows_of(read("parts", source, mapping=mapping))
    assert (first["state"], second["state"]) == (0, 1)
    assert (first["attrs"], second["attrs"]) == ('{"watt": "70"}', None)
    assert first["source"] == "survey"
    assert first["code"] == ""


def test_that_a_value_outside_the_map_is_refused(tmp_path):
    mapping, source = written(tmp_path, LAMPS.replace('"*" = 1', ""))
    stream = read("parts", source, mapping=mapping)
    assert len(rows_of(stream)) == 1
    assert stream.summary().reasons == {"state: not one of the values": 1}


@pytest.mark.parametrize(
    ("change", "key"),
    [
        (('name = "lamps"', ""), "name"),
        (('name = "lamps"', 'name = "La mps"'), "name"),
        (('kind = "parts"', 'kind = "pears"'), "kind"),
        (('key = ["id"]', "key = 3"), "key"),
        (('key = ["id"]', 'key = ["nr"]'), "key"),
        (('key = ["id"]', 'colour = "red"'), "colour"),
        (('lon = "x"', 'lon = "xx"'), "columns.lon"),
        (('lon = "x"', 'longitude = "x"'), "columns.longitude"),
        (('attrs = ["watt"]', 'attrs = ["volt"]'), "attrs"),
        (('attrs = ["watt"]', 'time_zone = "Mars/Olympus"'), "time_zone"),
        (('crs = "EPSG:4326"', 'crs = "mars"'), "--crs"),
        (("[values.state]", "[values.status]"), "values.status"),
        (('source = "survey"', "source = [1]"), "constants.source"),
        (("[columns]", "[columns"), "mapping"),
    ],
)
def test_that_a_mistake_in_a_mapping_names_its_key(tmp_path, change, key):
    assert change[0] in LAMPS
    mapping, source = written(tmp_path, LAMPS.replace(*change))
    with pytest.raises(InvalidInput) as caught:
        rows_of(read("parts", source, mapping=mapping))
    assert key in f"{caught.value.field} {caught.value}"


def test_that_times_need_a_zone(tmp_path):
    mapping = tmp_path / "cases.toml"
    mapping.write_text('name = "c"\nkind = "cases"\n[columns]\nreported_at = "t"\n')
    with pytest.raises(InvalidInput, match="time_zone"):
        load_mapping(mapping)


@pytest.mark.parametrize("name", ["none.toml", "lamps.csv"])
def test_that_a_mapping_that_is_none_is_one_clear_error(tmp_path, name):
    _, source = written(tmp_path)
    with pytest.raises(InvalidInput) as caught:
        read("parts", source, mapping=tmp_path / name)
    assert caught.value.field == "mapping"


def test_that_a_mapping_of_another_kind_is_refused(tmp_path):
    mapping, source = written(tmp_path)
    with pytest.raises(InvalidInput, match="is for parts") as caught:
        read("cases", source, mapping=mapping)
    assert caught.value.field == "kind"


def test_that_a_shipped_mapping_is_chosen_by_the_columns_or_by_name():
    header = ["留言编号", "留言用户", "留言主题", "留言时间", "留言详情", "答复意见", "答复时间"]
    assert choose_mapping(Kind.COMPLAINTS, header, None, "a.csv").name == "messages_answered"
    with pytest.raises(InvalidInput, match="messages_answered"):
        choose_mapping(Kind.COMPLAINTS, ["a", "b"], None, "a.csv")


def test_that_every_shipped_mapping_loads_under_the_name_of_its_file():
    assert len(shipped_mappings()) >= 18
    for mapping in shipped_mappings():
        assert mapping.match
        assert mapping.title


def test_that_part_codes_need_a_declared_layout_and_then_give_the_class(tmp_path):
    head = 'name = "codes"\nkind = "parts"\ncrs = "WGS84"'
    text = f'{head}\n[columns]\ncode = "c"\nlon = "x"\nlat = "y"\n'
    table = "c,x,y\n3205080101000001,121,31\n3205080109900001,121,31\n32050801,121,31\n"
    mapping, source = written(tmp_path, text, table)
    with pytest.raises(InvalidInput) as caught:
        rows_of(read("parts", source, mapping=mapping))
    assert caught.value.field == "layout"
    short = read("parts", source, mapping=mapping, layout="6+2+2+6")
    assert [row["class"] for row in rows_of(short)] == [0, 8]
    assert short.summary().reasons == {"code: no part code": 1}
    long = read("parts", source, mapping=mapping, layout="6+2+3+5")
    assert [row["class"] for row in rows_of(long)] == [9]
    assert long.summary().reasons == {"code: no part code": 1, "class: not one of the values": 1}
