"""Find a text file's encoding, or refuse the one declared if the bytes deny it.

UTF-8 is recognised by strict decoding (other encodings' non-ASCII bytes fail it), UTF-16 by its
mark. What is neither is GB18030 when it decodes strictly and reads as common Chinese; for the
rest charset-normalizer judges. Samples are taken from all over the file, not only its head.
"""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from charset_normalizer import from_bytes

from app.domain.errors import InvalidInput

_HEAD = 1 << 18
_SLICE = 1 << 16
_SLICES = 15
_FEW_CONTROLS = 64
_WIDE = ("utf-16", "utf-32")
_LIKELY = (
    "gb18030",
    "big5",
    "cp1252",
    "iso8859_15",
    "cp1250",
    "cp1251",
    "koi8_r",
    "shift_jis",
    "euc_jp",
    "euc_kr",
)
_COMMON_HAN = re.compile(r"[\u4e00-\u9fa5\u3000-\u303f\uff00-\uffef、。《》“”‘’—…·]")
_MAGIC = (
    (b"PK\x03\x04", "a zip or Excel file"),
    (b"\x1f\x8b", "a gzip file"),
    (b"%PDF", "a PDF"),
    (b"SQLite format 3", "an SQLite database"),
    (b"\xd0\xcf\x11\xe0", "an old Excel (.xls) or Word file"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)


def find_encoding(path: Path, declared: str | None) -> str:
    """Return the codec's name for `path`: what is declared if it can be so, else what is found.

    Raises InvalidInput (field `encoding` or `source`): binary content, an unknown codec, or a
    declared one that the bytes deny.
    """
    samples = _samples(path)
    marked = _by_mark(samples[0])
    _refuse_binary(path, samples, marked)
    if declared is None:
        return marked or _guess(path, samples)
    codec = _codec(declared)
    _refuse_denied(path, samples, codec, marked)
    return "utf-8-sig" if codec == "utf-8" else codec


def shown_encoding(codec: str) -> str:
    """Return the name of a codec as people write it."""
    return {"utf-8-sig": "UTF-8", "utf-8": "UTF-8", "gb18030": "GB18030"}.get(codec, codec)


def _samples(path: Path) -> list[bytes]:
    """Read the head and slices spread over the file, each cut at line ends."""
    size = path.stat().st_size
    with path.open("rb") as file:
        samples = [_whole_lines(file.read(_HEAD), size > _HEAD)]
        if size > _HEAD:
            step = (size - _HEAD) // (_SLICES + 1)
            for number in range(1, _SLICES + 1):
                file.seek(_HEAD + number * step)
                _, _, rest = file.read(_SLICE).partition(b"\n")
                samples.append(_whole_lines(rest, True))
    return samples


def _whole_lines(data: bytes, cut: bool) -> bytes:
    if not cut or b"\n" not in data:
        return data
    return data[: data.rindex(b"\n") + 1]


def _by_mark(head: bytes) -> str | None:
    if head.startswith(codecs.BOM_UTF8):
        return "utf-8-sig"
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    return None


def _refuse_binary(path: Path, samples: list[bytes], marked: str | None) -> None:
    for magic, what in _MAGIC:
        if samples[0].startswith(magic):
            raise _not_text(path, f"it is {what}")
    if marked != "utf-16" and any(b"\x00" in sample for sample in samples):
        raise _not_text(path, "it holds zero bytes")
    head = samples[0]
    control = sum(head.count(byte) for byte in range(1, 32) if byte not in (9, 10, 12, 13, 26))
    if control > max(len(head) // 20, _FEW_CONTROLS) and marked != "utf-16":
        raise _not_text(path, "it is full of control bytes")


def _not_text(path: Path, why: str) -> InvalidInput:
    return InvalidInput(
        f"{path.name} is no table of text: {why}.",
        advice="Nothing was imported. Choose the CSV or Excel file that was meant.",
        field="source",
    )


def _codec(name: str) -> str:
    try:
        found = codecs.lookup(name.strip())
    except (LookupError, ValueError):
        found = None
    if found is None or not _writes_tables(found.name):
        raise InvalidInput(
            f"No encoding is called {name[:40]!r}.",
            advice="Say UTF-8 or GB18030, or leave it out and it is found.",
            field="encoding",
        )
    return "gb18030" if found.name in ("gb2312", "gbk") else found.name


def _writes_tables(codec: str) -> bool:
    """Whether a codec writes plain ASCII as it is, or in two or four bytes."""
    if codec.startswith(_WIDE):
        return True
    try:
        return "escape" not in codec and "A,1\n".encode(codec) == b"A,1\n"
    except (LookupError, ValueError):
        return False


def decoding_errors(codec: str) -> str:
    """Return how to decode what is no text: so that it can be told, or in wide codecs lost."""
    return "replace" if codec.startswith(_WIDE) else "surrogateescape"


def _refuse_denied(path: Path, samples: list[bytes], codec: str, marked: str | None) -> None:
    """Raise if the bytes cannot be `codec`, or are plainly UTF-8 read as something else."""
    found = marked or _guess(path, samples)
    text = [sample for sample in samples if not _decodes(sample, codec)]
    plain_utf8 = found.startswith("utf-8") and any(not sample.isascii() for sample in samples)
    if not text and not (plain_utf8 and not codec.startswith("utf-8")):
        return
    raise InvalidInput(
        f"{path.name} was declared {shown_encoding(codec)}, but its bytes are"
        f" {shown_encoding(found)}.",
        advice="Nothing was imported. Leave --encoding out, or declare what it is.",
        field="encoding",
    )


def _decodes(data: bytes, codec: str) -> bool:
    try:
        data.decode(codec)
    except (UnicodeError, LookupError):
        return False
    return True


def _guess(path: Path, samples: list[bytes]) -> str:
    """Judge unmarked bytes; a few bad lines among many good ones do not change the verdict."""
    lines = b"".join(samples).split(b"\n")
    speaking = [line for line in lines if not line.isascii()]
    if not speaking or _share(speaking, "utf-8") >= 0.9:
        return "utf-8-sig"
    if _share(speaking, "gb18030") >= 0.9 and _reads_as_chinese(b"\n".join(speaking)):
        return "gb18030"
    best = from_bytes(b"\n".join(speaking)[:_HEAD], cp_isolation=list(_LIKELY)).best()
    if best is None:
        raise InvalidInput(
            f"The encoding of {path.name} cannot be found.",
            advice="Nothing was imported. Declare it with --encoding.",
            field="encoding",
        )
    return _codec(best.encoding)


def _share(lines: list[bytes], codec: str) -> float:
    return sum(_decodes(line, codec) for line in lines) / len(lines)


def _reads_as_chinese(data: bytes) -> bool:
    letters = [letter for letter in data.decode("gb18030", "ignore") if not letter.isascii()]
    common = sum(bool(_COMMON_HAN.match(letter)) for letter in letters)
    return common >= 0.8 * len(letters)
