"""`serai usage`: what was used, and what it cost."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from serai.cli import output
from serai.cli.connection import connect
from serai.cli.panels import SERVER, Json

app = typer.Typer()

By = Literal["key", "person", "model", "place", "session", "day"]


@app.command("usage", rich_help_panel=SERVER)
def usage(
    by: Annotated[By, typer.Option(help="What the sums are for.")] = "model",
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="The first day: 2026-11-01 (UTC).")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="The last day.")] = None,
    csv: Annotated[bool, typer.Option("--csv", help="As a table for a spreadsheet.")] = False,
    as_json: Json = False,
) -> None:
    """Show calls, tokens and cost, by model or by another sum."""
    with connect() as client:
        if csv:
            print(client.usage_table(by, first, last), end="")
            return
        rows = client.usage(by, first, last)
    columns = (by.upper(), "CALLS", "PROMPT", "ANSWER", "COST", "")

    def show() -> None:
        if rows:
            output.table(columns, [_row(row) for row in rows], right=("CALLS", "PROMPT", "ANSWER", "COST"))
        else:
            output.say("Nothing was used in that time.", stderr=True)

    output.emit({"by": by, "rows": rows}, show, as_json=as_json)


def _row(row: dict[str, Any]) -> tuple[str, ...]:
    counts = (f"{row[name]:,}" for name in ("calls", "prompt_tokens", "completion_tokens"))
    return (row["title"], *counts, _cost(row), _notes(row))


def _cost(row: dict[str, Any]) -> str:
    """What is not known is never shown as nothing."""
    return "unknown" if row["unpriced"] and not row["cost"] else f"${row['cost']:,.4f}"


def _notes(row: dict[str, Any]) -> str:
    """What of the cost is not as certain as the rest."""
    calls = "call" if row["unpriced"] == 1 else "calls"
    parts = [f"{row['unpriced']:,} {calls} of unknown price"] if row["unpriced"] else []
    words = (("estimated", "estimated"), ("held", "put aside for running calls"), ("unsettled", "at its worst case"))
    parts += [f"${row[name]:,.4f} {said}" for name, said in words if row[name]]
    return ", ".join(parts)
