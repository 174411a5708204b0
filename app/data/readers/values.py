"""Turn columns of text into typed columns, strictly; what does not fit is refused with a mend."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from app.data.readers.chunks import objects
from app.data.readers.classes import part_classes
from app.data.readers.mappings import Mapping
from app.data.readers.refusals import Refusals
from app.data.readers.schemas import Field
from app.data.readers.texts import Texts, bools, given

_YES = frozenset({"1", "true", "yes", "y", "是", "有"})
_NO = frozenset({"0", "false", "no", "n", "否", "无"})
_STATES = {"完好": 0, "破损": 1, "丢失": 2, "废弃": 3, "0": 0, "1": 1, "2": 2, "3": 3}
_FIRST_YEAR, _LAST_YEAR = 1900, 2100


def convert(field: Field, texts: Texts, mapping: Mapping, refusals: Refusals) -> pa.Array:
    """Return the typed column of a field; rows that do not fit are refused, and null there."""
    if field.required:
        refusals.refuse(~given(texts), field.name, texts, "missing", f"fill in {field.name}")
    column = _CONVERTERS[field.type](field, texts, mapping, refusals)
    keep = field.default is None or field.required
    return column if keep else pc.fill_null(column, field.default)


def _text(field: Field, texts: Texts, _: Mapping, refusals: Refusals) -> pa.Array:
    if field.choices:
        bad = given(texts) & ~bools(pc.is_in(texts, pa.array(field.choices, pa.string())))
        wanted = ", ".join(field.choices)
        refusals.refuse(bad, field.name, texts, "not one of the values", f"one of: {wanted}")
    return texts


def numbers(texts: Texts, name: str, refusals: Refusals) -> NDArray[np.float64]:
    """Return float64 with NaN where missing; what is no finite number is refused."""
    try:
        values = texts.cast(pa.float64())
    except pa.ArrowInvalid:
        values = pa.array([_number(text) for text in texts.to_pylist()], pa.float64())
    result: NDArray[np.float64] = values.to_numpy(zero_copy_only=False).astype(np.float64)
    bad = given(texts) & ~np.isfinite(result)
    refusals.refuse(bad, name, texts, "no number", "digits with a point, without unit or commas")
    return np.where(bad, np.nan, result)


def _number(text: str | None) -> float | None:
    try:
        return None if text is None else float(text) if text.isascii() else float("nan")
    except ValueError:
        return float("nan")


def _bounded(field: Field, texts: Texts, refusals: Refusals) -> NDArray[np.float64]:
    values = numbers(texts, field.name, refusals)
    with np.errstate(invalid="ignore"):
        bad = (values < field.low) | (values > field.high)
    mend = f"between {field.low:g} and {field.high:g}"
    refusals.refuse(bad, field.name, texts, "out of range", mend)
    return np.where(bad, np.nan, values)


def _float(field: Field, texts: Texts, _: Mapping, refusals: Refusals) -> pa.Array:
    values = _bounded(field, texts, refusals)
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def _int(field: Field, texts: Texts, _: Mapping, refusals: Refusals) -> pa.Array:
    values = _bounded(field, texts, refusals)
    broken = ~np.isnan(values) & (values != np.floor(values))
    refusals.refuse(broken, field.name, texts, "no whole number", "a whole number")
    gone = np.isnan(values) | broken
    return pa.array(np.where(gone, 0, values).astype(np.int64), pa.int64(), mask=gone)


def _lookup(
    field: Field, texts: Texts, refusals: Refusals, find: Callable[[str], int | None], wanted: str
) -> pa.Array:
    """Look each different text up once; what is not found is refused."""
    parts = texts.dictionary_encode()
    known = [None if text is None else find(text) for text in parts.dictionary.to_pylist()]
    values = pa.array(known, pa.int64()).take(parts.indices)
    bad = given(texts) & ~given(values)
    refusals.refuse(bad, field.name, texts, "not one of the values", wanted)
    return values


def _flag(field: Field, texts: Texts, _: Mapping, refusals: Refusals) -> pa.Array:
    def find(text: str) -> int | None:
        return 1 if text.casefold() in _YES else 0 if text.casefold() in _NO else None

    return _lookup(field, texts, refusals, find, "1 or 0")


def _class(field: Field, texts: Texts, _: Mapping, refusals: Refusals) -> pa.Array:
    wanted = "a class of resources/part_classes.csv, by code or name"
    return _lookup(field, texts, refusals, part_classes().get, wanted)


def _state(field: Field, texts: Texts, _: Mapping, refusals: Refusals) -> pa.Array:
    return _lookup(field, texts, refusals, _STATES.get, "完好 破损 丢失 废弃, or 0 to 3")


def _time(field: Field, texts: Texts, mapping: Mapping, refusals: Refusals) -> pa.Array:
    """Read instants strictly, in the mapping's zone unless they carry an offset; to UTC."""
    parts = texts.dictionary_encode()
    read = _instants(parts.dictionary.to_pylist(), mapping)
    moments = pa.array(read.astype("datetime64[ms, UTC]"), pa.timestamp("ms", tz="UTC"))
    moments = moments.take(parts.indices)
    unread = given(texts) & ~given(moments)
    forms = " or ".join(mapping.times)
    refusals.refuse(unread, field.name, texts, "no time of the stated form", f"written as {forms}")
    years = pc.year(moments)
    wild = bools(pc.or_(pc.less(years, _FIRST_YEAR), pc.greater(years, _LAST_YEAR)))
    mend = f"a year between {_FIRST_YEAR} and {_LAST_YEAR}"
    refusals.refuse(wild, field.name, texts, "out of range", mend)
    return moments


def _instants(texts: list[str | None], mapping: Mapping) -> pd.Series[Any]:
    """Parse with each form in turn; UTC, NaT where none fits.

    An hour that clocks showed twice is taken as the first; one they skipped moves to its end.
    """
    raw = pd.Series(objects(list(texts)), dtype="object")
    moments = pd.Series(pd.NaT, index=raw.index, dtype="datetime64[us, UTC]")
    for form in mapping.times:
        todo = moments.isna() & raw.notna()
        if not todo.any():
            break
        read = pd.to_datetime(raw[todo], format=form, errors="coerce", utc="%z" in form)
        if "%z" not in form:
            first = np.ones(len(read), dtype=np.bool_)
            zoned = read.dt.tz_localize(
                mapping.time_zone or "UTC", ambiguous=first, nonexistent="shift_forward"
            )
            read = zoned.dt.tz_convert(UTC)
        moments[todo] = read.astype("datetime64[us, UTC]")
    return moments


def _day(field: Field, texts: Texts, mapping: Mapping, refusals: Refusals) -> pa.Array:
    """Read days, also from instants, and write them as ISO text (YYYY-MM-DD)."""
    forms = [_day_of(form) for form in mapping.times]
    parts = texts.dictionary_encode()
    heads = [None if text is None else _day_of(text) for text in parts.dictionary.to_pylist()]
    raw = pd.Series(objects(heads), dtype="object")
    days = pd.Series(pd.NaT, index=raw.index, dtype="datetime64[us]")
    for form in dict.fromkeys([*forms, "%Y-%m-%d", "%Y/%m/%d", "%Y%m%d"]):
        todo = days.isna() & raw.notna()
        if not todo.any():
            break
        read = pd.to_datetime(raw[todo], format=form, errors="coerce")
        days[todo] = read.astype("datetime64[us]")
    written = pc.strftime(pa.array(days, pa.timestamp("s")), "%Y-%m-%d").take(parts.indices)
    bad = given(texts) & ~given(written)
    refusals.refuse(bad, field.name, texts, "no day", "written as YYYY-MM-DD")
    return written


def _day_of(text: str) -> str:
    """Return the day of a written moment, or of the form of one."""
    return text.partition(" ")[0].partition("T")[0]


def _stamp(field: Field, texts: Texts, mapping: Mapping, refusals: Refusals) -> pa.Array:
    """Read days or instants, and write them as ISO 8601 text in UTC."""
    forms = dict.fromkeys([*mapping.times, "%Y-%m-%d", "%Y/%m/%d"])
    moments = _time(field, texts, mapping.model_copy(update={"times": tuple(forms)}), refusals)
    return pc.strftime(moments.cast(pa.timestamp("s", tz="UTC"), safe=False), "%Y-%m-%dT%H:%M:%SZ")


_CONVERTERS: dict[str, Callable[[Field, Texts, Mapping, Refusals], pa.Array]] = {
    "text": _text,
    "int": _int,
    "float": _float,
    "time": _time,
    "day": _day,
    "stamp": _stamp,
    "flag": _flag,
    "class": _class,
    "state": _state,
}
