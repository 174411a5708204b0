"""What is peculiar to Shapefiles: names of ten letters, and text in an encoding told beside it."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from app.domain.errors import InvalidInput

SHORT: Final = {
    "initial_date": "init_date",
    "reported_at": "reported",
    "curtain_wall": "curtain",
    "compound_uid": "comp_uid",
}
"""Our columns with more than ten letters, as an exported Shapefile names them."""

_SAMPLE: Final = 4 << 20
_LANGUAGE_BYTE: Final = 29


def long_names(header: Sequence[str]) -> dict[str, str]:
    """Return our names for the short ones of a Shapefile that we exported; else nothing."""
    if "uid" not in header:
        return {}
    have = set(header)
    return {short: name for name, short in SHORT.items() if short in have and name not in have}


def table_encoding(path: Path, declared: str | None) -> tuple[str | None, str | None]:
    """Return the encoding of a Shapefile's texts to show, and to tell GDAL (None: it knows).

    It is what was declared, else what the `.cpg` or the table's language byte says; where neither
    does, UTF-8 if the bytes allow it, else GB18030. Raises InvalidInput (field `encoding`).
    """
    if declared is not None:
        return declared, _known(declared)
    said = next((one for one in _beside(path, ".cpg")), None)
    if said is not None:
        name = said.read_text("ascii", errors="replace").strip()
        return name[:20] or None, None
    table = next((one for one in _beside(path, ".dbf")), None)
    if table is None:
        return None, None
    with table.open("rb") as file:
        data = file.read(_SAMPLE)
    if data.isascii() or data[_LANGUAGE_BYTE : _LANGUAGE_BYTE + 1] not in (b"\0", b""):
        return None, None
    body = data[32:]
    try:
        codecs.getincrementaldecoder("utf-8")().decode(body, final=False)
    except UnicodeDecodeError:
        return "GB18030", "GB18030"
    return "UTF-8", "UTF-8"


def _beside(path: Path, ending: str) -> list[Path]:
    return [path.with_suffix(one) for one in (ending, ending.upper())
            if path.with_suffix(one).is_file()]  # fmt: skip


def _known(name: str) -> str:
    try:
        return codecs.lookup(name.strip()).name.upper()
    except (LookupError, ValueError):
        raise InvalidInput(
            f"No encoding is called {name[:40]!r}.",
            advice="Say UTF-8 or GB18030, or leave it out and it is found.",
            field="encoding",
        ) from None
