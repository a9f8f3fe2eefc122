"""`serai pin|unpin|verify|repair|gc|du|adopt|updates`: the files of models, and the room they take."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from serai.cli import jobs, output, words
from serai.cli.connection import connect
from serai.cli.panels import MODELS, Json
from serai.endpoints import DATA_SETS as PREFIX

app = typer.Typer()

Name = Annotated[str, typer.Argument(metavar="NAME", help="The model, as `serai list` names it.")]


@app.command(rich_help_panel=MODELS)
def pin(name: Name, as_json: Json = False) -> None:
    """Keep a model, or a data set (`datasets/org/name`): it is never unloaded or deleted to make room."""
    _pin(name, pinned=True)
    output.emit({"pinned": name}, lambda: output.say(f"{name} is pinned."), as_json=as_json)


@app.command(rich_help_panel=MODELS)
def unpin(name: Name, as_json: Json = False) -> None:
    """Let a model or a data set be unloaded or deleted to make room again."""
    _pin(name, pinned=False)
    output.emit({"unpinned": name}, lambda: output.say(f"{name} is not pinned any more."), as_json=as_json)


@app.command(rich_help_panel=MODELS)
def verify(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="The model; without it, all.")] = None,
    as_json: Json = False,
) -> None:
    """Read models' files again and compare them with their digests. Ends with 0 only when none is damaged."""
    _checked(name, repair=False, as_json=as_json)


@app.command(rich_help_panel=MODELS)
def repair(name: Name, as_json: Json = False) -> None:
    """Verify a model and fetch the files again that are damaged or missing, only those."""
    _checked(name, repair=True, as_json=as_json)


@app.command(rich_help_panel=MODELS)
def gc(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only tell what would go.")] = False,
    data_sets: Annotated[bool, typer.Option("--data-sets", help="Delete data sets, too, that nobody uses.")] = False,
    unused_days: Annotated[
        float, typer.Option(min=0, help="With --data-sets: those that were not used for so many days.")
    ] = 30,
    as_json: Json = False,
) -> None:
    """Remove what dead downloads left in the cache, and content that no model names; data sets only if asked to, and
    none that is pinned or being fetched."""
    with connect() as client:
        found = client.gc(dry_run=dry_run, data_sets_days=unused_days if data_sets else None)
    output.emit(found, lambda: _collected(found, dry_run=dry_run), as_json=as_json)


@app.command(rich_help_panel=MODELS)
def du(as_json: Json = False) -> None:
    """Show how much room models and data sets take, where each model comes from, and what is free."""
    with connect() as client:
        store = client.store()
    output.emit(store, lambda: _overview(store), as_json=as_json)


@app.command(rich_help_panel=MODELS)
def adopt(as_json: Json = False) -> None:
    """Look for models that Ollama, LM Studio, llama.cpp or other tools have put on this machine."""
    with connect() as client:
        found = client.adopt()
    output.emit(found, lambda: _adopted(found), as_json=as_json)


@app.command(rich_help_panel=MODELS)
def updates(as_json: Json = False) -> None:
    """Ask the hub which models it has newer."""
    with connect() as client:
        rows = client.updates()
    output.emit({"updates": rows}, lambda: _updates(rows), as_json=as_json)


def _pin(name: str, *, pinned: bool) -> None:
    with connect() as client:
        if name.startswith(PREFIX):
            client.change_data_set(name.removeprefix(PREFIX), pinned=pinned)
        else:
            client.change_model(name, pinned=pinned)


def _checked(name: str | None, *, repair: bool, as_json: bool) -> None:
    with connect() as client:
        job = client.verify(name, repair=repair)
        try:
            for moved in jobs.shown(client.follow(job), as_json=as_json):
                job = moved
        except KeyboardInterrupt:
            client.cancel(job["id"])
            raise
    said = job.get("result") or {}
    repaired = said.get("repaired") or []
    bad = [file for kind in ("damaged", "missing") for file in said.get(kind) or () if file not in repaired]
    if not as_json:
        _verdict(said, bad, repaired)
    if job["state"] != "done" or bad:
        raise typer.Exit(output.FAILED)


def _verdict(said: dict[str, Any], bad: list[str], repaired: list[str]) -> None:
    for file in repaired:
        output.say(f"Repaired: {file}", style="green")
    for kind in ("damaged", "missing"):
        for file in said.get(kind) or ():
            if file in bad:
                output.say(f"{kind.capitalize()}: {file}", style="red")
    if bad:
        output.say("Fetch these files again, and nothing else: serai repair NAME", stderr=True)
    untold = f"; {len(said['untold'])} have no known digest" if said.get("untold") else ""
    output.say(f"{said.get('checked', 0)} files checked, {len(bad)} not whole{untold}.")


def _collected(found: dict[str, Any], *, dry_run: bool) -> None:
    for orphan in found["found"]:
        output.say(f"{words.size(orphan['size'])}  {orphan['path']}  ({orphan['why']})")
    if dry_run:
        output.say(f"{words.size(found['size'])} would be freed.")
    else:
        output.say(f"{words.size(found['freed'])} freed.")


def _overview(store: dict[str, Any]) -> None:
    rows = [
        (
            model["name"],
            words.size(model["size"]),
            model["kind"],
            "yes" if model["pinned"] else "",
            (model["commit"] or "")[:8],
            "newer on the hub" if model["update"] else "",
            words.ago(model["last_used_at"]),
        )
        for model in sorted(store["models"], key=lambda model: -(model["size"] or 0))
    ]
    output.table(("NAME", "SIZE", "FROM", "PINNED", "REVISION", "UPDATE", "LAST USED"), rows, right=("SIZE",))
    if store["data_sets"]:
        sets = [
            (f"{PREFIX}{one['name']}", words.size(one["size"]), one["stays"], words.ago(one["used_at"]))
            for one in store["data_sets"]
        ]
        output.table(("DATA SET", "SIZE", "STAYS", "LAST USED"), sets, right=("SIZE",))
    quota = f" of a quota of {words.size(store['quota'])}" if store["quota"] else ""
    free = f"{words.size(store['free'])} of {words.size(store['total'])} are free"
    output.say(f"{words.size(store['used'])}{quota} in {store['cache']}; {free}.")


def _adopted(found: dict[str, Any]) -> None:
    for name in found["added"]:
        output.say(f"Found: {name}")
    for name in found["gone"]:
        output.say(f"Gone: {name}")
    if not found["added"]:
        output.say("No other models were found on this machine.")


def _updates(rows: list[dict[str, Any]]) -> None:
    for row in rows:
        if row["error"]:
            output.say(f"{row['model']}: {row['error']['message']}", stderr=True)
        elif row["update"]:
            output.say(f"{row['model']}: newer on the hub. Fetch it: serai pull {row['model']}")
    if not any(row["update"] for row in rows):
        output.say("All models are the newest, as far as the hub could be asked.")
