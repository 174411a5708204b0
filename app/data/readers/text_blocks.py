"""Bytes of a text file as UTF-8, in blocks that end with a line or line by line, in flat memory.

Most blocks of most files can be parsed whole by Arrow; where that fails, the same bytes are read
again by lines. Files in wide encodings (UTF-16) or with the line ends of old Macs are turned to
UTF-8 on the way in; all others stay as they are, since in none of them a multi-byte letter holds
a line feed.
"""

from __future__ import annotations

import codecs
import io
from pathlib import Path
from typing import IO, Final

from app.data.readers.encodings import decoding_errors
from app.domain.errors import InvalidInput

_BLOCK: Final = 1 << 22


class TextBlocks:
    """A text file read forwards. `codec` is that of the bytes handed out."""

    def __init__(self, path: Path, codec: str) -> None:
        self.name = path.name
        self.codec = codec.removesuffix("-sig")
        self._raw = path.open("rb")
        self._turned: IO[str] | None = None
        head = self._raw.read(1 << 16)
        self._raw.seek(0)
        if decoding_errors(codec) == "replace" or (b"\r" in head and b"\n" not in head):
            errors = decoding_errors(codec)
            self._turned = io.TextIOWrapper(self._raw, codec, errors=errors, newline=None)
            self.codec = "utf-8"
        self._data = b""
        self._at = 0
        self._filled = 0
        self._ended = False
        self._fill(1)
        if self._data.startswith(codecs.BOM_UTF8):
            self._at = len(codecs.BOM_UTF8)

    @property
    def left(self) -> int:
        """Bytes in memory that are not handed out yet."""
        return len(self._data) - self._at

    @property
    def position(self) -> int:
        """Bytes handed out so far."""
        return self._filled - self.left

    def read_bytes(self) -> int:
        """Return how far the file has been read."""
        return 0 if self._raw.closed else self._raw.tell() - (0 if self._turned else self.left)

    def block(self, most: int = _BLOCK) -> bytes:
        """Return the whole lines among the next `most` bytes, without moving on; empty at the end.

        If no line ends there, returns empty although more may come: then `line` tells.
        """
        self._fill(most)
        end = min(self._at + most, len(self._data))
        if self._ended and end == len(self._data):
            return self._data[self._at :]
        return self._data[self._at : self._data.rfind(b"\n", self._at, end) + 1]

    def move_to(self, position: int) -> None:
        """Go on after the first `position` bytes handed out; only forwards in a turned text."""
        if self._turned is None:
            self._raw.seek(position)
            self._data, self._at, self._filled, self._ended = b"", 0, position, False
            return
        while self.position < position:
            self._fill(1)
            if not self.left:
                return
            self.skip(min(position - self.position, self.left))

    def skip(self, count: int) -> None:
        """Move on by `count` bytes."""
        self._at += count

    def line(self, most: int) -> bytes:
        """Return the next line with its end, or its first `most` bytes; empty at the end."""
        end = self._data.find(b"\n", self._at, self._at + most) + 1
        if not end:
            self._fill(most)
            end = self._data.find(b"\n", self._at, self._at + most) + 1
        end = end or min(self._at + most, len(self._data))
        line = self._data[self._at : end]
        self._at = end
        return line

    def close(self) -> None:
        """Close the file."""
        (self._turned or self._raw).close()

    def _fill(self, wanted: int) -> None:
        """Have `wanted` bytes in memory, or all that are left."""
        if self._ended or self.left >= wanted:
            return
        pieces = [self._data[self._at :]]
        have = len(pieces[0])
        while have < wanted and not self._ended:
            piece = self._read(max(wanted - have, _BLOCK))
            self._ended = not piece
            pieces.append(piece)
            have += len(piece)
            self._filled += len(piece)
        self._data, self._at = b"".join(pieces), 0

    def _read(self, count: int) -> bytes:
        try:
            if self._turned is None:
                return self._raw.read(count)
            return self._turned.read(count).encode("utf-8", "surrogateescape")
        except UnicodeError as error:
            raise InvalidInput(
                f"{self.name} is no text: {error}.",
                advice="Nothing was imported. Declare the right --encoding.",
                field="encoding",
            ) from None
