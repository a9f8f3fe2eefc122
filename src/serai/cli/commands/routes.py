"""`serai routes`: names that lead to models, and what would happen to a call."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer

from serai.cli import output
from serai.cli.connection import connect
from serai.cli.panels import SERVER, Json
from serai.errors import BadRequest

app = typer.Typer(
    name="routes", help="Decide which models answer a name.", rich_help_panel=SERVER, no_args_is_help=True
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="What calls name instead of a model; `auto` is the default.")]
Prefer = Annotated[str | None, typer.Option(metavar="HOW", help="local, remote, cheapest or fastest.")]
Private = Annotated[bool, typer.Option("--private", help="Only models of this machine.")]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the routes."""
    with connect() as client:
        known = client.routes()
    rows = [(row["name"], row["strategy"], ", ".join(step["model"] for step in row["steps"])) for row in known]

    def show() -> None:
        if rows:
            output.table(("NAME", "STRATEGY", "MODELS"), rows)
        else:
            output.say("There are no routes. `serai routes set NAME MODEL MODEL …` makes one.", stderr=True)

    output.emit({"routes": known}, show, as_json=as_json)


@app.command("set")
def set_(
    name: Name,
    models: Annotated[list[str] | None, typer.Argument(metavar="MODEL...", help="Those that may answer.")] = None,
    strategy: Annotated[
        str | None, typer.Option(help="order, balance, local, remote, cheapest or fastest.", show_default="order")
    ] = None,
    title: Annotated[str | None, typer.Option(help="A line about it.")] = None,
    private: Private = False,
    attempts: Annotated[int | None, typer.Option(min=1, max=10, help="How often each model is asked.")] = None,
    first_token: Annotated[float | None, typer.Option(help="Seconds in which a model must have begun.")] = None,
    total: Annotated[float | None, typer.Option(help="Seconds in which a model must have ended.")] = None,
    hedge: Annotated[float | None, typer.Option(help="Ask the next one, too, after so many silent seconds.")] = None,
    goes_on: Annotated[
        bool, typer.Option("--goes-on", help="Where a model fails in the middle, the next goes on from there.")
    ] = False,
    body: Annotated[
        str | None, typer.Option("--from", metavar="FILE", help="The whole route as JSON; - is the input.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a route, or take the place of the one with this name."""
    fields: dict[str, Any] = {"title": title, "strategy": strategy, "attempts": attempts}
    fields |= {"first_token_s": first_token, "total_s": total, "hedge_s": hedge}
    fields |= {"private": private or None, "goes_on": goes_on or None}
    steps: list[Any] = list(models or ())
    if body is not None:
        whole = _read(body)
        steps = whole.pop("steps", steps)
        fields = {**whole, **{key: value for key, value in fields.items() if value is not None}}
        for own in ("name", "created_at", "changed_at"):
            fields.pop(own, None)
    with connect() as client:
        made = client.put_route(name, steps, **fields)
    output.emit(made, lambda: output.say(f"{made['name']} leads to {_steps(made)}."), as_json=as_json)


@app.command()
def show(name: Name, as_json: Json = False) -> None:
    """Show one route."""
    with connect() as client:
        row = client.route(name)
    pairs = (
        ("Name", row["name"]),
        ("Title", row["title"]),
        ("Strategy", row["strategy"]),
        ("Models", _steps(row)),
        ("Private", "yes" if row["private"] else ""),
        ("Attempts", str(row["attempts"])),
        ("First token within", f"{row['first_token_s']:g} s" if row["first_token_s"] else ""),
        ("Ended within", f"{row['total_s']:g} s" if row["total_s"] else ""),
        ("Hedged after", f"{row['hedge_s']:g} s" if row["hedge_s"] else ""),
    )
    output.emit(row, lambda: output.facts(pairs), as_json=as_json)


@app.command()
def plan(
    model: Annotated[str, typer.Argument(metavar="NAME", help="A route or a model.")] = "auto",
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What would be asked.")] = "",
    fallback: Annotated[list[str] | None, typer.Option(metavar="MODEL", help="One that stands in. Repeatable.")] = None,
    prefer: Prefer = None,
    private: Private = False,
    as_json: Json = False,
) -> None:
    """Say what would happen to a call now, and why. Nobody is asked."""
    asked = {"inputs": {"messages": [{"role": "user", "content": text}]}, "fallback": fallback, "prefer": prefer}
    with connect() as client:
        found = client.plan_call(model, **asked, private=private or None)

    def show_plan() -> None:
        for number, step in enumerate(found["steps"], 1):
            output.say(f"{number}. {step['model']} at {step['place']}: {step['why']}")
        for one in found["left_out"]:
            output.say(f"–  {one['model'] or one['backend']}: {one['reason']}", style="dim")
        if not found["steps"]:
            output.say("Nobody could answer this call.", style="red", stderr=True)

    output.emit(found, show_plan, as_json=as_json)
    if not found["steps"]:
        raise typer.Exit(output.FAILED)


@app.command()
def remove(name: Name, as_json: Json = False) -> None:
    """Forget a route."""
    with connect() as client:
        client.remove_route(name)
    output.emit({"removed": name}, lambda: output.say(f"{name} is removed."), as_json=as_json)


def _steps(row: dict[str, Any]) -> str:
    return ", ".join(step["model"] for step in row["steps"])


def _read(place: str) -> dict[str, Any]:
    try:
        found = orjson.loads(sys.stdin.buffer.read() if place == "-" else Path(place).read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise BadRequest(f"{place} cannot be read as a route.", hint="It is a JSON object with `steps`.") from error
    if not isinstance(found, dict):
        raise BadRequest(f"{place} is no route.", hint="It is a JSON object with `steps`.")
    return found
