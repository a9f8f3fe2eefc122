"""`serai hooks`: addresses that are told of what happens."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from serai.cli import output, words
from serai.cli.connection import connect
from serai.cli.panels import SERVER, Json

app = typer.Typer(name="hooks", help="Tell addresses of what happens.", rich_help_panel=SERVER, no_args_is_help=True)

Which = Annotated[str, typer.Argument(metavar="HOOK", help="A hook's id.")]


@app.command()
def add(
    url: Annotated[str, typer.Argument(metavar="URL", help="Where messages are posted.")],
    event: Annotated[
        list[str] | None, typer.Option("--event", help="Such as call.failed; may be repeated. Left out: all.")
    ] = None,
    private: Annotated[
        bool, typer.Option("--private", help="Allow an address on this machine, or in a private network.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Tell an address of events from now on, in signed messages."""
    with connect() as client:
        made = client.add_hook(url, events=event or None, private=private)

    def show() -> None:
        output.say(f"{made['id']} is told of {', '.join(made['events'])}.", stderr=True)
        output.say("Its messages are signed with this, which is not shown again:", stderr=True)
        output.say(made["secret"])
        output.say(f"Try it: serai hooks test {made['id']}", style="dim", stderr=True)

    output.emit(made, show, as_json=as_json)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the hooks, and how they fare."""
    with connect() as client:
        known = client.hooks()
    columns = ("HOOK", "URL", "EVENTS", "LAST TAKEN", "STATE")
    rows = [
        (hook["id"], hook["url"], ", ".join(hook["events"]), words.ago(hook["sent_at"]), _state(hook)) for hook in known
    ]

    def show() -> None:
        if rows:
            output.table(columns, rows)
        else:
            output.say("There are no hooks. `serai hooks add URL` adds one.", stderr=True)

    output.emit({"hooks": known}, show, as_json=as_json)


@app.command()
def remove(hook: Which, as_json: Json = False) -> None:
    """Tell a hook nothing more."""
    with connect() as client:
        client.remove_hook(hook)
    output.emit({"removed": hook}, lambda: output.say(f"{hook} is removed."), as_json=as_json)


@app.command("test")
def try_(hook: Which, as_json: Json = False) -> None:
    """Send a hook one message now. Fails when it is not taken."""
    with connect() as client:
        told = client.test_hook(hook)

    def show() -> None:
        if told["taken"]:
            output.say(f"It took the message, in {told['seconds'] * 1000:,.0f} ms.")
        else:
            output.say(f"It did not take the message: {told['error']}", style="red", stderr=True)

    output.emit(told, show, as_json=as_json)
    if not told["taken"]:
        raise typer.Exit(output.FAILED)


def _state(hook: dict[str, Any]) -> str:
    if not hook["error"]:
        return "well" if hook["sent_at"] else "not used yet"
    return f"{hook['failures']} not taken: {hook['error']}"
