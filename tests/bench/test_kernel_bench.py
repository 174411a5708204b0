"""The bench of the kernels runs on any store."""

from __future__ import annotations

from pathlib import Path

from app.assembly.benches import bench
from app.engines.citystore import build_store
from tests.support.small_map import SmallMap


def test_that_the_kernels_are_measured_beside_a_scan(tmp_path: Path) -> None:
    build_store(SmallMap(n_parts=2_000), tmp_path / "store")
    told = bench("kernels", ("--store", str(tmp_path / "store")))
    assert told["parts"] == 2_000
    assert told["ours"] > 0
    assert set(told["density_ms"]) < set(told["pipes_ms"])
    assert min(told["filter_ms"], told["select_all_ms"], told["pick_us"]) > 0
