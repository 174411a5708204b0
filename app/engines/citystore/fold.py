"""Folds the journal into the segments it touches: for the background, in a process of its own.

A crash at any moment loses nothing: until the manifest is replaced the journal holds the edits
and the old rows stand; from then on the manifest says which batches are in, so that the journal's
copies of them are passed over until they are trimmed.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from app.engines.citystore.cells import Columns, cell_index
from app.engines.citystore.columns import parts_of
from app.engines.citystore.journal import Journal, followed
from app.engines.citystore.manifest import Manifest, map_columns, read_manifest, slot_columns
from app.engines.citystore.overlay import Overlay
from app.engines.citystore.parts import celled_parts
from app.engines.citystore.pieces import (
    CLOSED,
    joined_plain,
    piece,
    plain_of,
    segment_of_features,
    taken,
)
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
from app.engines.citystore.shape_files import live_rows, mapped, mapped_shapes, piece_in
from app.engines.citystore.shapes import ShapeEdit, edited_columns

_FEW = 1000  # rows that are not worth a thought
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
        touched: set[int] = set()
        if batches:
            overlay = _overlay(folder, manifest, journal)
            overlay.take(batches)
            if overlay.beyond:
                raise StoreUnusable("an edited part lies outside its cells")
            if overlay.edited:
                made = _made(folder, manifest, overlay.edited)
            pieces = _pieces(folder, manifest, overlay.features)
            touched = set(made).union(*pieces.values())
            manifest = put(
                folder, manifest, {"parts": made}, pieces, folded=batches[-1].number,
                fingerprint=known,
            )  # fmt: skip
        journal.trim(manifest.folded)
    if _is_wasteful(manifest):
        squeeze(folder)
    return len(touched)


def _is_wasteful(manifest: Manifest) -> bool:
    """Whether half of some layer's rows belong to no segment any more."""
    parts = manifest.layers["parts"]
    if parts.rows > _FEW and sum(s.rows for s in parts.slots) < _SPARE * parts.rows:
        return True
    return any(
        known.rows[0] > _FEW and live_rows(name, known) < _SPARE * known.rows[0]
        for name, known in manifest.shapes.items()
    )


def _pieces(
    folder: Path, manifest: Manifest, edits: Sequence[ShapeEdit]
) -> dict[str, dict[int, Columns]]:
    """Return the pieces of all segments that edits touch, by layer, with the edits in."""
    by_layer: dict[str, list[ShapeEdit]] = {}
    for one in edits:
        by_layer.setdefault(one.layer, []).append(one)
    return {layer: _layer_pieces(folder, manifest, layer, by_layer[layer]) for layer in by_layer}


def _layer_pieces(
    folder: Path, manifest: Manifest, layer: str, edits: Sequence[ShapeEdit]
) -> dict[int, Columns]:
    known, segment = manifest.shapes[layer], segment_of(folder)
    columns = mapped(folder, layer, known)
    fids = [one.fid for one in edits]
    new = edited_columns(layer, edits, manifest.origin, closed=CLOSED[layer])
    at = segment_of_features(layer, new, segment, manifest.bits)
    out: dict[int, Columns] = {}
    for number in range(max(len(known.slots), int(at.max(initial=-1)) + 1)):
        old = piece_in(layer, columns, known, number)
        gone, mine = np.isin(old["fid"], fids) & (old["fid"] > 0), np.flatnonzero(at == number)
        if gone.any() or len(mine):
            plain = plain_of(layer, old)
            kept = taken(layer, plain, np.flatnonzero(~gone[: len(plain["kind"])]))
            out[number] = piece(layer, joined_plain(layer, [kept, taken(layer, new, mine)]))
    return out


def _overlay(folder: Path, manifest: Manifest, journal: Journal) -> Overlay:
    layer = manifest.layers["parts"]
    rows, cells = map_columns(folder, "parts", layer)
    index = cell_index(cells["key"], cells["num"], layer.slots, manifest.bits)
    base = parts_of(index, rows, cells)
    shapes = {name: mapped_shapes(folder, name, manifest.shapes[name]) for name in CLOSED}
    return Overlay(journal, base, manifest.bits, manifest.origin, manifest.folded, shapes)


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
