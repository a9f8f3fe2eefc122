"""`serai budgets`: what may be spent."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from serai.cli import output
from serai.cli.connection import connect
from serai.cli.panels import SERVER, Json
from serai.errors import BadRequest, NotFound

if TYPE_CHECKING:
    from serai.client import Client

app = typer.Typer(name="budgets", help="Limit what may be spent.", rich_help_panel=SERVER, no_args_is_help=True)

Whose = Annotated[
    str,
    typer.Argument(
        metavar="WHOSE",
        help="all, or key:NAME, person:ID, place:SERVICE, model:NAME or session:ID; person:owner is you.",
    ),
]
_NAMED = ("key", "person", "place", "model", "session")
_SPANS = {"day": " a day", "month": " a month", "all": " in all"}


@app.command("set")
def set_(
    whose: Whose,
    amount: Annotated[str, typer.Argument(metavar="AMOUNT", help="5/day, 100/month or 1000/all, in US dollars.")],
    soft: Annotated[bool, typer.Option("--soft", help="Only tell when it is passed; else calls are refused.")] = False,
    unknown: Annotated[
        bool, typer.Option("--allow-unknown", help="Let models be asked whose price is not known; they count as 0.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Set a budget: one for each whose, period, and hard or soft. Days and months are UTC's."""
    kind, name = _whose(whose)
    dollars, period = _amount(amount)
    with connect() as client:
        name = _key(client, name) if kind == "key" else name
        made = client.set_budget(kind, name, period, dollars, hard=not soft, unknown=unknown)
    output.emit(made, lambda: output.say(f"{whose}: {_said(made)}"), as_json=as_json)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the budgets that were set."""
    with connect() as client:
        known = [row for row in client.budgets() if not row["own"]]
    rows = [(row["id"], _title(row), _said(row)) for row in known]

    def show() -> None:
        if rows:
            output.table(("ID", "WHOSE", "BUDGET"), rows)
        else:
            output.say("There are no budgets. `serai budgets set all 20/month` sets one.", stderr=True)

    output.emit({"budgets": known}, show, as_json=as_json)


@app.command()
def status(as_json: Json = False) -> None:
    """Show what is spent of every budget, keys' own limits too, and when it begins anew."""
    with connect() as client:
        known = client.budgets()
    columns = ("WHOSE", "BUDGET", "SPENT", "LEFT", "ANEW (UTC)")
    rows = [(_title(row), _said(row), _money(row["spent"]), _money(row["left"]), _anew(row)) for row in known]

    def show() -> None:
        if rows:
            output.table(columns, rows, right=("SPENT", "LEFT"))
        else:
            output.say("There are no budgets, and no key has a limit of money.", stderr=True)

    output.emit({"budgets": known}, show, as_json=as_json)


@app.command()
def remove(
    budget: Annotated[str, typer.Argument(metavar="ID", help="As `serai budgets list` shows it.")],
    as_json: Json = False,
) -> None:
    """Take a budget away."""
    with connect() as client:
        client.remove_budget(budget)
    output.emit({"removed": budget}, lambda: output.say(f"{budget} is removed."), as_json=as_json)


def _whose(text: str) -> tuple[str, str]:
    kind, _, name = text.partition(":")
    if text == "all" or (kind in _NAMED and name):
        return kind, name
    hint = "Write all, key:NAME, person:ID, place:SERVICE, model:NAME or session:ID."
    raise BadRequest(f"{text!r} does not say whose budget it is.", hint=hint)


def _amount(text: str) -> tuple[float, str]:
    number, _, period = text.lstrip("$").partition("/")
    try:
        if period in _SPANS:
            return float(number.replace(",", "")), period
    except ValueError:
        pass
    raise BadRequest(f"{text!r} is not a budget.", hint="Write 5/day, 100/month or 1000/all.")


def _key(client: Client, name: str) -> str:
    """The id of the key with this id or name. Raises NotFound."""
    known = client.keys()
    keys = [key for key in known if key.get("revoked_at") is None]
    found = [key for key in keys if key["id"] == name] or [key for key in keys if key["name"] == name]
    if len(found) != 1:
        few = f"There is no key {name!r}." if not found else f"{len(found)} keys are called {name!r}."
        raise NotFound(few, hint="`serai keys list` shows their ids.")
    return str(found[0]["id"])


def _said(row: dict[str, Any]) -> str:
    parts = [f"{_money(row['amount'])}{_SPANS[row['period']]}", "" if row["hard"] else "soft"]
    parts += ["unknown prices allowed" if row["unknown"] else "", "the key's own" if row["own"] else ""]
    return ", ".join(part for part in parts if part)


def _title(row: dict[str, Any]) -> str:
    return "all" if row["kind"] == "all" else f"{row['kind']}:{row['title']}"


def _money(amount: float) -> str:
    return f"${amount:,.2f}" if amount == 0 or amount >= 0.01 else f"${amount:.2g}"


def _anew(row: dict[str, Any]) -> str:
    return datetime.fromtimestamp(row["resets_at"], UTC).strftime("%Y-%m-%d") if row["resets_at"] else "never"
