"""What a kind's own fields follow from: classes from codes, pieces of addresses, widths, floors."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from app.data.readers.addresses import PIECES, cut_address
from app.data.readers.refusals import Refusals
from app.data.readers.schemas import Kind
from app.data.readers.shapes import Shapes, footprints_m2
from app.data.readers.texts import Texts, bools, given
from app.domain.codes import PROVINCES, PartLayout, parse_part_code
from app.domain.errors import InvalidInput

Columns = dict[str, pa.Array]

_LENGTH: Final = 16
_DIGITS: Final = r"^[0-9]{16}$"
_GRID_DIGITS: Final = r"^[0-9]{14,15}$"
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
    kind: Kind,
    texts: dict[str, Texts],
    layout: PartLayout | None,
    refusals: Refusals,
    *,
    own: bool = False,
) -> None:
    """Fill in texts that follow from others, before anything is converted.

    `own`: an export of ours, which states the class beside the code and so needs no layout.
    """
    if kind is Kind.PARTS and own and layout is None:
        codes = texts["code"]
        wrong = given(codes) & ~bools(pc.match_substring_regex(codes, _DIGITS))
        refusals.refuse(wrong, "code", codes, "no part code", "16 digits")
    elif kind is Kind.PARTS:
        _read_part_codes(texts, layout, refusals)
    if kind is Kind.PLACES:
        _cut_addresses(texts)
    if kind is Kind.AREAS:
        grid = bools(pc.equal(texts["tier"], "grid")) & given(texts["code"])
        wrong = grid & ~bools(pc.match_substring_regex(texts["code"], _GRID_DIGITS))
        mend = "15 digits (6 county, 3 street, 3 community, 3 sequence), of old 14"
        refusals.refuse(wrong, "code", texts["code"], "no grid code", mend)


def attributes(names: Sequence[str], columns: Mapping[str, Texts]) -> Texts:
    """Return per row the kept columns as a JSON object, null if all are missing."""
    written: list[str | None] = []
    for row in zip(*(columns[name].to_pylist() for name in names), strict=True):
        known = {name: value for name, value in zip(names, row, strict=True) if value is not None}
        written.append(json.dumps(known, ensure_ascii=False) if known else None)
    return pa.array(written, pa.string())


def finish(kind: Kind, columns: Columns, shapes: Shapes | None, refusals: Refusals) -> None:
    """Fill in typed columns that follow from others, and check that they agree."""
    if kind is Kind.ROADS:
        usual = pa.array([_WIDTHS.get(k, 7.0) for k in columns["kind"].to_pylist()], pa.float64())
        columns["width"] = pc.coalesce(columns["width"], usual)
    if kind is Kind.BUILDINGS and shapes is not None:
        _raise_floors(columns, shapes)
    if kind is Kind.PARTS:
        mend = "map a column to class, set it as a constant, or declare --layout for the codes"
        refusals.refuse(~given(columns["class"]), "class", columns["class"], "missing", mend)
    for before, after in _ORDERED.get(kind, ()):
        bad = bools(pc.less(columns[after], columns[before]))
        reason = f"earlier than {before}"
        refusals.refuse(bad, after, columns[after], reason, "mend one of the two times")


def _read_part_codes(
    texts: dict[str, Texts], layout: PartLayout | None, refusals: Refusals
) -> None:
    """Check the codes, and take the class from each where none is given."""
    codes = texts["code"]
    told = given(codes)
    if not told.any():
        return
    if layout is None:
        raise InvalidInput(
            "The parts have codes of 16 digits, which two layouts cut differently.",
            advice="Nothing was imported. Declare --layout 6+2+2+6 or --layout 6+2+3+5.",
            field="layout",
        )
    quick = _are_sixteen(codes, layout)
    if quick is not None and quick.all() and not texts["class"].null_count:
        return
    pieces = _pieces(codes, layout)
    right = _are_codes(codes, pieces) if quick is None else quick
    _refuse_codes(codes, told & ~right, layout, refusals)
    long_minor = pc.utf8_length(pieces[1]).to_numpy(zero_copy_only=False) == 3
    standard = pc.and_(pa.array(long_minor), pc.starts_with(pieces[1], "0"))
    minor = pc.if_else(standard, pc.utf8_slice_codeunits(pieces[1], 1), pieces[1])
    classes = pc.binary_join_element_wise(pieces[0], minor, "")
    of_code = pc.if_else(pa.array(right), classes, pa.scalar(None, pa.string()))
    texts["class"] = pc.coalesce(texts["class"], of_code)


def _pieces(codes: Texts, layout: PartLayout) -> tuple[Texts, Texts, Texts]:
    """Return major, minor and sequence of codes of whatever form."""
    end = 8 + layout.widths[2]
    cuts = ((6, 8), (8, end), (end, 16))
    major, minor, sequence = (pc.utf8_slice_codeunits(codes, *cut) for cut in cuts)
    return major, minor, sequence


def _are_sixteen(
    codes: Texts, layout: PartLayout
) -> np.ndarray[tuple[int], np.dtype[np.bool_]] | None:
    """Tell as `_are_codes` does, ten times as fast, if all have 16 bytes; else None."""
    raw = codes.cast(pa.binary())
    if raw.null_count or not len(raw):
        return None
    ends = np.frombuffer(raw.buffers()[1], np.int32)[raw.offset :][: len(raw) + 1]
    if (np.diff(ends) != _LENGTH).any():
        return None
    cells = np.frombuffer(raw.buffers()[2], np.uint8)[ends[0] : ends[-1]].reshape(-1, _LENGTH)
    digits = cells - np.uint8(ord("0"))
    right = (digits <= 9).all(axis=1)
    provinces = np.zeros(256 * 11, np.bool_)
    provinces[[int(one) for one in PROVINCES]] = True
    right &= provinces[digits[:, 0].astype(np.int64) * 10 + digits[:, 1]]
    end = 8 + layout.widths[2]
    for low, high in ((6, 8), (8, end), (end, _LENGTH)):
        right &= (digits[:, low:high] != 0).any(axis=1)
    return right


def _are_codes(
    codes: Texts, pieces: tuple[Texts, Texts, Texts]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Tell which codes `parse_part_code` would take, for all at once."""
    right = bools(pc.match_substring_regex(codes, _DIGITS))
    provinces = pa.array(sorted(PROVINCES), pa.string())
    right &= bools(pc.is_in(pc.utf8_slice_codeunits(codes, 0, 2), provinces))
    for piece in pieces:
        right &= bools(pc.match_substring_regex(piece, "[1-9]"))
    return right


def _refuse_codes(
    codes: Texts,
    suspects: np.ndarray[tuple[int], np.dtype[np.bool_]],
    layout: PartLayout,
    refusals: Refusals,
) -> None:
    """Refuse wrong codes, each with the piece that is at fault."""
    for at in np.flatnonzero(suspects & ~refusals.out):
        bad = np.zeros(len(codes), dtype=np.bool_)
        bad[at] = True
        try:
            parse_part_code(codes[at].as_py(), layout)
            piece = ""
        except InvalidInput as error:
            piece = "" if error.field == "code" else f" ({error.field})"
        mend = f"16 digits in the layout {layout}"
        refusals.refuse(bad, "code", codes, f"no part code{piece}", mend)


def _cut_addresses(texts: dict[str, Texts]) -> None:
    """Fill in the pieces of addresses where the source does not state them."""
    pieces = [cut_address(one) for one in texts["address"].to_pylist()]
    for at, name in enumerate(PIECES):
        found = pa.array([cut[at] or None for cut in pieces], pa.string())
        texts[name] = pc.coalesce(texts[name], found)


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
