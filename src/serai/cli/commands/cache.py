"""`serai cache`: answers that are known already."""

from __future__ import annotations

import time
from typing import Any

import typer

from serai.cli import output, words
from serai.cli.connection import connect
from serai.cli.panels import SERVER, Json

app = typer.Typer(
    name="cache", help="See and clear the answers that are kept.", rich_help_panel=SERVER, no_args_is_help=True
)

_KEPT = {"off": "nothing", "tasks": "embeddings, classifications and the like", "all": "all that leaves no choice"}


@app.command()
def status(as_json: Json = False) -> None:
    """Show what is kept, and how often that was enough."""
    with connect() as client:
        found = client.cache()
    output.emit(found, lambda: output.facts(_facts(found)), as_json=as_json)


@app.command()
def clear(as_json: Json = False) -> None:
    """Forget all answers that are kept."""
    with connect() as client:
        client.clear_cache()
    output.emit({}, lambda: output.say("Cleared."), as_json=as_json)


def _facts(found: dict[str, Any]) -> list[tuple[str, str]]:
    asked, age = found["hits"] + found["misses"], max(0.0, time.time() - found["since"])
    return [
        ("Keeps", _KEPT[found["enabled"]]),
        ("On disk", f"{found['entries']:,} answers, {words.size(found['bytes'])} of {words.size(found['limit'])}"),
        ("In memory", f"{found['memory_entries']:,} answers, {words.size(found['memory_bytes'])}"),
        ("Served", f"{found['hits']:,} of {asked:,} calls that it could, in {words.duration(age)}"),
    ]
