"""What a kind's own fields follow from: classes from codes, pieces of addresses, widths, floors."""

from __future__ import annotations

import json
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.data.readers.addresses import PIECES, cut_address
from app.data.readers.refusals import Refusals
from app.data.readers.schemas import Kind
from app.data.readers.shapes import Shapes, footprints_m2
from app.data.readers.values import Texts, safe_strings
from app.domain.codes import PartLayout, parse_part_code
from app.domain.errors import InvalidInput

Columns = dict[str, pa.Array]

_GOOD_CODE: Final = r"^[1-8]\d{15}$"
_WIDTHS: Final = {
    "expressway": 25.0,
    "arterial": 20.0,
    "collector": 12.0,
    "local": 7.0,
    "alley": 4.0,
    "metro": 6.0,
}
_STOREY_M = 3.2
_ORDERED: Final = {
    Kind.CASES: (("reported_at", "closed_at"),),
    Kind.COMPLAINTS: (("reported_at", "replied_at"),),
}


def prepare(
    kind: Kind, texts: dict[str, Texts], layout: PartLayout | None, refusals: Refusals
) -> None:
    """Fill in texts that follow from others, before anything is converted."""
    if kind is Kind.PARTS:
        _read_part_codes(texts, layout, refusals)
    if kind is Kind.PLACES:
        _cut_addresses(texts)


def attributes(names: tuple[str, ...], columns: dict[str, Texts]) -> Texts:
    """Return per row the kept columns as a JSON object, None if all are missing."""
    if not names:
        return [None] * len(next(iter(columns.values()), []))
    written: Texts = []
    for row in zip(*(columns[name] for name in names), strict=True):
        known = {name: value for name, value in zip(names, row, strict=True) if value is not None}
        written.append(json.dumps(known, ensure_ascii=False) if known else None)
    return written


def finish(kind: Kind, columns: Columns, shapes: Shapes | None, refusals: Refusals) -> None:
    """Fill in typed columns that follow from others, and check that they agree."""
    if kind is Kind.ROADS:
        usual = pa.array([_WIDTHS.get(k, 7.0) for k in columns["kind"].to_pylist()], pa.float64())
        columns["width"] = pc.coalesce(columns["width"], usual)
    if kind is Kind.BUILDINGS and shapes is not None:
        _raise_floors(columns, shapes)
    if kind is Kind.PARTS:
        absent = pc.is_null(columns["class"]).to_numpy(zero_copy_only=False)
        mend = "map a column to class, set it as a constant, or declare --layout for the codes"
        refusals.refuse(absent, "class", columns["class"], "missing", mend)
    for before, after in _ORDERED.get(kind, ()):
        wrong = pc.fill_null(pc.less(columns[after], columns[before]), False)
        bad = wrong.to_numpy(zero_copy_only=False)
        reason = f"earlier than {before}"
        refusals.refuse(bad, after, columns[after], reason, "mend one of the two times")


def _read_part_codes(
    texts: dict[str, Texts], layout: PartLayout | None, refusals: Refusals
) -> None:
    codes = texts["code"]
    given = np.fromiter((code is not None for code in codes), np.bool_, len(codes))
    if not given.any():
        return
    if layout is None:
        raise InvalidInput(
            "The parts have codes of 16 digits, which two layouts cut differently.",
            advice="Nothing was imported. Declare --layout 6+2+2+6 or --layout 6+2+3+5.",
            field="layout",
        )
    right = pc.match_substring_regex(safe_strings(codes, "code", refusals), _GOOD_CODE)
    suspect = given & ~pc.fill_null(right, False).to_numpy(zero_copy_only=False)
    cut = 6 + 2 + layout.widths[2]
    found: Texts = list(texts["class"])
    for at, code in enumerate(codes):
        if code is not None and not suspect[at] and found[at] is None:
            found[at] = f"{code[6:8]}{int(code[8:cut]):02d}"
    texts["class"] = found
    _refuse_codes(codes, given, layout, refusals)


def _refuse_codes(
    codes: Texts,
    given: np.ndarray[tuple[int], np.dtype[np.bool_]],
    layout: PartLayout,
    refusals: Refusals,
) -> None:
    for at in np.flatnonzero(given & ~refusals.out):
        code = codes[at]
        try:
            parse_part_code(code or "", layout)
        except InvalidInput as error:
            bad = np.zeros(len(codes), dtype=np.bool_)
            bad[at] = True
            piece = "" if error.field == "code" else f" ({error.field})"
            mend = f"16 digits in the layout {layout}"
            refusals.refuse(bad, "code", codes, f"no part code{piece}", mend)


def _cut_addresses(texts: dict[str, Texts]) -> None:
    pieces = list(zip(*(cut_address(one) for one in texts["address"]), strict=True))
    for name, cut in zip(PIECES, pieces, strict=bool(pieces)):
        given = texts[name]
        texts[name] = [own or found for own, found in zip(given, cut, strict=True)]


def _raise_floors(columns: Columns, shapes: Shapes) -> None:
    """Storeys from the height if not stated (0: unknown); floor area from storeys and outline."""
    by_height = pc.max_element_wise(pc.round(pc.divide(columns["height"], _STOREY_M)), 1.0)
    by_height = pc.if_else(pc.is_valid(columns["height"]), by_height, None)
    storeys = pc.coalesce(columns["storeys"], pc.cast(by_height, pa.int64()))
    columns["storeys"] = pc.fill_null(storeys, 0)
    ground = pa.array(footprints_m2(shapes), pa.float64())
    floors = pc.cast(pc.max_element_wise(columns["storeys"], 1), pa.float64())
    built = pc.round(pc.multiply(ground, floors), 1)
    columns["floor_m2"] = pc.coalesce(columns["floor_m2"], built)
