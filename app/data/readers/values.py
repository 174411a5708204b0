"""Turn columns of text into typed columns, strictly; what does not fit is refused with a mend."""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from app.data.readers import mappings
from app.data.readers.chunks import objects
from app.data.readers.classes import part_classes
from app.data.readers.refusals import Refusals
from app.data.readers.schemas import Field
from app.data.writers.cells import unguarded

Texts = list[str | None]
_YES = frozenset({"1", "true", "yes", "y", "是", "有"})
_NO = frozenset({"0", "false", "no", "n", "否", "无"})
_STATES = {"完好": 0, "破损": 1, "丢失": 2, "废弃": 3, "0": 0, "1": 1, "2": 2, "3": 3}
_FIRST_YEAR, _LAST_YEAR = 1900, 2100


def cleaned(
    texts: Sequence[str | None],
    missing: frozenset[str],
    *,
    entities: bool = True,
    guards: bool = False,
) -> Texts:
    """Strip, decode HTML entities (also doubled ones), and turn what means nothing into None.

    `entities`: off where they stand for themselves; `guards`: an apostrophe that keeps a
    spreadsheet from computing is taken off.
    """
    result: Texts = []
    for text in texts:
        if text is None:
            result.append(None)
            continue
        if entities and "&" in text:
            text = html.unescape(html.unescape(text)).replace("\xa0", " ")
        text = unguarded(text.strip()) if guards else text.strip()
        result.append(None if text in missing else text)
    return result


def first_given(columns: Sequence[Texts]) -> Texts:
    """Return per row the first text that is not missing."""
    if len(columns) == 1:
        return columns[0]
    return [
        next((text for text in row if text is not None), None) for row in zip(*columns, strict=True)
    ]


def translated(texts: Texts, table: Mapping[str, mappings.Scalar]) -> Texts:
    """Replace source values by what the mapping says; `*` stands for those not listed."""
    known: dict[str, str | None] = {key: _written(value) for key, value in table.items()}
    other = known.get("*")
    return [
        None if text is None else known.get(text, other if "*" in known else text) for text in texts
    ]


def _written(value: mappings.Scalar) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


def convert(field: Field, texts: Texts, mapping: mappings.Mapping, refusals: Refusals) -> pa.Array:
    """Return the typed column of a field; rows that do not fit are refused, and null there."""
    if field.required:
        absent = np.fromiter((text is None for text in texts), np.bool_, len(texts))
        refusals.refuse(absent, field.name, texts, "missing", f"fill in {field.name}")
    column = _CONVERTERS[field.type](field, texts, mapping, refusals)
    return (
        column if field.default is None or field.required else pc.fill_null(column, field.default)
    )


def _text(field: Field, texts: Texts, _: mappings.Mapping, refusals: Refusals) -> pa.Array:
    column = safe_strings(texts, field.name, refusals)
    if field.choices:
        bad = _flags(pc.invert(pc.is_in(column, pa.array([*field.choices, None], pa.string()))))
        wanted = ", ".join(field.choices)
        refusals.refuse(bad, field.name, texts, "not one of the values", f"one of: {wanted}")
    return column


def safe_strings(texts: Texts, name: str, refusals: Refusals) -> pa.Array:
    """Return a string column; rows with bytes that were no text are refused."""
    try:
        return pa.array(texts, pa.string())
    except (UnicodeEncodeError, pa.ArrowInvalid):
        bad = np.fromiter((not _is_text(text) for text in texts), np.bool_, len(texts))
        reason = "bytes that are no text in this encoding"
        refusals.refuse(bad, name, texts, reason, "save the file in one encoding, UTF-8 at best")
        return pa.array([None if b else t for t, b in zip(texts, bad, strict=True)], pa.string())


def _is_text(text: str | None) -> bool:
    try:
        return text is None or text.encode() is not None
    except UnicodeEncodeError:
        return False


def numbers(texts: Texts, name: str, refusals: Refusals) -> NDArray[np.float64]:
    """Return float64 with NaN where missing; what is no finite number is refused."""
    column = safe_strings(texts, name, refusals)
    try:
        values = column.cast(pa.float64())
    except pa.ArrowInvalid:
        values = pa.array([_number(text) for text in column.to_pylist()], pa.float64())
    result: NDArray[np.float64] = values.to_numpy(zero_copy_only=False).astype(np.float64)
    given = _flags(pc.is_valid(column))
    bad = given & ~np.isfinite(result)
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


def _float(field: Field, texts: Texts, _: mappings.Mapping, refusals: Refusals) -> pa.Array:
    values = _bounded(field, texts, refusals)
    return pa.array(values, pa.float64(), mask=np.isnan(values))


def _int(field: Field, texts: Texts, _: mappings.Mapping, refusals: Refusals) -> pa.Array:
    values = _bounded(field, texts, refusals)
    broken = ~np.isnan(values) & (values != np.floor(values))
    refusals.refuse(broken, field.name, texts, "no whole number", "a whole number")
    gone = np.isnan(values) | broken
    return pa.array(np.where(gone, 0, values).astype(np.int64), pa.int64(), mask=gone)


def _lookup(
    field: Field,
    texts: Texts,
    refusals: Refusals,
    find: Callable[[str], int | None],
    wanted: str,
) -> pa.Array:
    found: dict[str | None, int | None] = {text: find(text) for text in set(texts) if text}
    values = [found.get(text) for text in texts]
    bad = np.fromiter(
        (v is None and t is not None for v, t in zip(values, texts, strict=True)),
        np.bool_,
        len(texts),
    )
    refusals.refuse(bad, field.name, texts, "not one of the values", wanted)
    return pa.array(values, pa.int64())


def _flag(field: Field, texts: Texts, _: mappings.Mapping, refusals: Refusals) -> pa.Array:
    def find(text: str) -> int | None:
        return 1 if text.casefold() in _YES else 0 if text.casefold() in _NO else None

    return _lookup(field, texts, refusals, find, "1 or 0")


def _class(field: Field, texts: Texts, _: mappings.Mapping, refusals: Refusals) -> pa.Array:
    wanted = "a class of resources/part_classes.csv, by code or name"
    return _lookup(field, texts, refusals, part_classes().get, wanted)


def _state(field: Field, texts: Texts, _: mappings.Mapping, refusals: Refusals) -> pa.Array:
    return _lookup(field, texts, refusals, _STATES.get, "完好 破损 丢失 废弃, or 0 to 3")


def _time(field: Field, texts: Texts, mapping: mappings.Mapping, refusals: Refusals) -> pa.Array:
    """Read instants strictly, in the mapping's zone unless they carry an offset; to UTC."""
    column = safe_strings(texts, field.name, refusals).to_pylist()
    moments = _instants(column, mapping)
    given = np.fromiter((text is not None for text in column), np.bool_, len(column))
    unread = given & moments.isna().to_numpy()
    forms = " or ".join(mapping.times)
    refusals.refuse(unread, field.name, texts, "no time of the stated form", f"written as {forms}")
    years = moments.dt.year
    wild = ((years < _FIRST_YEAR) | (years > _LAST_YEAR)).to_numpy()
    mend = f"a year between {_FIRST_YEAR} and {_LAST_YEAR}"
    refusals.refuse(wild, field.name, texts, "out of range", mend)
    moments = moments.mask(pd.Series(wild))
    return pa.array(moments.astype("datetime64[ms, UTC]"), pa.timestamp("ms", tz="UTC"))


def _instants(texts: Texts, mapping: mappings.Mapping) -> pd.Series[Any]:
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


def _day(field: Field, texts: Texts, mapping: mappings.Mapping, refusals: Refusals) -> pa.Array:
    """Read days, also from instants, and write them as ISO text (YYYY-MM-DD)."""
    forms = tuple(form.split(" ")[0].split("T")[0] for form in mapping.times)
    column = safe_strings(texts, field.name, refusals).to_pylist()
    heads = [text.split(" ")[0].split("T")[0] if text else None for text in column]
    raw = pd.Series(objects(heads), dtype="object")
    days = pd.Series(pd.NaT, index=raw.index, dtype="datetime64[us]")
    for form in dict.fromkeys([*forms, "%Y-%m-%d", "%Y/%m/%d", "%Y%m%d"]):
        todo = days.isna() & raw.notna()
        days[todo] = pd.to_datetime(raw[todo], format=form, errors="coerce").astype(
            "datetime64[us]"
        )
    bad = days.isna().to_numpy() & raw.notna().to_numpy()
    refusals.refuse(bad, field.name, texts, "no day", "written as YYYY-MM-DD")
    written = days.dt.strftime("%Y-%m-%d")
    return pa.array([None if day != day else day for day in written], pa.string())


def _stamp(field: Field, texts: Texts, mapping: mappings.Mapping, refusals: Refusals) -> pa.Array:
    """Read days or instants, and write them as ISO 8601 text in UTC."""
    forms = dict.fromkeys([*mapping.times, "%Y-%m-%d", "%Y/%m/%d"])
    moments = _time(field, texts, mapping.model_copy(update={"times": tuple(forms)}), refusals)
    return pc.strftime(moments.cast(pa.timestamp("s", tz="UTC")), "%Y-%m-%dT%H:%M:%SZ")


def _flags(column: pa.Array) -> NDArray[np.bool_]:
    result: NDArray[np.bool_] = column.to_numpy(zero_copy_only=False).astype(np.bool_)
    return result


_CONVERTERS: dict[str, Callable[[Field, Texts, mappings.Mapping, Refusals], pa.Array]] = {
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
