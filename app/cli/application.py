"""Builds the command line from what `app.main` wires."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import typer
from typer.exceptions import TyperException

from app.cli import (
    address_commands,
    basemap_commands,
    case_commands,
    check_commands,
    city_commands,
    grid_commands,
    live_commands,
    part_commands,
    picture_commands,
    print_commands,
    roll_commands,
)
from app.cli.guard import INTERRUPTED, json_of, quiet_stdout
from app.cli.wiring import Wiring
from app.domain.errors import InvalidInput, StorageFailure


class CommandLine(typer.Typer):
    """A command line that ends with one clear line and an exit code, whatever it was asked."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run it with the words it was started with; raises `SystemExit`."""
        _open_streams()
        code: int | None
        try:
            code = super().__call__(*args, **{**kwargs, "standalone_mode": False})
        except TyperException as error:
            code = error.exit_code
            _tell_usage(error)
        except (typer.Abort, KeyboardInterrupt):
            code = INTERRUPTED
        raise SystemExit(_flushed(code if isinstance(code, int) else 0))


def build(wiring: Wiring) -> typer.Typer:
    """Return the whole command line; without a command it opens the window."""
    app = CommandLine(
        name="wangge",
        help="Wangge 网格: an open command centre from which a megacity is run street by street.",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.add_typer(case_commands.build(wiring), name="case")
    app.add_typer(address_commands.build(wiring), name="address")
    app.add_typer(part_commands.build(wiring), name="part")
    app.add_typer(grid_commands.build(wiring), name="grid")
    app.add_typer(roll_commands.build(wiring), name="rolls")
    app.add_typer(basemap_commands.build(wiring), name="basemap")
    city = city_commands.build_city(wiring)
    check_commands.add(city, wiring)
    app.add_typer(city, name="city")
    city_commands.add(app, wiring)
    live_commands.add(app, wiring)
    print_commands.add(app, wiring)
    picture_commands.add(app, wiring)
    return app


def _open_streams() -> None:
    """Let every character out in some form, also where a stream was closed by the caller."""
    if sys.stdout is None:
        sys.stdout = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - kept open
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - kept open
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _tell_usage(error: TyperException) -> None:
    if "--json" in sys.argv:
        field = getattr(getattr(error, "param", None), "name", None)
        told = InvalidInput(error.format_message(), advice="See --help.", field=field, code="usage")
        print(json_of(told))
    error.show()  # type: ignore[attr-defined]  # every one that reaches us is a ClickException


def _flushed(code: int) -> int:
    try:
        sys.stdout.flush()
    except BrokenPipeError:  # `| head` has seen enough
        quiet_stdout()
    except OSError as error:
        quiet_stdout()
        print(f"{error.strerror}: not all of the answer was written.", file=sys.stderr)
        return code or StorageFailure.exit_code
    return code
