"""`serai keys`: API keys for other machines and programs."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import Annotated

import typer

from serai.cli import output, words
from serai.cli.connection import connect
from serai.cli.panels import SERVER, Json
from serai.errors import NotFound

app = typer.Typer(name="keys", help="Create and revoke API keys.", rich_help_panel=SERVER, no_args_is_help=True)


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who or what it is for.")] = "key",
    days: Annotated[int | None, typer.Option(min=1, help="How many days it is valid; else until revoked.")] = None,
    as_json: Json = False,
) -> None:
    """Create an API key and print it: this once, it is not kept."""
    with connect() as client:
        key = client.create_key(name, expires_at=time.time() + days * 86400 if days else None)

    def show() -> None:
        print(key["plain"])
        output.say("Keep it: it is not shown again. Send it as `Authorization: Bearer …`.", style="dim", stderr=True)

    output.emit(key, show, as_json=as_json)


@app.command("list")
def list_(
    all_: Annotated[bool, typer.Option("--all", help="Revoked keys too.")] = False, as_json: Json = False
) -> None:
    """List the API keys."""
    with connect() as client:
        known = client.keys()
    keys = [key for key in known if all_ or key.get("revoked_at") is None]
    columns = ("ID", "NAME", "BEGINS WITH", "CREATED", "LAST USED", "EXPIRES")
    rows = [
        (
            key["id"],
            key["name"],
            key.get("prefix") or "",
            words.ago(key.get("created_at")),
            words.ago(key.get("last_used_at")),
            "revoked" if key.get("revoked_at") else _date(key.get("expires_at")),
        )
        for key in keys
    ]

    def show() -> None:
        if rows:
            output.table(columns, rows)
        else:
            output.say("There are no keys. `serai keys create NAME` makes one.", stderr=True)

    output.emit({"keys": keys}, show, as_json=as_json)


@app.command()
def revoke(
    key: Annotated[str, typer.Argument(metavar="ID", help="The key's id, or its name if no other has it.")],
    as_json: Json = False,
) -> None:
    """Make a key useless at once."""
    with connect() as client:
        known = client.keys()
        found = [row for row in known if key in (row["id"], row["name"]) and row.get("revoked_at") is None]
        if len(found) > 1:
            raise NotFound(f"{len(found)} keys are called {key!r}.", hint="Give the id: `serai keys list` shows it.")
        revoked = found[0]["id"] if found else key
        client.revoke_key(revoked)
    output.emit({"revoked": revoked}, lambda: output.say(f"{key} is revoked."), as_json=as_json)


def _date(moment: float | None) -> str:
    return datetime.fromtimestamp(moment, UTC).astimezone().strftime("%Y-%m-%d") if moment else "never"
