"""Folds the journal into the segments it touches: for the background, in a process of its own.

A crash at any moment loses nothing: until the manifest is replaced the journal holds the edits
and the old rows stand; from then on the manifest says which batches are in, so that the journal's
copies of them are passed over until they are trimmed.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from app.engines.citystore.cells import Columns, cell_index
from app.engines.citystore.columns import parts_of
from app.engines.citystore.journal import Journal, followed
from app.engines.citystore.manifest import Manifest, map_columns, read_manifest, slot_columns
from app.engines.citystore.overlay import Overlay
from app.engines.citystore.parts import celled_parts
from app.engines.citystore.problems import StoreUnusable
from app.engines.citystore.segments import (
    Made,
    chosen,
    put,
    segment_of,
    slot_in,
    squeeze,
    sweep,
    writing,
)

_SPARE = 0.5  # share of dead rows from which the files are written anew


def fold(folder: Path) -> int:
    """Fold what the journal of the store in `folder` holds; returns how many segments changed.

    Raises `StoreUnusable` if the store is torn (it is then built anew from the map), `OSError` if
    the disk fails; nothing is lost by either.
    """
    journal = Journal(folder)
    with writing(folder):
        manifest = read_manifest(folder)
        sweep(folder, manifest)
        batches, whole = journal.since(manifest.folded)
        known, follows = followed(batches, manifest.fingerprint)
        if not (whole and follows):
            raise StoreUnusable("edits are missing from its journal")
        made: Made = {}
        if batches:
            overlay = _overlay(folder, manifest, journal)
            overlay.take(batches)
            if overlay.edited:
                made = _made(folder, manifest, overlay.edited)
            manifest = put(
                folder, manifest, {"parts": made}, folded=batches[-1].number,
                fingerprint=known,
            )  # fmt: skip
        journal.trim(manifest.folded)
    parts = manifest.layers["parts"]
    if parts.rows > 1000 and sum(s.rows for s in parts.slots) < _SPARE * parts.rows:
        squeeze(folder)
    return len(made)


def _overlay(folder: Path, manifest: Manifest, journal: Journal) -> Overlay:
    layer = manifest.layers["parts"]
    rows, cells = map_columns(folder, "parts", layer)
    index = cell_index(cells["key"], cells["num"], layer.slots, manifest.bits)
    base = parts_of(index, rows, cells)
    return Overlay(journal, base, manifest.bits, manifest.origin, manifest.folded)


def _made(folder: Path, manifest: Manifest, edited: dict[int, Columns]) -> Made:
    """Return the columns of all segments with edited cells, with the edits in."""
    segment, layer = segment_of(folder), manifest.layers["parts"]
    rows, cells = map_columns(folder, "parts", layer)
    keys = np.array(sorted(edited), np.uint32)
    touched = sorted({int(number) for number in segment[keys]})
    names = ("x", "y", "cls", "state", "fid")
    key_parts = [np.repeat(keys, [len(edited[int(k)]["fid"]) for k in keys])]
    columns = {name: [edited[int(k)][name] for k in keys] for name in names}
    for number in touched:
        old_rows, old_cells = slot_columns(rows, cells, slot_in(layer, number))
        key = np.repeat(old_cells["key"], old_cells["num"])
        keep = ~np.isin(key, keys)
        key_parts.append(key[keep])
        for name in names:
            columns[name].append(old_rows[name][keep])
    joined = {name: np.concatenate(found) for name, found in columns.items()}
    return chosen(celled_parts(np.concatenate(key_parts), joined, segment), touched)
