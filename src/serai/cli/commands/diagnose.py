"""`serai hardware`, `serai doctor` and `serai logs`: what this machine is, whether all is well, and what happened."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from serai.cli import output, words
from serai.cli.connection import connect
from serai.cli.panels import HELP, Json

if TYPE_CHECKING:
    from serai.client import Client

app = typer.Typer()

FOLLOW_S = 0.5
SIGNS = {"ok": ("✓", "green"), "warning": ("!", "yellow"), "failed": ("✗", "red")}


@app.command(rich_help_panel=HELP)
def hardware(
    machine: Annotated[
        Literal["this", "small-cpu", "mid-gpu", "large-gpu"],
        typer.Option("--for", help="What to begin with on another kind of machine."),
    ] = "this",
    as_json: Json = False,
) -> None:
    """Show this machine, what it is good for, and three models to begin with."""
    with connect() as client:
        found = client.hardware() if machine == "this" else {"tier": machine}
        models = client.suggestions(machine)
    output.emit(
        {**found, "suggestions": models}, lambda: _machine(found, models, is_here=machine == "this"), as_json=as_json
    )


@app.command(rich_help_panel=HELP)
def doctor(
    hub: Annotated[bool, typer.Option("--hub", help="Also call the hub.")] = False, as_json: Json = False
) -> None:
    """Check every part and say how to mend what is wrong."""
    with connect() as client:
        checks = client.doctor(hub=hub)
    output.emit({"checks": checks}, lambda: _checks(checks), as_json=as_json)
    if any(check["level"] == "failed" for check in checks):
        raise typer.Exit(output.FAILED)


@app.command(rich_help_panel=HELP)
def logs(
    part: Annotated[str, typer.Argument(metavar="PART", help="Whose log: server, or another part.")] = "server",
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on with what is written from now.")] = False,
    lines: Annotated[int, typer.Option("-n", "--lines", min=1, help="How many of the last lines.")] = 50,
    as_json: Json = False,
) -> None:
    """Show what was written to a part's log."""
    with connect() as client:
        shown = _show_lines(client, part, lines, [], as_json=as_json)
        while follow:
            time.sleep(FOLLOW_S)
            shown = _show_lines(client, part, max(lines, 1000), shown, as_json=as_json)


def _show_lines(client: Client, part: str, count: int, before: list[Any], *, as_json: bool) -> list[Any]:
    """Shows the lines that are newer than `before`, and returns what has been seen."""
    found: list[Any] = client.logs(part, lines=count)["lines"]
    for row in newer(found, before):
        if as_json:
            output.line(row)
        else:
            output.say(_line(row))
    return found or before


def newer(now: list[Any], before: list[Any]) -> list[Any]:
    """The rows of `now` after the last row of `before`; all of them when that is gone."""
    if before and before[-1] in now:
        return now[len(now) - now[::-1].index(before[-1]) :]
    return now


def _line(row: dict[str, Any]) -> str:
    moment = row.get("time") or row.get("at")
    if isinstance(moment, int | float):
        moment = datetime.fromtimestamp(moment, UTC).astimezone().strftime("%H:%M:%S")
    more = "".join(f"\n{row[name]}" for name in ("exception", "traceback") if row.get(name))
    return f"{moment or ''} {row.get('level', '')!s:<7} {row.get('message', '')}{more}"


def _machine(found: dict[str, Any], models: list[dict[str, Any]], *, is_here: bool) -> None:
    if is_here:
        _hardware(found)
    output.say(f"To begin with on {'this machine' if is_here else found['tier']}:")
    for model in models:
        output.say(f"• {model['title']}, {words.size(model['size'])}. {model['why']}\n  {model['fit']['text']}")
        output.say(f"  {model['command']}")


def _hardware(found: dict[str, Any]) -> None:
    cpu, memory, disk = found["cpu"], found["memory"], found["disk"]
    gpus = [f"{gpu['name']}, {words.size(gpu['memory'])}" for gpu in found["gpus"]]
    output.facts(
        (
            ("Processor", f"{cpu['name']}, {cpu['cores']} cores"),
            ("Can do", ", ".join(cpu["features"])),
            ("Memory", f"{words.size(memory['total'])}, {words.size(memory['available'])} free"),
            ("Graphics", "\n".join(gpus) or "none that models can use"),
            ("Disk", f"{words.size(disk['free'])} free of {words.size(disk['total'])} ({disk['path']})"),
            ("Tier", found["tier"]),
        )
    )
    print()
    for sentence in found["advice"]:
        output.say(f"• {sentence}")
    print()


def _checks(checks: list[dict[str, Any]]) -> None:
    from rich.text import Text

    rows = []
    for check in checks:
        sign, style = SIGNS.get(check["level"], ("?", ""))
        mend = check.get("mend")
        text = Text(output.clean(check["text"]))
        rows.append(
            (Text(sign, style=style), check["part"], text.append(f"\n→ {output.clean(mend)}", "dim") if mend else text)
        )
    output.table(("", "PART", ""), rows)
