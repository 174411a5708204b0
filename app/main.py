"""The program's start: wires the command line to the parts and runs it."""

from __future__ import annotations

import gc

from app.assembly import (
    basemaps,
    benches,
    cities,
    live,
    pictures,
    prints,
    serving,
    showing,
    truth,
    windows,
)
from app.cli.application import build
from app.cli.wiring import Wiring


def main() -> None:
    """Run the command line; the process ends with an exit code that means something."""
    gc.set_threshold(50_000, 20, 50)  # imports make no garbage; the window has its own rule
    build(wiring())()


def wiring() -> Wiring:
    """Return what the command line needs of the program."""
    return Wiring(
        open_core=live.open_for_command,
        store_photo=cities.store_photo,
        create_city=cities.create_city,
        complete_city=cities.complete_city,
        show_city=showing.show_city,
        import_data=cities.import_data,
        export_data=cities.export_data,
        export_pack=truth.export_pack,
        import_pack=truth.import_pack,
        check_city=truth.check_city,
        basemaps=basemaps.basemaps,
        print_map=prints.print_map,
        take_picture=pictures.take_picture,
        run_window=windows.run_window,
        tour=windows.tour,
        serve=serving.serve,
        compile_kernels=benches.compile_kernels,
        bench=benches.bench,
        bench_names=benches.bench_names,
    )
