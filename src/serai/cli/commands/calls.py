"""`serai calls`: what is being answered, and what was."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from serai.cli import output, words
from serai.cli.connection import connect
from serai.cli.panels import SERVER, Json

app = typer.Typer(
    name="calls", help="See and end calls, those that run and the last.", rich_help_panel=SERVER, no_args_is_help=True
)

Which = Annotated[str, typer.Argument(metavar="CALL", help="A call's id.")]
Only = Annotated[str | None, typer.Option(help="Only calls with this.")]


@app.command("list")
def list_(
    model: Only = None,
    place: Only = None,
    key: Only = None,
    status: Annotated[str | None, typer.Option(help="Only these: done, failed or cancelled.")] = None,
    error: Only = None,
    since: Annotated[str | None, typer.Option(help="From when on: 30m, 24h, 7d or a date.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=500, help="How many at most.")] = 50,
    as_json: Json = False,
) -> None:
    """List the last calls that ended, the newest first, without what was said."""
    from serai.cli.times import moment

    only: dict[str, Any] = {"model": model, "place": place, "key": key, "status": status, "error": error}
    with connect() as client:
        told = client.past_calls(start=moment(since) if since else None, limit=limit, **only)
    output.emit(told, lambda: _table(told["calls"]), as_json=as_json)


@app.command()
def live(as_json: Json = False) -> None:
    """List the calls that are being answered now."""
    with connect() as client:
        found = client.calls()
    rows = [(call["id"], call["model"], call["state"], call["tokens"], words.ago(call["started_at"])) for call in found]

    def show() -> None:
        if rows:
            output.table(("CALL", "MODEL", "STATE", "TOKENS", "BEGUN"), rows, right=("TOKENS",))
        else:
            output.say("Nothing is being answered now.", stderr=True)

    output.emit({"calls": found}, show, as_json=as_json)


@app.command()
def show(call: Which, as_json: Json = False) -> None:
    """Show a call that ended, with what was said in it if the inspector kept that."""
    with connect() as client:
        told = client.call(call)
    output.emit(told, lambda: _show(told), as_json=as_json)


@app.command()
def cancel(call: Which, as_json: Json = False) -> None:
    """End a call that is being answered; its asker gets what was written so far."""
    with connect() as client:
        client.cancel_call(call)
    output.emit({"cancelled": call}, lambda: output.say(f"{call} is cancelled."), as_json=as_json)


def _table(calls: list[dict[str, Any]]) -> None:
    if not calls:
        output.say("There are no such calls.", stderr=True)
        return
    columns = ("CALL", "WHEN", "MODEL", "TASK", "ENDED", "FIRST TOKEN", "WHOLE", "TOKENS", "TRIED BEFORE")
    rows = [
        (
            call["id"],
            words.ago(call["at"]),
            call["model"] or call["asked"],
            call["task"],
            call["error"] or call["status"],
            _seconds(call["usage"]["first_token_s"]),
            _seconds(call["usage"]["total_s"]),
            call["usage"]["completion_tokens"],
            _before(call),
        )
        for call in calls
    ]
    output.table(columns, rows, right=("FIRST TOKEN", "WHOLE", "TOKENS"))


def _show(told: dict[str, Any]) -> None:
    call, said = told["call"], told["words"]
    usage = call["usage"]
    output.facts(
        (
            ("Call", call["id"]),
            ("When", words.ago(call["at"])),
            ("Asked for", call["asked"]),
            ("Answered by", " · ".join(part for part in (call["model"], call["backend"], call["place"]) if part)),
            ("Key", call["key"]),
            ("Came by", call["dialect"]),
            ("Ended", call["error"] or call["status"]),
            ("First token", _seconds(usage["first_token_s"])),
            ("Whole", _seconds(usage["total_s"])),
            ("Tokens", f"{usage['prompt_tokens']:,} read, {usage['completion_tokens']:,} written"),
            ("Cost", "" if usage["cost"] is None else f"${usage['cost']:.6f}"),
            *(("Tried before", f"{one['backend']}: {one['reason']}") for one in call["tried"]),
        )
    )
    if said is None:
        output.say("What was said was not kept: that is what the setting monitor.inspect is for.", style="dim")
        return
    output.say("Asked", style="bold")
    output.document(said["inputs"])
    output.say("Answered", style="bold")
    output.say(said["text"]) if said["text"] else output.document(said["tool_calls"] or said["data"])


def _seconds(value: float | None) -> str:
    return "" if value is None else f"{value:.3f} s"


def _before(call: dict[str, Any]) -> str:
    return ", ".join(f"{one['backend']} ({one['code'] or 'failed'})" for one in call["tried"])
