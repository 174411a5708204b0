"""A picture of the map alone: what the desk's map shows, exactly as large as asked, in a file.

It waits for the thing itself: every tile at the picture's own scale, names placed, parts counted.
A line at its foot says of what and of when it is, and 示意 where it is made up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PySide6.QtCore import QPointF, QRect, QRectF
from PySide6.QtGui import QColor, QFontMetricsF, QGuiApplication, QImage, QPainter

from app.domain.camera import Bounds, Camera
from app.domain.deep_links import ViewLink, is_link, read_link
from app.domain.errors import InvalidInput, NotFound, StorageFailure, Unavailable
from app.domain.geodesy import CityFrame
from app.domain.layers import LAYERS, with_only, with_opacity, with_range
from app.domain.map_columns import AREA_TIERS
from app.engines.citystore import CityStore
from app.engines.english import english
from app.services.changes import CaseRow, Changes
from app.services.questions import OpenCases
from app.shell.application import application
from app.shell.bridge import Core
from app.shell.map_values import heat_at, open_cases
from app.shell.stage import part_families
from app.store import Store
from layers.look import MapTheme
from widgets.i18n import language, set_language, tr
from widgets.icons import load_icons
from widgets.map_overlays import MARGIN, paint_panel, type_of
from widgets.map_view import MapView
from widgets.map_wishes import Wishes
from widgets.theme import Theme, load_theme
from widgets.words import local, named

WAIT_MS = 120_000  # the first picture after a build may have to wait for the kernels
_STREET_VIEW = 1.2  # metres a pixel at which a road is shown
_USUAL = frozenset(spec.key for spec in LAYERS if spec.visible)
_TIERS = {"district": ("district",), "street": ("street",)}
_NAMES_TOLD = 12


@dataclass(frozen=True)
class MapWish:
    """What a picture is to show.

    Attributes:
        view: `city`, `district:NAME`, `street:NAME` (a street of the city's tiers or a road), or
            a link (`wangge://view?…`).
        size: physical pixels, width and height.
        layers: keys of `app.domain.layers`, None for the usual ones or those of the link.
    """

    view: str = "city"
    theme: str = "light"
    size: tuple[int, int] = (1920, 1080)
    lang: str = "zh"
    layers: frozenset[str] | None = None


@dataclass(frozen=True)
class _Shown:
    """Where a wish leads: a box in local metres, or a place with its scale, and their title."""

    title: str
    box: Bounds | None = None
    link: ViewLink | None = None


def take_picture(core: Core, store: CityStore, wish: MapWish, now_ms: int) -> tuple[QImage, int]:
    """Return the picture and how many parts are in sight.

    Raises `InvalidInput` and `NotFound` for a view that cannot be shown, `Unavailable` when the
    map does not become sharp in two minutes.
    """
    shown = _shown(store, wish)
    application()
    set_language(wish.lang)
    load_icons()
    theme = load_theme(wish.theme)
    rows: tuple[CaseRow, ...] = core.ask(OpenCases()).result()
    cases = Store()
    cases.tick(now_ms)
    cases.apply(Changes(cases=rows))
    view = _view(core, store, theme, wish, shown, cases, now_ms)
    view.set_cases(cases.map_cases(now_ms))
    if shown.link is not None and shown.link.case is not None:
        row = cases.row(shown.link.case)
        view.select(shown.link.case, named(row.address) if row is not None else "")
    try:
        image = _sharp(view, wish.size)
        in_sight = view.counts[1] or 0
    finally:
        view.stop()
        view.close()
        view.deleteLater()
    foot = _foot(core, shown.title, in_sight, len(rows), now_ms)
    _lay_foot(image, foot, theme)
    return image, in_sight


def save_picture(image: QImage, path: Path) -> None:
    """Write a picture; raises `StorageFailure`."""
    if not image.save(str(path)):
        raise StorageFailure(
            f"The picture cannot be written to {path}.",
            advice="Name a .png in a folder that you may write to.",
            field="out",
        )


def _view(
    core: Core,
    store: CityStore,
    theme: Theme,
    wish: MapWish,
    shown: _Shown,
    cases: Store,
    now_ms: int,
) -> MapView:
    """Return the map in its place, offscreen."""
    view = MapView(store, theme, tr, core.run)
    view.set_animated(False)
    view.set_part_families(*part_families())
    view.set_language(tr, wish.lang == "en")
    view.set_overlays(chip=False, legend=True)
    view.resize(*logical(wish.size, view.devicePixelRatioF()))
    link = shown.link
    hour = local(now_ms).hour if link is None or link.hour is None else link.hour
    wishes = _wishes(view.wishes, wish.layers, link)
    view.wish(_valued(wishes, store, theme, cases, hour))
    view.show()
    if shown.link is not None:
        view.set_camera(_camera(view.camera, store.frame, shown.link))
    else:
        view.fit(shown.box)
    return view


def _wishes(wishes: Wishes, keys: frozenset[str] | None, link: ViewLink | None) -> Wishes:
    """Return the wishes with the layers asked for, and with what a link says of them."""
    shown = keys or (link.layers if link is not None else None) or _USUAL
    layers = with_only(wishes.layers, shown)
    if link is None:
        return replace(wishes, layers=layers)
    for key, per_cent in link.opacity.items():
        layers = with_opacity(layers, key, per_cent / 100)
    for key, (least, most) in link.ranges.items():
        layers = with_range(layers, key, least, most)
    want, states = wishes.want, wishes.states
    if link.classes is not None:
        want = np.zeros(256, np.uint8)
        want[list(link.classes)] = 1
    if link.states is not None:
        states = sum(1 << s for s in link.states)
    return replace(wishes, layers=layers, want=want, states=states)


def _valued(wishes: Wishes, store: CityStore, theme: Theme, cases: Store, hour: int) -> Wishes:
    """Return the wishes with what fills areas and what is warm, where that is shown."""
    shown = {spec.key for spec in wishes.layers if spec.visible}
    if "values" in shown:
        wishes = replace(wishes, values=open_cases(cases, store, theme))
    if "heat" in shown:
        wishes = replace(wishes, heat=heat_at(cases, hour, store.frame))
    return wishes


def logical(size: tuple[int, int], ratio: float) -> tuple[int, int]:
    """Return the least logical size that holds `size` physical pixels."""
    return int(-(-size[0] // ratio)), int(-(-size[1] // ratio))


def _sharp(view: MapView, size: tuple[int, int]) -> QImage:
    if not view.wait_sharp(WAIT_MS):
        raise Unavailable(
            f"The map was not sharp after {WAIT_MS // 1000} s.",
            advice="Try again when the machine has less to do.",
        )
    image = view.grab().toImage()
    image.setDevicePixelRatio(1.0)
    return image.copy(QRect(0, 0, *size))


def _camera(camera: Camera, frame: CityFrame, link: ViewLink) -> Camera:
    x, y = frame.to_xy(link.lon, link.lat)
    return camera.at(float(x), float(y), link.m_per_px).turned(link.heading, link.pitch)


# ---- what a view names ------------------------------------------------------------------


def _shown(store: CityStore, wish: MapWish) -> _Shown:
    if is_link(wish.view):
        link = read_link(wish.view)
        if link.fill == "signs":
            raise InvalidInput(
                "A picture can be filled by open cases, not by signs.",
                advice="Make the link again with areas filled by open cases.",
                field="view",
            )
        return _Shown("", link=link)
    kind, _, name = wish.view.partition(":")
    if kind == "city" and not name:
        return _Shown("", box=store.bounds)
    if kind not in _TIERS or not name.strip():
        raise InvalidInput(
            f"{wish.view!r} is no view.",
            advice="city, district:NAME, street:NAME, or a link wangge://view?…",
            field="view",
        )
    return _named(store, kind, name.strip(), wish.lang)


def _named(store: CityStore, kind: str, name: str, lang: str) -> _Shown:
    """Return the area of a tier with this name, else (for a street) the middle of such a road."""
    tiers = [AREA_TIERS.index(tier) for tier in _TIERS[kind]]
    shapes = store.shapes["area"]
    rows = [row for row in shapes.live.tolist() if shapes.kind[row] in tiers]
    found = _called(store, rows, name)
    if found:
        title = _names(store, "area", found[0])[1 if lang == "en" else 0]
        return _Shown(title, box=_box(store, "area", found[0]))
    if kind == "street":
        road = _road(store, name)
        if road is not None:
            return road
    raise NotFound(
        f"This city has no {kind} {name!r}.",
        advice=f"There are: {_some(_names(store, 'area', row)[0] for row in rows)}.",
        field="view",
    )


def _road(store: CityStore, name: str) -> _Shown | None:
    shapes = store.shapes["road"]
    best, longest = None, 0.0
    for row in shapes.live.tolist():
        if shapes.text("name", row) != name:
            continue
        line = shapes.rings(row)[0].astype(np.float64)
        length = float(np.hypot(*np.diff(line, axis=0).T).sum())
        if length > longest:
            best, longest = line[len(line) // 2], length
    if best is None:
        return None
    x, y = best + store.origin
    lon, lat = store.frame.to_lonlat(float(x), float(y))
    return _Shown(name, link=ViewLink(float(lon), float(lat), _STREET_VIEW))


def _names(store: CityStore, layer: str, row: int) -> tuple[str, str]:
    shapes = store.shapes[layer]
    own = shapes.text("name", row)
    return own, shapes.text("name_en", row) or english(own)


def _called(store: CityStore, rows: Sequence[int], wanted: str) -> list[int]:
    """Return the areas of that name, else the only one whose name begins so."""
    wanted = wanted.casefold()
    names = {row: [own.casefold() for own in _names(store, "area", row)] for row in rows}
    same = [row for row in rows if wanted in names[row]]
    begun = [row for row in rows if any(own.startswith(wanted) for own in names[row])]
    return same or (begun if len(begun) == 1 else [])


def _box(store: CityStore, layer: str, row: int) -> Bounds:
    x0, y0, x1, y1 = (float(v) for v in store.shapes[layer].box[row])
    ox, oy = store.origin
    return Bounds(x0 + ox, y0 + oy, x1 + ox, y1 + oy)


def _some(names: Iterable[str]) -> str:
    told = sorted(set(names))
    rest = ", …" if len(told) > _NAMES_TOLD else ""
    return ", ".join(told[:_NAMES_TOLD]) + rest


# ---- the line at its foot ---------------------------------------------------------------


def _foot(core: Core, title: str, parts: int, cases: int, now_ms: int) -> list[str]:
    facts = core.facts
    city = facts.name if language() == "zh" else english(facts.name)
    pieces = [
        f"{city} · {title}" if title and title != city else city,
        f"{tr('map.parts')} {parts:,}",
        f"{tr('picture.cases')} {cases:,}",
        f"{local(now_ms):%Y-%m-%d %H:%M}",
    ]
    return [*pieces, tr("picture.sample")] if facts.sample else pieces


def _lay_foot(image: QImage, pieces: list[str], theme: MapTheme) -> None:
    """Write the line at the bottom left, as large as the legend's words."""
    ratio = QGuiApplication.primaryScreen().devicePixelRatio()
    image.setDevicePixelRatio(ratio)
    font = type_of(12)
    metrics = QFontMetricsF(font)
    text = "    ".join(pieces)
    wide, high = metrics.horizontalAdvance(text) + 24, 28.0
    box = QRectF(MARGIN, image.height() / ratio - high - MARGIN, wide, high)
    painter = QPainter(image)
    try:
        paint_panel(painter, box, theme)
        painter.setFont(font)
        painter.setPen(QColor(theme.dim))
        base = box.center().y() + metrics.capHeight() / 2
        painter.drawText(QPointF(box.x() + 12, base), text)
    finally:
        painter.end()
    image.setDevicePixelRatio(1.0)
