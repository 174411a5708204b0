"""Codes of parts, grids and areas, after the family GB/T 30428: parse, check, write.

Part codes have 16 digits in one of two layouts that look alike, so a data set declares which.
Codes are attributes, never keys: two cities' exports may repeat them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.domain.errors import InvalidInput

PROVINCES: Final = frozenset(
    str(number)
    for numbers in (
        range(11, 16),
        range(21, 24),
        range(31, 38),
        range(41, 47),
        range(50, 55),
        range(61, 66),
        (71, 81, 82),
    )
    for number in numbers
)
"""First two digits of a county code (GB/T 2260)."""

_MUNICIPALITIES: Final = frozenset({"11", "12", "31", "50"})
_GRID_WIDTHS: Final = {15: (6, 3, 3, 3), 14: (6, 3, 3, 2)}
_FIRST_LOCAL_MINOR: Final = 80


class PartLayout(StrEnum):
    """How a 16-digit part code is cut: county, major class, minor class, sequence."""

    SHORT_MINOR = "6+2+2+6"
    LONG_MINOR = "6+2+3+5"

    @property
    def widths(self) -> tuple[int, int, int, int]:
        """Digits of county, major, minor and sequence."""
        county, major, minor, sequence = (int(width) for width in self.value.split("+"))
        return county, major, minor, sequence


@dataclass(frozen=True)
class PartCode:
    """A part code in its pieces; each keeps its leading zeros."""

    county: str
    major: str
    minor: str
    sequence: str
    layout: PartLayout

    def __str__(self) -> str:
        """Return the 16 digits."""
        return f"{self.county}{self.major}{self.minor}{self.sequence}"

    @property
    def class_code(self) -> str:
        """Major and minor as four digits, the key of the table of part classes.

        A minor above 99 (layout 6+2+3+5, local) keeps three digits, so five in all.
        """
        return f"{self.major}{int(self.minor):02d}"

    @property
    def is_local(self) -> bool:
        """Whether the minor class is a city's own (080-999 of the long layout)."""
        long = self.layout is PartLayout.LONG_MINOR
        return long and int(self.minor) >= _FIRST_LOCAL_MINOR


@dataclass(frozen=True)
class GridCode:
    """A grid code in its pieces: 6 county + 3 street + 3 community + 3 (older: 2) sequence."""

    county: str
    street: str
    community: str
    sequence: str

    def __str__(self) -> str:
        """Return the 15 (older: 14) digits."""
        return f"{self.county}{self.street}{self.community}{self.sequence}"


def parse_layout(text: str) -> PartLayout:
    """Read a declared layout: `6+2+2+6`, `6+2+3+5` or the same without plus signs.

    Raises InvalidInput (field `layout`) on anything else.
    """
    wanted = text.replace(" ", "").replace("+", "")
    for layout in PartLayout:
        if layout.value.replace("+", "") == wanted:
            return layout
    raise InvalidInput(
        f"No layout of part codes is called {text!r}.",
        advice="Declare --layout 6+2+2+6 or --layout 6+2+3+5.",
        field="layout",
    )


def parse_part_code(text: str, layout: PartLayout) -> PartCode:
    """Cut and check a 16-digit part code; raises InvalidInput naming the piece at fault."""
    _digits(text, (16,), "code")
    county, major, minor, sequence = _cut(text, layout.widths)
    _check_county(county, text)
    for field, piece in (("major", major), ("minor", minor), ("sequence", sequence)):
        _check_not_zero(field, piece, text)
    return PartCode(county, major, minor, sequence, layout)


def format_part_code(
    county: str, major: int, minor: int, sequence: int, layout: PartLayout
) -> PartCode:
    """Build a part code from numbers; raises InvalidInput if one needs more digits than it has."""
    _, major_width, minor_width, sequence_width = layout.widths
    pieces = [
        _padded("major", major, major_width),
        _padded("minor", minor, minor_width),
        _padded("sequence", sequence, sequence_width),
    ]
    return parse_part_code(county + "".join(pieces), layout)


def parse_grid_code(text: str) -> GridCode:
    """Cut and check a grid code of 15 or 14 digits; raises InvalidInput naming the piece."""
    _digits(text, tuple(_GRID_WIDTHS), "grid code")
    county, street, community, sequence = _cut(text, _GRID_WIDTHS[len(text)])
    _check_county(county, text)
    for field, piece in (("street", street), ("community", community), ("sequence", sequence)):
        _check_not_zero(field, piece, text)
    return GridCode(county, street, community, sequence)


def format_grid_code(
    county: str, street: int, community: int, sequence: int, *, digits: int = 15
) -> GridCode:
    """Build a grid code from numbers, of 15 digits or of the older 14."""
    if digits not in _GRID_WIDTHS:
        raise InvalidInput(f"A grid code has 15 or 14 digits, not {digits}.", field="grid code")
    _, street_width, community_width, sequence_width = _GRID_WIDTHS[digits]
    pieces = [
        _padded("street", street, street_width),
        _padded("community", community, community_width),
        _padded("sequence", sequence, sequence_width),
    ]
    return parse_grid_code(county + "".join(pieces))


def parent_code(code: str) -> str | None:
    """Return the code of the area above, or None at the top or for a code of another form.

    Grid 15 or 14 digits → community 12 → street 9 → district 6 → city 6 ending in 00.
    """
    if not (code.isascii() and code.isdigit()):
        return None
    above = {15: 12, 14: 12, 12: 9, 9: 6}.get(len(code))
    if above:
        return code[:above]
    if len(code) != 6 or code.endswith("00"):
        return None
    return code[:2] + "0000" if code[:2] in _MUNICIPALITIES else code[:4] + "00"


def _digits(text: str, lengths: tuple[int, ...], field: str) -> None:
    if len(text) in lengths and text.isascii() and text.isdigit():
        return
    wanted = " or ".join(str(length) for length in lengths)
    raise InvalidInput(
        f"{text[:40]!r} is no {field}: it needs {wanted} digits and has {len(text)} characters.",
        advice="Check that a spreadsheet has not turned it into a number.",
        field=field,
    )


def _cut(text: str, widths: tuple[int, ...]) -> tuple[str, str, str, str]:
    ends = [sum(widths[: i + 1]) for i in range(4)]
    pieces = [text[end - width : end] for end, width in zip(ends, widths, strict=True)]
    return pieces[0], pieces[1], pieces[2], pieces[3]


def _check_county(county: str, text: str) -> None:
    if county[:2] not in PROVINCES:
        raise InvalidInput(
            f"{text}: the county {county} begins with no province of GB/T 2260.", field="county"
        )


def _check_not_zero(field: str, piece: str, text: str) -> None:
    if int(piece) == 0:
        raise InvalidInput(f"{text}: {field} {piece} is zero; it counts from 1.", field=field)


def _padded(field: str, number: int, width: int) -> str:
    text = f"{number:0{width}d}"
    if number < 0 or len(text) > width:
        raise InvalidInput(f"{field} {number} does not fit into {width} digits.", field=field)
    return text


def one_slip(code: str) -> set[str]:
    """Return all texts one wrong, missing, extra or swapped digit away from `code`."""
    found = set()
    for i in range(len(code) + 1):
        left, right = code[:i], code[i:]
        found |= {left + digit + right for digit in "0123456789"}
        if right and right[0].isdigit():
            found |= {left + digit + right[1:] for digit in "0123456789"}
            found.add(left + right[1:])
        if len(right) > 1:
            found.add(left + right[1] + right[0] + right[2:])
    return found - {code}
