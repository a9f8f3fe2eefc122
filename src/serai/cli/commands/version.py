"""`serai version`."""

from __future__ import annotations

import typer

from serai import __version__
from serai.cli import output
from serai.cli.panels import HELP, Json

app = typer.Typer()


@app.command(rich_help_panel=HELP)
def version(as_json: Json = False) -> None:
    """Print the version of this program."""
    output.emit({"version": __version__}, lambda: print(__version__), as_json=as_json)
