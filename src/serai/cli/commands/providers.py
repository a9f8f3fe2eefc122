"""`serai providers`: remote services, whose models are then called NAME/model."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from serai.cli import output, remote, words
from serai.cli.connection import connect
from serai.cli.panels import SERVER, Json

app = typer.Typer(
    name="providers", help="Add remote services and ask their models.", rich_help_panel=SERVER, no_args_is_help=True
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="What the service is called here.")]
Url = Annotated[str | None, typer.Option(help="Where it is, such as https://api.example.com/v1.")]
KeyEnv = Annotated[str | None, typer.Option(metavar="VAR", help="The server's environment variable with its key.")]
Models = Annotated[
    list[str] | None, typer.Option("--model", help="A model that it does not list itself. May be repeated.")
]
Patience = Annotated[float | None, typer.Option(min=1, max=3600, help="Seconds it may be silent in an answer.")]
AtOnce = Annotated[int | None, typer.Option(min=1, max=10_000, help="Calls it takes at a time; the others wait.")]
WhoseKeys = Annotated[
    Literal["common", "own", "either"] | None,
    typer.Option(
        help="Which keys it is shown: the common ones, only one's own, or one's own and else the common ones."
    ),
]


@app.command()
def add(
    name: Name,
    kind: Annotated[str, typer.Option(help="What it speaks: `serai providers kinds` lists them.")],
    url: Url = None,
    key_env: KeyEnv = None,
    keys_from: remote.KeysFrom = None,
    model: Models = None,
    timeout: Patience = None,
    at_once: AtOnce = None,
    whose_keys: WhoseKeys = None,
    as_json: Json = False,
) -> None:
    """Add a remote service. A running server has it at once."""
    keys = _keys(keys_from)
    facts: dict[str, Any] = {"models": model or None, "patience_s": timeout, "at_once": at_once}
    with connect() as client:
        made = client.add_provider(name, kind, url=url, key_env=key_env, keys=keys, whose_keys=whose_keys, **facts)

    def show() -> None:
        output.say(f"{made['name']} is at {made['url']}. Its models are called {made['name']}/….")
        if made["whose_keys"] == "own":
            output.say(f"It takes only keys of one's own. Yours: serai own-keys set {made['name']}", style="yellow")
        elif not made["keys"]:
            where = f"{made['key_env']} is not set for Serai" if made["key_env"] else "none was given"
            text = f"It has no key: {where}. If it needs one: serai providers change {made['name']} --keys-from -"
            output.say(text, style="yellow")
        output.say(f"Try it: serai providers check {made['name']}", style="dim")

    output.emit(made, show, as_json=as_json)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the remote services."""
    with connect() as client:
        known = client.providers()
    columns = ("NAME", "KIND", "URL", "KEYS", "MODELS", "LAST SEEN")
    rows = [(row["name"], row["kind"], row["url"], str(row["keys"]), str(row["known"]), _seen(row)) for row in known]

    def show() -> None:
        if rows:
            output.table(columns, rows, right=("KEYS", "MODELS"))
        else:
            output.say("There are no remote services. `serai providers add NAME --kind …` adds one.", stderr=True)

    output.emit({"providers": known}, show, as_json=as_json)


@app.command()
def kinds(as_json: Json = False) -> None:
    """List the kinds of services that can be added."""
    with connect() as client:
        known = client.provider_kinds()
    rows = [(row["name"], row["title"], row["url"] or "needs --url", row["key_env"]) for row in known]
    output.emit(
        {"kinds": known}, lambda: output.table(("KIND", "WHAT IT IS", "URL", "USUAL KEY"), rows), as_json=as_json
    )


@app.command()
def show(name: Name, as_json: Json = False) -> None:
    """Show how a service is set up, and what is known of it."""
    with connect() as client:
        row = client.provider(name)
    error = row["error"] or {}
    pairs = (
        ("Name", row["name"]),
        ("Kind", row["kind"]),
        ("URL", row["url"]),
        ("Keys", str(row["keys"])),
        ("Variable", row["key_env"]),
        ("Whose keys", row["whose_keys"]),
        ("Models", f"{row['known']} known, last seen: {_seen(row)}"),
        ("Named by hand", ", ".join(row["models"])),
        ("Patience", f"{row['patience_s']:g} seconds"),
        ("Calls at once", str(row["at_once"] or "")),
        ("Fault", error.get("message")),
    )
    output.emit(row, lambda: output.facts(pairs), as_json=as_json)


@app.command()
def check(name: Name, as_json: Json = False) -> None:
    """Ask a service whether it is there, takes its key, and what it has. Fails when it does not."""
    with connect() as client:
        found = client.check_provider(name)
    remote.tell(found, as_json=as_json)


@app.command()
def models(name: Name, as_json: Json = False) -> None:
    """List the models of a service."""
    with connect() as client:
        known = client.provider_models(name)
    rows = [
        (row["name"], row["task"], f"{row['context_length'] or '':,}" if row["context_length"] else "") for row in known
    ]
    columns = ("MODEL", "TASK", "CONTEXT")

    def show() -> None:
        if rows:
            output.table(columns, rows, right=("CONTEXT",))
        else:
            output.say(f"{name} has told no models. `serai providers check {name}` says why.", stderr=True)

    output.emit({"models": known}, show, as_json=as_json)


@app.command()
def change(
    name: Name,
    url: Url = None,
    key_env: KeyEnv = None,
    keys_from: remote.KeysFrom = None,
    model: Models = None,
    timeout: Patience = None,
    at_once: AtOnce = None,
    whose_keys: WhoseKeys = None,
    as_json: Json = False,
) -> None:
    """Change a service. Keys that are kept go to no other host: give them anew with a new URL."""
    fields: dict[str, Any] = {"url": url, "key_env": key_env, "keys": _keys(keys_from), "models": model}
    with connect() as client:
        row = client.change_provider(name, **fields, patience_s=timeout, at_once=at_once, whose_keys=whose_keys)
    output.emit(row, lambda: output.say(f"{name} is changed; it has {row['keys']} keys."), as_json=as_json)


@app.command()
def remove(name: Name, as_json: Json = False) -> None:
    """Forget a service and its keys."""
    with connect() as client:
        client.remove_provider(name)
    output.emit(
        {"removed": name}, lambda: output.say(f"{name} is removed, and its keys are forgotten."), as_json=as_json
    )


def _seen(row: dict[str, Any]) -> str:
    return words.ago(row["seen_at"]) if row["seen_at"] else "not yet"


def _keys(file: str | None) -> list[str] | None:
    return None if file is None else remote.keys_from(file)
