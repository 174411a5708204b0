"""`run`, `serve`, `tour`, `bench`, `doctor` and the hidden `compile`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Annotated

import typer

from app.cli.guard import choice, guarded
from app.cli.options import City, Json, Lang, city_of
from app.cli.printing import print_json, print_summary, progress, table
from app.cli.wiring import Serve, Tour, Window, Wiring
from app.cli.words import LANGS
from app.domain.errors import InvalidInput

STATIONS = ("desk", "wall", "field")
THEMES = ("light", "dark")
_FASTEST = 100_000.0
_SIZE = re.compile(r"(\d{3,5})[x×](\d{3,5})")
Station = Annotated[
    str | None, typer.Option("--station", help="desk, wall or field.", show_default="as last time")
]
Theme = Annotated[
    str | None, typer.Option("--theme", help="light or dark.", show_default="as last time")
]
LastLang = Annotated[
    str | None, typer.Option("--lang", help="zh or en.", show_default="as last time")
]

Link = Annotated[str, typer.Option("--open", help="A view to open on: wangge://view?…")]


def add(app: typer.Typer, wiring: Wiring) -> None:
    """Add the commands that run something."""
    _add_run(app, wiring)
    _add_serve(app, wiring)
    _add_tour(app, wiring)
    _add_bench(app, wiring)
    _add_doctor(app)
    _add_compile(app, wiring)


def _add_run(app: typer.Typer, wiring: Wiring) -> None:
    @guarded
    def run(
        city: City = "",
        station: Station = None,
        lang: LastLang = None,
        theme: Theme = None,
        simulate: Annotated[bool, typer.Option(help="With a live simulated shift.")] = False,
        link: Link = "",
    ) -> None:
        """Open the window."""
        window = Window(
            city_of(city),
            _asked(station, STATIONS, "station"),
            _asked(lang, LANGS, "lang"),
            _asked(theme, THEMES, "theme"),
            simulate,
            _link(link),
        )
        raise typer.Exit(wiring.run_window(window))

    app.command("run")(run)

    @app.callback(invoke_without_command=True)
    def without_command(
        context: typer.Context,
        city: City = "",
        station: Station = None,
        lang: LastLang = None,
        theme: Theme = None,
        simulate: Annotated[bool, typer.Option(help="With a live simulated shift.")] = False,
    ) -> None:
        if context.invoked_subcommand is None:
            run(city=city, station=station, lang=lang, theme=theme, simulate=simulate)


def _link(text: str) -> str:
    """Return a link that holds; raises `InvalidInput` before anything is opened."""
    if text:
        from app.domain.deep_links import read_link

        read_link(text)
    return text


def _asked(value: str | None, allowed: tuple[str, ...], field: str) -> str:
    return "" if value is None else choice(value, allowed, field)


def _add_serve(app: typer.Typer, wiring: Wiring) -> None:
    @app.command("serve")
    @guarded
    def serve(
        city: City = "",
        simulate: Annotated[bool, typer.Option(help="With a live simulated shift.")] = False,
        speed: Annotated[float, typer.Option(help="Speed of the simulated shift.")] = 60.0,
        as_json: Json = False,
        lang: Lang = "zh",
    ) -> None:
        """Ingest, timers and dispatch by rule without a window, until stopped."""
        if not 0 < speed <= _FASTEST:
            raise InvalidInput(
                f"The speed must lie above 0 and up to {_FASTEST:g}, not {speed:g}.", field="speed"
            )
        say = _to_stderr if not as_json else _to_nobody
        print_summary(
            wiring.serve(Serve(city_of(city), simulate, speed, lang), say), as_json=as_json
        )


def _add_tour(app: typer.Typer, wiring: Wiring) -> None:
    @app.command("tour")
    @guarded
    def tour(
        out: Annotated[Path, typer.Option(help="Folder for pictures and summary.json.")],
        city: City = "",
        size: Annotated[list[str] | None, typer.Option(help="WxH; repeatable.")] = None,
        lang: Annotated[list[str] | None, typer.Option(help="zh, en; repeatable.")] = None,
        station: Annotated[list[str] | None, typer.Option(help="Repeatable.")] = None,
        theme: Annotated[list[str] | None, typer.Option(help="Repeatable.")] = None,
        seed: Annotated[int, typer.Option(help="Of the simulated shift.")] = 1,
        as_json: Json = False,
    ) -> None:
        """Walk the window through its faces with a fixed shift; leave pictures."""
        plan = Tour(
            out,
            city_of(city),
            tuple(read_size(one) for one in size or ()),
            tuple(choice(one, LANGS, "lang") for one in lang or ()),
            tuple(choice(one, STATIONS, "station") for one in station or ()),
            tuple(choice(one, THEMES, "theme") for one in theme or ()),
            seed,
        )
        with progress(quiet=as_json) as show:
            summary = wiring.tour(plan, show)
        print_summary(summary, as_json=as_json)


def _add_bench(app: typer.Typer, wiring: Wiring) -> None:
    @app.command(
        "bench", context_settings={"allow_extra_args": True, "ignore_unknown_options": True}
    )
    @guarded
    def bench(
        context: typer.Context,
        name: Annotated[str, typer.Argument(help="Which; none lists them.")] = "",
        as_json: Json = False,
        lang: Lang = "zh",
    ) -> None:
        """Measure one promise: ours, the peer's or the limit's, and the ratio."""
        if not name:
            for one in wiring.bench_names():
                print(one)
            return
        print_summary(wiring.bench(name, context.args), as_json=as_json)


def _add_doctor(app: typer.Typer) -> None:
    @app.command("doctor")
    @guarded
    def doctor(
        folder: Annotated[Path | None, typer.Option(help="Where cities are kept.")] = None,
        as_json: Json = False,
        lang: Lang = "zh",
    ) -> None:
        """What is here, what is missing, what that costs and how to mend it."""
        from app.cli.doctor import exit_code, report

        findings = report(folder, choice(lang, LANGS, "lang"))
        if as_json:
            print_json(findings)
        else:
            rows = ((f.state.value, f.title, f.found, f.costs, f.mend) for f in findings)
            table(("", "", "", "", ""), rows)
        raise typer.Exit(exit_code(findings))


def _add_compile(app: typer.Typer, wiring: Wiring) -> None:
    @app.command("compile", hidden=True)
    @guarded
    def compile_kernels(as_json: Json = False) -> None:
        """Compile the drawing kernels into their cache."""
        with progress(quiet=as_json) as show:
            summary = wiring.compile_kernels(show)
        print_summary(summary, as_json=as_json)


def read_size(text: str) -> tuple[int, int]:
    """Return a size written as 1920x1080; raises `InvalidInput`."""
    found = _SIZE.fullmatch(text)
    if found is None:
        raise InvalidInput(f"{text!r} is no size.", advice="Such as 1920x1080.", field="size")
    return int(found[1]), int(found[2])


def _to_stderr(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _to_nobody(_line: str) -> None:
    return
