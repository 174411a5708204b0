"""The small made-up map, for all tests of this folder."""

from __future__ import annotations

from tests.support.map_store import small_folder, small_map, small_store, submit

__all__ = ["small_folder", "small_map", "small_store", "submit"]
