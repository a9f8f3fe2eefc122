"""`serai prices`: what models cost."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from serai.cli import output
from serai.cli.connection import connect
from serai.cli.panels import SERVER, Json
from serai.errors import BadRequest

app = typer.Typer(name="prices", help="See and set what models cost.", rich_help_panel=SERVER, no_args_is_help=True)

Model = Annotated[str, typer.Argument(metavar="MODEL", help="A model as it is asked, or a pattern such as 'openai/*'.")]

_SHOWN = {
    "input": "in",
    "output": "out",
    "cached_input": "cached",
    "request": "a request",
    "image": "a picture",
    "audio_second": "a second of sound",
    "compute_second": "a second of work",
    "hour": "an hour",
}
_SOURCES = {"override": "set here", "service": "the service", "listed": "Serai's list", None: ""}


@app.command("list")
def list_(
    unknown: Annotated[bool, typer.Option("--unknown", help="Only models whose price is not known.")] = False,
    as_json: Json = False,
) -> None:
    """List what the models of services cost, in US dollars a million tokens, and who says so."""
    with connect() as client:
        found = client.prices()
    shown = [row for row in found["prices"] if not unknown or row["price"] is None]
    rows = [(row["model"], said(row["price"]), _SOURCES.get(row["source"], ""), row["seen"] or "") for row in shown]

    def show() -> None:
        if rows:
            output.table(("MODEL", "PRICE", "SAYS", "SEEN"), rows)
        else:
            output.say("There is no model that costs anything. Those of this machine are free.", stderr=True)
        for where in dict.fromkeys(row["where"] for row in shown if row["source"] == "listed"):
            output.say(f"Serai's list: {where}", style="dim")
        for row in found["overrides"]:
            output.say(f"Set here: {row['model']}: {said(row['price'])}", style="dim")

    output.emit({**found, "prices": shown}, show, as_json=as_json)


@app.command("set")
def set_(
    model: Model,
    input_: Annotated[float | None, typer.Option("--input", min=0, help="A million tokens of prompts.")] = None,
    output_: Annotated[float | None, typer.Option("--output", min=0, help="A million tokens of answers.")] = None,
    cached: Annotated[
        float | None, typer.Option("--cached-input", min=0, help="A million tokens that it knew already.")
    ] = None,
    request: Annotated[float | None, typer.Option(min=0, help="One request.")] = None,
    image: Annotated[float | None, typer.Option(min=0, help="One picture.")] = None,
    audio_second: Annotated[float | None, typer.Option(min=0, help="One second of sound.")] = None,
    compute_second: Annotated[float | None, typer.Option(min=0, help="One second in which it is at work.")] = None,
    hour: Annotated[float | None, typer.Option(min=0, help="One hour in which it is at work.")] = None,
    free: Annotated[bool, typer.Option("--free", help="It costs nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Say what a model costs, in US dollars. It holds from the next call on, before what the service says itself."""
    given: dict[str, Any] = {"input": input_, "output": output_, "cached_input": cached, "request": request}
    given |= {"image": image, "audio_second": audio_second, "compute_second": compute_second, "hour": hour}
    given = {name: value for name, value in given.items() if value is not None}
    if bool(given) == free:
        raise BadRequest("Say what it costs, or --free.", hint="Such as: --input 1.25 --output 10")
    with connect() as client:
        made = client.set_price(model, **given)
    output.emit(made, lambda: output.say(f"{made['model']}: {said(made['price'])}"), as_json=as_json)


@app.command()
def remove(model: Model, as_json: Json = False) -> None:
    """Take back what was set; what the service or Serai's list says holds again."""
    with connect() as client:
        client.remove_price(model)
    output.emit({"removed": model}, lambda: output.say(f"No price is set for {model} any more."), as_json=as_json)


def said(price: dict[str, Any] | None) -> str:
    """`$1.25 in, $10 out`; unknown is said, never left empty."""
    if price is None:
        return "unknown"
    parts = [f"${price[name]:g} {words}" for name, words in _SHOWN.items() if price.get(name) is not None]
    return ", ".join(parts) or "free"
