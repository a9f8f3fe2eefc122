"""`serai own-keys`: keys of your own for remote services, which your calls show and nobody else's."""

from __future__ import annotations

from typing import Annotated

import typer

from serai.cli import output, remote
from serai.cli.connection import connect
from serai.cli.panels import SERVER, Json

app = typer.Typer(
    name="own-keys",
    help="Keep keys of your own for remote services.",
    rich_help_panel=SERVER,
    no_args_is_help=True,
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="What the service is called here.")]

_SHOWN = {"common": "the common key", "own": "your own key only", "either": "your own key, else the common one"}


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the services that you may ask, and how many keys of your own you keep for each."""
    with connect() as client:
        known = client.own_keys()
    columns = ("NAME", "WHO IS SHOWN THEM", "IT IS SHOWN", "KEYS")
    rows = [(row["service"], row["origin"], _SHOWN[row["whose_keys"]], str(row["keys"])) for row in known]

    def show() -> None:
        if rows:
            output.table(columns, rows, right=("KEYS",))
        else:
            output.say("There are no remote services that you may ask.", stderr=True)

    output.emit({"services": known}, show, as_json=as_json)


@app.command("set")
def set_(name: Name, keys_from: remote.KeysFrom = "-", as_json: Json = False) -> None:
    """Keep keys of your own for a service, in the place of those that were: your calls show these, nobody else's do."""
    keys = remote.keys_from(keys_from or "-")
    with connect() as client:
        kept = client.set_own_keys(name, keys)

    def show() -> None:
        output.say(f"Your calls to {name} show your own key from now on, to {kept['origin']} alone.")
        output.say(f"Try it: serai own-keys check {name}", style="dim")

    output.emit(kept, show, as_json=as_json)


@app.command()
def check(name: Name, as_json: Json = False) -> None:
    """Ask a service whether it takes your own key, and what it has for you. Fails when it does not."""
    with connect() as client:
        found = client.check_own_keys(name)
    remote.tell(found, as_json=as_json)


@app.command()
def remove(name: Name, as_json: Json = False) -> None:
    """Forget the keys of your own for a service."""
    with connect() as client:
        client.remove_own_keys(name)
    output.emit(
        {"removed": name}, lambda: output.say(f"The keys of your own for {name} are forgotten."), as_json=as_json
    )
