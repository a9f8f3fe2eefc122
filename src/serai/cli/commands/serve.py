"""`serai serve`, and `serai` alone: serve, and open the page."""

from __future__ import annotations

from typing import Annotated

import typer

from serai.cli import output
from serai.cli.panels import SERVER, Json

app = typer.Typer()


@app.command(rich_help_panel=SERVER)
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; not loopback needs an API key.")] = None,
    port: Annotated[int | None, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Don't open the page.")] = False,
    as_json: Json = False,
) -> None:
    """Serve the page and the API until Ctrl+C."""
    from serai.cli.serving import serve_until_stopped

    serve_until_stopped(host, port, browser=False if no_browser else None, as_json=as_json)


def open_or_serve() -> None:
    """What `serai` alone does."""
    from serai.cli.connection import running
    from serai.cli.serving import open_page, serve_until_stopped

    if found := running():
        opened = open_page(found.url)
        output.say(f"Serai is already running at {found.url}" + (" and its page is opening." if opened else "."))
    else:
        serve_until_stopped(None, None, browser=None, as_json=False)
