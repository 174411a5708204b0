"""What the commands need of the rest of the program; `app.main` provides it.

Nothing here imports more than values, services and runtime, the latter only for types, so that a
command that asks little starts fast.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from app.domain.page_setup import PageSetup

if TYPE_CHECKING:
    from app.runtime.core import Core

Progress = Callable[[str, float], None]  # stage, share done from 0 to 1


@dataclass(frozen=True)
class NewCity:
    """A sample city to be built, in a folder or an empty PostgreSQL database."""

    out: Path | str
    scale: str = "sample"
    seed: int = 1
    code: str = "3101"


@dataclass(frozen=True)
class Window:
    """How the window is to be opened; what is empty is as last time."""

    city: str
    station: str = ""
    lang: str = ""
    theme: str = ""
    simulate: bool = False
    link: str = ""


@dataclass(frozen=True)
class Tour:
    """A walk through the window that leaves pictures and `summary.json`."""

    out: Path
    city: str = ""
    sizes: tuple[tuple[int, int], ...] = ()
    langs: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()
    themes: tuple[str, ...] = ()
    seed: int = 1


@dataclass(frozen=True)
class Import:
    """One real source to be taken in."""

    kind: str
    source: Path
    city: str
    crs: str = ""
    layout: str = ""
    mapping: Path | None = None
    encoding: str = ""
    then: str = ""
    """Of what an earlier run left unfinished: `resume` only that, `cancel` drops it."""


@dataclass(frozen=True)
class Export:
    """What is to be written out: all rows, or those of an area, of classes, or with some uids.

    `person`: who asks for personal data, needed only with `with_personal`.
    """

    kind: str
    out: Path
    city: str
    area: str = ""
    classes: tuple[str, ...] = ()
    ids: Path | None = None
    with_personal: bool = False
    person: str = ""


@dataclass(frozen=True)
class PackOut:
    """Signed actions to be packed for another copy of the city; no `cases` means all."""

    out: Path
    city: str
    cases: tuple[str, ...] = ()
    words: bool = False
    photos: bool = False


@dataclass(frozen=True)
class PackIn:
    """A pack of signed actions to be taken in; `trust` names devices not met before."""

    source: Path
    city: str
    trust: tuple[str, ...] = ()


@dataclass(frozen=True)
class BaseMapWish:
    """What `basemap` is to do: add, list, show, remove, test or fetch.

    `values` are a new map's fields; `at` degrees, `metres` the side of the square around it,
    `levels` octaves of metres a pixel; `only_plan` says how much a fetch would be.
    """

    verb: str
    name: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    city: str = ""
    area: str = ""
    at: tuple[float, float] | None = None
    metres: float = 2_000.0
    levels: tuple[int, ...] = ()
    only_plan: bool = False


@dataclass(frozen=True)
class Print:
    """A map on paper: an area, or an atlas of the areas of a tier in it, one a page.

    `template` is a `.qpt`, ours if None; `base` names a base map; `out` ends in .pdf or .png.
    Instead of an area `extent` (local metres, turned by `heading` degrees) is one page, with
    `shape` (WKT, local metres) emphasised.
    """

    city: str
    area: str
    out: Path
    tier: str = ""
    template: Path | None = None
    base: str = ""
    lang: str = "zh"
    setup: PageSetup = field(default_factory=PageSetup)
    extent: tuple[float, float, float, float] | None = None
    heading: float = 0.0
    shape: str = ""


@dataclass(frozen=True)
class Picture:
    """The map as a picture in a file; `layers` none for the usual ones (see `MapWish`)."""

    city: str
    out: Path
    view: str = "city"
    theme: str = "light"
    size: tuple[int, int] = (1920, 1080)
    lang: str = "zh"
    layers: tuple[str, ...] = ()


@dataclass(frozen=True)
class Serve:
    """The core without a window."""

    city: str
    simulate: bool = False
    speed: float = 60.0
    lang: str = "zh"


class OpenCore(Protocol):
    """Opens a city; `watch` also looks for what other processes write."""

    def __call__(self, city: str, *, watch: bool = False) -> Core: ...


@dataclass(frozen=True)
class Wiring:
    """The rest of the program, as functions. Numbers they return go to the summary."""

    open_core: OpenCore
    store_photo: Callable[[str, Path], str]
    create_city: Callable[[NewCity, Progress], Mapping[str, Any]]
    complete_city: Callable[[str, int, Progress], Mapping[str, Any]]
    show_city: Callable[[str, str], Mapping[str, Any]]
    import_data: Callable[[Import, Progress], Mapping[str, Any]]
    export_data: Callable[[Export, Progress], Mapping[str, Any]]
    export_pack: Callable[[PackOut, Progress], Mapping[str, Any]]
    import_pack: Callable[[PackIn, Progress], Mapping[str, Any]]
    check_city: Callable[[str, Progress, bool], Mapping[str, Any]]
    basemaps: Callable[[BaseMapWish, Progress], Mapping[str, Any]]
    print_map: Callable[[Print, Progress], Mapping[str, Any]]
    take_picture: Callable[[Picture, Progress], Mapping[str, Any]]
    run_window: Callable[[Window], int]
    tour: Callable[[Tour, Progress], Mapping[str, Any]]
    serve: Callable[[Serve, Callable[[str], None]], Mapping[str, Any]]
    compile_kernels: Callable[[Progress], Mapping[str, Any]]
    bench: Callable[[str, Sequence[str]], Mapping[str, Any]]
    bench_names: Callable[[], Sequence[str]] = field(default=tuple)
