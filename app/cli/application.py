"""Builds the command line from what `app.main` wires."""

from __future__ import annotations

import typer

from app.cli import case_commands, city_commands, live_commands
from app.cli.wiring import Wiring


def build(wiring: Wiring) -> typer.Typer:
    """Return the whole command line; without a command it opens the window."""
    app = typer.Typer(
        name="wangge",
        help="Wangge 网格: an open command centre from which a megacity is run street by street.",
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
    )
    app.add_typer(case_commands.build(wiring), name="case")
    app.add_typer(city_commands.build_city(wiring), name="city")
    city_commands.add(app, wiring)
    live_commands.add(app, wiring)
    return app
