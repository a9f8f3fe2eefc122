"""`serai stats`: what calls came to."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import typer

from serai.cli import output
from serai.cli.connection import connect
from serai.cli.panels import SERVER, Json

app = typer.Typer()


By = Literal["model", "backend", "place", "key", "task", "dialect", "error"]


@app.command(rich_help_panel=SERVER)
def stats(
    by: Annotated[By, typer.Option(help="What calls are told apart by.")] = "model",
    since: Annotated[str, typer.Option(help="From when on: 30m, 24h, 7d or a date.")] = "24h",
    until: Annotated[str | None, typer.Option(help="Up to when; left out: now.")] = None,
    model: Annotated[str | None, typer.Option(help="Only calls of this model.")] = None,
    place: Annotated[str | None, typer.Option(help="Only calls answered there: local, or a service's name.")] = None,
    key: Annotated[str | None, typer.Option(help="Only calls with the key of this id.")] = None,
    as_json: Json = False,
) -> None:
    """Show what calls came to: how many, how fast, how many failed and why, what they cost."""
    from serai.cli.times import moment

    end = moment(until) if until else None
    with connect() as client:
        told = client.stats(by, start=moment(since), end=end, model=model, place=place, key=key)
    output.emit(told, lambda: _show(told), as_json=as_json)


def _show(told: dict[str, Any]) -> None:
    if not told["totals"]["count"]:
        output.say("There were no calls in this time.", stderr=True)
        return
    columns = (told["by"].upper(), "CALLS", "WELL", "FIRST TOKEN", "P95", "WHOLE", "P95", "TOKENS/S", "TOKENS", "COST")
    groups = [(group["title"] or "(none)", group) for group in told["groups"]]
    rows = [_row(name, numbers) for name, numbers in (*groups, ("All", told["totals"]))]
    output.table(columns, rows, right=columns[1:])
    for title, counts in (("Errors", told["totals"]["errors"]), ("Fallbacks", told["totals"]["fallbacks"])):
        if counts:
            said = ", ".join(f"{code} {count:,}" for code, count in sorted(counts.items(), key=lambda pair: -pair[1]))
            output.say(f"{title}: {said}", style="yellow")
    if hits := told["totals"]["cache_hits"]:
        output.say(f"Answered from the cache: {hits:,}", style="dim")


def _row(name: str, numbers: dict[str, Any]) -> tuple[str, ...]:
    rate, speed = numbers["success_rate"], numbers["tokens_per_second"]
    first, total = numbers["first_token_s"] or {}, numbers["total_s"] or {}
    return (
        name,
        f"{numbers['count']:,}",
        "" if rate is None else f"{rate:.1%}",
        *(_time(spread.get(which)) for spread in (first, total) for which in ("p50", "p95")),
        "" if speed is None else f"{speed:,.1f}",
        f"{numbers['prompt_tokens'] + numbers['completion_tokens']:,}",
        _cost(numbers),
    )


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    return f"{seconds * 1000:,.0f} ms" if seconds < 1 else f"{seconds:,.1f} s"


def _cost(numbers: dict[str, Any]) -> str:
    """Unknown is never shown as nothing."""
    known = f"${numbers['cost']:,.4f}" if numbers["cost"] else ""
    unknown = f"{numbers['cost_unknown']:,} unknown" if numbers["cost_unknown"] else ""
    return " + ".join(part for part in (known, unknown) if part)
