"""Pictures compared with blessed ones, on one set-up: offscreen, ratio 1, Noto Sans CJK SC.

A picture passes while at most `SHARE` of its pixels differ by more than `STEP` of 255 in any
channel. What differs is written to build/images. `--renew-images` writes the expected pictures
anew and fails the test all the same: nobody blesses by accident.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontDatabase, QGuiApplication, QImage, QPainter

Image = NDArray[np.uint32]

FAMILY = "Noto Sans CJK SC"
STEP, SHARE = 12, 0.0008
WIDE, HIGH = 320, 220
ROOT = Path(__file__).parents[2]
BUILD = ROOT / "build" / "images"


@dataclass(frozen=True)
class ImageCheck:
    """Compares pictures with those in a folder."""

    expected: Path
    build: Path = BUILD
    renew: bool = False

    def __call__(self, name: str, image: Image) -> None:
        """Fail unless `image`, uint32 (h, w) 0xFFRRGGBB, looks like the expected one."""
        path = self.expected / f"{name}.png"
        if self.renew:
            save(image, path)
            pytest.fail(f"{path.name} is written anew: look at it, then run without the switch.")
        if not path.is_file():
            self._leave(name, image)
            pytest.fail(f"There is no expected {path.name}; --renew-images makes it.")
        wanted = load(path)
        if wanted.shape != image.shape:
            self._leave(name, image)
            pytest.fail(f"{name}: {image.shape} pixels, expected {wanted.shape}.")
        share = differing(image, wanted)
        if share > SHARE:
            self._leave(name, image)
            save(difference(image, wanted), self.build / f"{name}-diff.png")
            pytest.fail(
                f"{name}: {share:.2%} of its pixels differ by more than {STEP} of 255, allowed "
                f"are {SHARE:.2%}. See {self.build}/{name}.png and -diff.png."
            )

    def _leave(self, name: str, image: Image) -> None:
        save(image, self.build / f"{name}.png")


def differing(image: Image, wanted: Image) -> float:
    """Return the share of pixels of which a channel differs by more than `STEP`."""
    return float((_apart(image, wanted) > STEP).mean())


def difference(image: Image, wanted: Image) -> Image:
    """Return where they differ, white on black, brighter for more."""
    level = np.minimum(_apart(image, wanted) * 4, 255).astype(np.uint32)
    return np.uint32(0xFF000000) | (level << 16) | (level << 8) | level


def _apart(a: Image, b: Image) -> NDArray[np.int64]:
    x, y = (np.ascontiguousarray(one).view(np.uint8).reshape(*one.shape, 4) for one in (a, b))
    apart: NDArray[np.int64] = np.abs(x.astype(np.int64) - y.astype(np.int64)).max(axis=2)
    return apart


def save(image: Image, path: Path) -> None:
    """Write a picture as PNG, smaller by a palette where it has few colours."""
    path.parent.mkdir(parents=True, exist_ok=True)
    assert as_qimage(image).save(str(path), "PNG", 0), path


def load(path: Path) -> Image:
    """Return a PNG as uint32 (h, w)."""
    return pixels(QImage(str(path)))


def as_qimage(image: Image) -> QImage:
    """Return a copy of an array as an image of Qt's."""
    held = np.ascontiguousarray(image)
    h, w = held.shape
    return QImage(held.data, w, h, w * 4, QImage.Format.Format_RGB32).copy()


def pixels(image: QImage) -> Image:
    """Return a copy of an image as uint32 (h, w), opaque."""
    plain = image.convertToFormat(QImage.Format.Format_RGB32)
    flat = np.frombuffer(plain.constBits(), np.uint32)
    rows = flat.reshape(plain.height(), plain.bytesPerLine() // 4)[:, : plain.width()]
    return np.asarray(rows | np.uint32(0xFF000000), np.uint32)


def canvas(ground: str, width: int = WIDE, height: int = HIGH) -> QImage:
    """Return an image of one colour to paint on."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(ground)
    return image


def painter_on(image: QImage) -> QPainter:
    """Return a painter with the hints that the map has."""
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, True)
    return painter


def set_up_faults(families: list[str] | None = None) -> list[str]:
    """Return what about this set-up is not the blessed one, in words that say what to do."""
    faults = []
    if FAMILY not in (QFontDatabase.families() if families is None else families):
        faults.append(f"the font {FAMILY} is missing: install Debian's package fonts-noto-cjk")
    if QGuiApplication.platformName() != "offscreen":
        faults.append(f"the platform is {QGuiApplication.platformName()}: leave out --show-gui")
    ratio = QGuiApplication.primaryScreen().devicePixelRatio()
    if ratio != 1.0:
        faults.append(f"the pixel ratio is {ratio:g}: unset QT_SCALE_FACTOR and the like")
    if QGuiApplication.highDpiScaleFactorRoundingPolicy() == (
        Qt.HighDpiScaleFactorRoundingPolicy.Unset
    ):
        faults.append("Qt has no rounding policy")
    return faults
