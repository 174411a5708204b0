"""Edits of parts and areas on their way: map → journal of the drawing store → overlay."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from app.domain.errors import AppError

if TYPE_CHECKING:
    from app.data.city import SqlCity
    from app.data.map_news import WrittenShape
    from app.data.part_edits import Taken
    from app.domain.geodesy import CityFrame
    from app.engines.citystore.shapes import ShapeEdit

log = logging.getLogger(__name__)


def give_edits(city: SqlCity, place: Path | str) -> None:
    """Let the map take what it lacks, and the drawing store learn of every edit from now on.

    A map that cannot take it now (an import holds it, the disk is full) is left for later.
    """
    city.edit_listeners.append(store_journal(city, place))
    settle(city)
    catch_up(city, place)


def catch_up(city: SqlCity, place: Path | str) -> None:
    """Let this machine's drawing store follow what other desks have edited on a remote map.

    Where that is not known, the store no longer follows from the map and is built anew.
    """
    from app.assembly.stores import store_folder

    folder = store_folder(place)
    if city.folder is not None or not (folder / "manifest.json").exists():
        return
    from app.engines.citystore import StoreUnusable
    from app.engines.citystore.journal import Journal, followed
    from app.engines.citystore.manifest import read_manifest

    try:
        manifest = read_manifest(folder)
        batches, _whole = Journal(folder).since(manifest.folded)
        missed = city.edits.missed(followed(batches, manifest.fingerprint)[0])
        if missed is not None:
            _append(city, folder, missed)
    except (OSError, StoreUnusable, AppError):
        log.warning("the drawing store could not follow other desks", exc_info=True)


def settle(city: SqlCity) -> None:
    """Let the map take what it has not taken yet, if it can be written now."""
    with city.begin(write=False) as uow:
        _journal, newest = uow.parts.journal()
    if not newest:
        return
    try:
        city.edits.take()
    except AppError as error:
        log.warning("the map cannot take edits now: %s", error)


def store_journal(city: SqlCity, place: Path | str) -> Callable[[Taken], None]:
    """Return what writes an edit of the map to the journal of the city's drawing store.

    Where that cannot be, the store no longer follows from the map and is built anew by whoever
    opens it next.
    """
    from app.assembly.stores import store_folder

    folder = store_folder(place)

    def note(taken: Taken) -> None:
        if not (folder / "manifest.json").exists():
            return
        from app.engines.citystore import StoreUnusable

        try:
            _append(city, folder, taken)
        except (OSError, StoreUnusable):
            log.warning("the drawing store could not note an edit", exc_info=True)

    return note


def _append(city: SqlCity, folder: Path, taken: Taken) -> None:
    import numpy as np

    from app.domain.geodesy import CityFrame
    from app.engines.citystore.journal import EDIT, Journal
    from app.engines.citystore.manifest import read_manifest

    frame = CityFrame(city.facts.lon0, city.facts.lat0)
    edits = np.zeros(len(taken.rows), EDIT)
    for at, row in enumerate(taken.rows):
        x, y = frame.to_xy(row.lon, row.lat)
        edits[at] = (row.fid, row.cls, row.state, row.gone, 0, x, y)
    shapes = [_shape_edit(frame, one) for one in taken.shapes]
    after = read_manifest(folder).folded
    Journal(folder).append(edits, taken.was, taken.now, after=after, shapes=shapes)


def _shape_edit(frame: CityFrame, one: WrittenShape) -> ShapeEdit:
    import numpy as np

    from app.engines.citystore.shapes import ShapeEdit

    rings = tuple(np.stack(frame.to_xy(r[:, 0].copy(), r[:, 1].copy()), 1) for r in one.rings)
    return ShapeEdit(
        one.layer, one.fid, one.kind, one.gone, one.width, one.uid, one.texts,
        () if one.gone else rings, () if one.gone else one.holes,
    )  # fmt: skip
