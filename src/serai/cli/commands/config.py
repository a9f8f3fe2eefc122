"""`serai config`: the settings, as the page shows them and serai.toml keeps them."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer

from serai.cli import output
from serai.cli.connection import connect
from serai.cli.panels import SETTINGS, Json
from serai.errors import NotFound

app = typer.Typer(name="config", help="Show and change settings.", rich_help_panel=SETTINGS, no_args_is_help=True)

Key = Annotated[str, typer.Argument(metavar="KEY", help="A setting, such as models.idle_minutes.")]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List every setting with its value and where that comes from."""
    with connect() as client:
        rows = client.settings()
    columns = ("SETTING", "VALUE", "FROM", "WHAT IT DOES")
    shown = [(row["key"], _text(row["value"]), row["source"], row["description"]) for row in rows]
    output.emit({"settings": rows}, lambda: output.table(columns, shown), as_json=as_json)


@app.command()
def get(key: Key, as_json: Json = False) -> None:
    """Print one setting's value."""
    with connect() as client:
        row = _row(client.settings(), key)
    output.emit(row, lambda: print(_text(row["value"])), as_json=as_json)


@app.command("set", context_settings={"ignore_unknown_options": True})
def set_(
    key: Key,
    value: Annotated[str, typer.Argument(metavar="VALUE", help="The value; lists are written a,b.")],
    as_json: Json = False,
) -> None:
    """Set a setting. A running server takes it at once, if it can."""
    _change(key, value, as_json=as_json)


@app.command()
def unset(key: Key, as_json: Json = False) -> None:
    """Give a setting its default back."""
    _change(key, None, as_json=as_json)


@app.command()
def path(as_json: Json = False) -> None:
    """Print where serai.toml lies."""
    from serai import settings

    file = str(settings.home() / "serai.toml")
    output.emit({"path": file}, lambda: print(file), as_json=as_json)


def _change(key: str, value: str | None, *, as_json: bool) -> None:
    with connect() as client:
        before = _row(client.settings(), key)
        row = _row(client.set(key, value if value is None else _typed(before["type"], value)), key)
    later = " It holds from the next start." if row["restart"] else ""
    output.emit(row, lambda: output.say(f"{key} = {_text(row['value'])}.{later}"), as_json=as_json)


def _row(rows: list[dict[str, Any]], key: str) -> dict[str, Any]:
    for row in rows:
        if row["key"] == key:
            return row
    from difflib import get_close_matches

    near = get_close_matches(key, [row["key"] for row in rows])
    hint = f"Did you mean {', '.join(near)}?" if near else "`serai config list` shows them all."
    raise NotFound(f"There is no setting {key!r}.", hint=hint)


def _typed(kind: str, value: str) -> Any:
    """What a person wrote as the setting's own type, if it is one; else as it is, and the server says what is wrong."""
    if kind == "list":
        return [part.strip() for part in value.split(",") if part.strip()]
    if kind == "boolean":
        return {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}.get(
            value.lower(), value
        )
    if kind in ("integer", "number"):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return ",".join(value) if isinstance(value, list | tuple) else str(value)
