"""How a map is put on paper: size, direction, dots, scale, words; checked once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from app.domain.errors import InvalidInput

PAPERS: Final = {
    "A4": (297.0, 210.0), "A3": (420.0, 297.0), "A2": (594.0, 420.0), "A1": (841.0, 594.0),
    "A0": (1189.0, 841.0),
}  # fmt: skip
MOST_PIXELS: Final = 160_000_000  # of one picture; QGIS holds it whole, four bytes each
_DPI, _SCALES = (50, 600), (100, 5_000_000)
_WORDS = {"title": 120, "notes": 600}


@dataclass(frozen=True)
class PageSetup:
    """What a person chooses for paper. Raises `InvalidInput` naming the field that is wrong.

    Attributes:
        paper: one of `PAPERS`, or empty for the size that the template has.
        portrait: upright instead of lying.
        dpi: dots an inch, 50 to 600.
        scale: N of 1 : N, 100 to 5,000,000; 0 fits the area into the frame.
        title: instead of the area's name; of a page of an atlas it stands below that.
        notes: words at the foot.
        legend: whether there is one.
    """

    paper: str = ""
    portrait: bool = False
    dpi: int = 200
    scale: int = 0
    title: str = ""
    notes: str = ""
    legend: bool = True

    def __post_init__(self) -> None:
        """Refuse what no printer takes."""
        if self.paper and self.paper not in PAPERS:
            raise InvalidInput(
                f"{self.paper!r} is no size of paper.",
                advice=f"One of {', '.join(PAPERS)}.",
                field="paper",
            )
        if not _DPI[0] <= self.dpi <= _DPI[1]:
            raise InvalidInput(f"{self.dpi} dpi is not between 50 and 600.", field="dpi")
        if self.scale and not _SCALES[0] <= self.scale <= _SCALES[1]:
            raise InvalidInput(
                f"1 : {self.scale:,} is not between 1 : 100 and 1 : 5,000,000.", field="scale"
            )
        for name, most in _WORDS.items():
            if len(getattr(self, name)) > most:
                raise InvalidInput(f"{name} is longer than {most} characters.", field=name)

    @property
    def size_mm(self) -> tuple[float, float]:
        """Width and height of the page in millimetres; of the template's own size, A4's."""
        wide, high = PAPERS[self.paper or "A4"]
        return (high, wide) if self.portrait else (wide, high)

    def check_picture(self) -> None:
        """Refuse a picture (PNG) that is too large to be held; raises `InvalidInput`."""
        wide, high = (round(side / 25.4 * self.dpi) for side in self.size_mm)
        if wide * high > MOST_PIXELS:
            raise InvalidInput(
                f"A picture of {wide:,} x {high:,} pixels is too large.",
                advice="Take fewer dots an inch, smaller paper, or PDF.",
                field="dpi",
            )
