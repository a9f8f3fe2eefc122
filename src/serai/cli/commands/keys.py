"""`serai keys`: API keys for other machines and programs."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from serai.cli import grants, output, words
from serai.cli.connection import connect
from serai.cli.panels import SERVER, Json
from serai.errors import NotFound

if TYPE_CHECKING:
    from serai.client import Client

app = typer.Typer(name="keys", help="Create and revoke API keys.", rich_help_panel=SERVER, no_args_is_help=True)

Id = Annotated[str, typer.Argument(metavar="ID", help="The key's id, or its name if no other has it.")]
Days = Annotated[int | None, typer.Option(min=1, help="How many days it is valid; else until revoked.")]
Scopes = Annotated[
    list[str] | None,
    typer.Option("--scope", help="What it may do: infer, chat, models, mirror, monitor or admin. May be repeated."),
]
Models = Annotated[
    list[str] | None, typer.Option("--model", help="A model, or a pattern such as 'org/*'. May be repeated.")
]
Dialects = Annotated[
    list[str] | None,
    typer.Option("--dialect", help="openai, anthropic, ollama, huggingface or native. May be repeated."),
]
Places = Annotated[list[str] | None, typer.Option("--place", help="local, or a service's name. May be repeated.")]
LocalOnly = Annotated[bool, typer.Option("--local-only", help="Only models of this machine, as --place local.")]
Rate = Annotated[str | None, typer.Option(help="Most calls, such as 60/min.")]
Tokens = Annotated[str | None, typer.Option(help="Most tokens, read and written, such as 10000/min.")]
AtOnce = Annotated[str | None, typer.Option(help="Most calls that run at the same time.")]
Spend = Annotated[list[str] | None, typer.Option(help="Most money, such as 5/day or 100/month, in US dollars.")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Who or what it is for.")] = "key",
    scope: Scopes = None,
    model: Models = None,
    dialect: Dialects = None,
    place: Places = None,
    local_only: LocalOnly = False,
    rate: Rate = None,
    tokens: Tokens = None,
    at_once: AtOnce = None,
    spend: Spend = None,
    days: Days = None,
    as_json: Json = False,
) -> None:
    """Create an API key and print it: this once, it is not kept. Without --scope it may do everything, or with limits
    ask models."""
    limits = grants.limits(model, dialect, place, rate, tokens, at_once, spend, local_only=local_only)
    with connect() as client:
        expires = time.time() + days * 86400 if days else None
        key = client.create_key(name, expires_at=expires, scopes=grants.listed(scope or []), limits=limits or None)
    _reveal(key, as_json=as_json)


@app.command("list")
def list_(
    all_: Annotated[bool, typer.Option("--all", help="Revoked keys too.")] = False, as_json: Json = False
) -> None:
    """List the API keys, what each may do, and when it was last used."""
    with connect() as client:
        known = client.keys()
    keys = [key for key in known if all_ or key.get("revoked_at") is None]
    columns = ("ID", "NAME", "BEGINS WITH", "MAY", "LAST USED", "EXPIRES")
    rows = [
        (
            key["id"],
            key["name"],
            key.get("prefix") or "",
            grants.summary(key),
            words.ago(key.get("last_used_at")) or "never",
            _end(key),
        )
        for key in keys
    ]

    def show() -> None:
        if rows:
            output.table(columns, rows)
        else:
            output.say("There are no keys. `serai keys create NAME` makes one.", stderr=True)

    output.emit({"keys": keys}, show, as_json=as_json)


@app.command("show")
def show_key(key: Id, as_json: Json = False) -> None:
    """Show all that is known of a key."""
    with connect() as client:
        found = _find(client, key, revoked=True)
    limits = {name.replace("_", " "): value for name, value in (found.get("limits") or {}).items()}
    output.emit(
        found,
        lambda: output.facts(
            (
                ("id", found["id"]),
                ("name", found["name"]),
                ("begins with", found.get("prefix")),
                ("scopes", ", ".join(found.get("scopes") or ())),
                *((name, ", ".join(v) if isinstance(v, list) else v) for name, v in limits.items()),
                ("created", words.ago(found.get("created_at"))),
                ("last used", words.ago(found.get("last_used_at")) or "never"),
                ("expires", _end(found)),
                ("old text until", _date(found["former_until"]) if found.get("former_until") else ""),
            )
        ),
        as_json=as_json,
    )


@app.command()
def change(
    key: Id,
    name: Annotated[str | None, typer.Option(help="Another name.")] = None,
    scope: Scopes = None,
    model: Models = None,
    dialect: Dialects = None,
    place: Places = None,
    local_only: LocalOnly = False,
    rate: Rate = None,
    tokens: Tokens = None,
    at_once: AtOnce = None,
    spend: Spend = None,
    days: Days = None,
    forever: Annotated[bool, typer.Option("--forever", help="It does not expire any more.")] = False,
    as_json: Json = False,
) -> None:
    """Change what a key may do, from its next request on. `none` takes a limit away, as in --rate none."""
    limits = grants.limits(model, dialect, place, rate, tokens, at_once, spend, local_only=local_only)
    values: dict[str, Any] = {"name": name} if name else {}
    values |= {"scopes": grants.listed(scope)} if scope else {}
    values |= {"expires_at": None if forever else time.time() + (days or 0) * 86400} if days or forever else {}
    with connect() as client:
        found = _find(client, key)
        if limits:
            values["limits"] = {**(found.get("limits") or {}), **limits}
        changed = client.change_key(found["id"], **values)
    output.emit(changed, lambda: output.say(f"{changed['name']}: {grants.summary(changed)}"), as_json=as_json)


@app.command()
def rotate(
    key: Id,
    grace: Annotated[float, typer.Option(min=0, help="Minutes for which the old text goes on opening.")] = 0,
    as_json: Json = False,
) -> None:
    """Give a key a new text, and print it: this once. The old one ends at once, or after --grace minutes."""
    with connect() as client:
        rotated = client.rotate_key(_find(client, key)["id"], grace_s=grace * 60)
    _reveal(rotated, as_json=as_json)


@app.command()
def revoke(key: Id, as_json: Json = False) -> None:
    """Make a key useless at once; what it has open ends."""
    with connect() as client:
        revoked = _find(client, key)["id"]
        client.revoke_key(revoked)
    output.emit({"revoked": revoked}, lambda: output.say(f"{key} is revoked."), as_json=as_json)


def _find(client: Client, key: str, *, revoked: bool = False) -> dict[str, Any]:
    """The key with this id, or the only one with this name. Raises NotFound."""
    listed = client.keys()
    known = [row for row in listed if revoked or row.get("revoked_at") is None]
    found = [row for row in known if row["id"] == key] or [row for row in known if row["name"] == key]
    if len(found) > 1:
        raise NotFound(f"{len(found)} keys are called {key!r}.", hint="Give the id: `serai keys list` shows it.")
    if not found:
        raise NotFound(f"There is no key {key!r}.", hint="`serai keys list` shows them.")
    return found[0]


def _reveal(key: dict[str, Any], *, as_json: bool) -> None:
    def show() -> None:
        print(key["plain"])
        output.say(f"It may: {grants.summary(key)}.", style="dim", stderr=True)
        output.say("Keep it: it is not shown again. Send it as `Authorization: Bearer …`.", style="dim", stderr=True)

    output.emit(key, show, as_json=as_json)


def _end(key: dict[str, Any]) -> str:
    return "revoked" if key.get("revoked_at") else _date(key.get("expires_at"))


def _date(moment: float | None) -> str:
    return datetime.fromtimestamp(moment, UTC).astimezone().strftime("%Y-%m-%d") if moment else "never"
