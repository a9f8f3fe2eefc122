"""`serai list|ps|show|stop|add|rm`: the models on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from serai.cli import output, words
from serai.cli.commands import search
from serai.cli.connection import connect
from serai.cli.panels import MODELS, Json
from serai.endpoints import DATA_SETS
from serai.errors import ModelNotFound
from serai.types import ModelRef

if TYPE_CHECKING:
    from rich.text import Text

app = typer.Typer()

Name = Annotated[str, typer.Argument(metavar="NAME", help="The model: org/name, org/name:Q4_K_M or an alias.")]


@app.command("list", rich_help_panel=MODELS)
def list_(as_json: Json = False) -> None:
    """List the models that are here."""
    with connect() as client:
        models = client.models()
    output.emit({"models": models}, lambda: _table(models), as_json=as_json)


@app.command(rich_help_panel=MODELS)
def ps(as_json: Json = False) -> None:
    """List the models that are loaded, with what they use."""
    with connect() as client:
        running = client.running()
    output.emit({"running": running}, lambda: _running(running), as_json=as_json)


@app.command(rich_help_panel=MODELS)
def show(name: Name, as_json: Json = False) -> None:
    """Show everything known about a model: one that is here, or one of the hub."""
    with connect() as client:
        try:
            model = client.model(name)
        except ModelNotFound:
            if "/" not in name:
                raise
            there = client.hub_model(*_on_the_hub(name))
            output.emit(there, lambda: search.page(there), as_json=as_json)
            return
    output.emit(model, lambda: _show(model), as_json=as_json)


@app.command(rich_help_panel=MODELS)
def stop(name: Name, as_json: Json = False) -> None:
    """Unload a model and free what it uses."""
    with connect() as client:
        client.unload(name)
    output.emit({"unloaded": name}, lambda: output.say(f"{name} is unloaded."), as_json=as_json)


@app.command(rich_help_panel=MODELS)
def add(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A GGUF file or a folder. It stays where it is.")],
    name: Annotated[
        str | None, typer.Option(help="The name to call it by; without it, one made of the file's.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a file on this machine a model."""
    with connect() as client:
        model = client.add(str(path.expanduser().absolute()), name)
    output.emit(
        model, lambda: output.say(f"Added {model['name']}. Chat with it: serai run {model['name']}"), as_json=as_json
    )


@app.command(rich_help_panel=MODELS)
def rm(
    name: Name,
    files: Annotated[
        bool, typer.Option("--files", help="Delete its files too, if they lie in the Hugging Face cache.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Forget a model; its file stays unless --files is given. Or delete a data set: `datasets/org/name`."""
    with connect() as client:
        if name.startswith(DATA_SETS):
            client.remove_data_set(name.removeprefix(DATA_SETS))
        else:
            client.forget(name, files=files)
    output.emit({"forgotten": name}, lambda: output.say(f"{name} is forgotten."), as_json=as_json)


def _on_the_hub(name: str) -> tuple[str, str | None]:
    """The repository and the revision that a name means."""
    try:
        ref = ModelRef.parse(name)
    except ValueError:
        return name, None
    return ref.name, ref.revision


def _table(models: list[dict[str, Any]]) -> None:
    columns = ("NAME", "SIZE", "PARAMETERS", "QUANTISATION", "CONTEXT", "STATE", "LAST USED")
    rows = [
        (
            model["name"],
            words.size(model.get("size")),
            words.count(model.get("parameters")),
            model.get("quantisation") or "",
            f"{model['context_length']:,}" if model.get("context_length") else "",
            _state(model),
            words.ago(model.get("last_used_at")),
        )
        for model in models
    ]
    output.table(columns, rows, right=("SIZE", "PARAMETERS", "CONTEXT"))


def _running(models: list[dict[str, Any]]) -> None:
    if not models:
        output.say("No model is loaded. `serai run NAME` loads one.", stderr=True)
        return
    columns = ("NAME", "STATE", "DEVICE", "SANDBOX", "MEMORY", "CONTEXT", "STREAMS", "TOKENS/S", "PROCESS", "SINCE")
    rows = []
    for model in models:
        now = model.get("running") or {}
        speed = now.get("tokens_per_second")
        rows.append(
            (
                model["name"],
                _state(model),
                now.get("device") or "",
                _sandbox(now.get("sandbox")),
                words.size(now.get("memory")),
                now.get("context") or "",
                f"{now.get('streams', 0)}/{now.get('parallel', '')}" if now else "",
                f"{speed:.1f}" if speed else "",
                now.get("pid") or "",
                words.ago(now.get("since")),
            )
        )
    output.table(columns, rows, right=("MEMORY", "CONTEXT", "STREAMS", "TOKENS/S", "PROCESS"))


def _sandbox(held: dict[str, Any] | None) -> str:
    """How its process is confined, in a word."""
    if not held:
        return ""
    return {2: "whole", 1: "partly"}.get(bool(held.get("network")) + bool(held.get("files")), "none")


def _show(model: dict[str, Any]) -> None:
    now = model.get("running") or {}
    error = model.get("error") or {}
    output.facts(
        (
            ("Name", model["name"]),
            ("Title", model.get("title")),
            ("About", model.get("description")),
            ("State", _state(model)),
            ("Failure", " ".join(part for part in (error.get("message"), error.get("hint")) if part)),
            ("Task", model.get("task")),
            ("Format", model.get("format")),
            ("Architecture", model.get("architecture")),
            ("Parameters", words.count(model.get("parameters"))),
            ("Quantisation", model.get("quantisation")),
            ("Context", f"{model['context_length']:,} tokens" if model.get("context_length") else None),
            ("Languages", ", ".join(model.get("languages") or ())),
            ("Licence", model.get("license")),
            ("Size", words.size(model.get("size"))),
            ("File", model.get("path")),
            ("Source", model.get("source")),
            ("Engine", model.get("engine")),
            ("Settings", ", ".join(f"{key} = {value}" for key, value in (model.get("settings") or {}).items())),
            ("Pinned", "yes" if model.get("pinned") else None),
            ("Added", words.ago(model.get("added_at"))),
            ("Last used", words.ago(model.get("last_used_at"))),
            ("Device", " · ".join(part for part in (now.get("device"), now.get("device_reason")) if part)),
            ("Memory", _memory(now)),
            ("Shortened", now.get("shortened")),
            ("Process", now.get("pid")),
        )
    )


def _memory(now: dict[str, Any]) -> str:
    expected = f", {words.size(now['needed'])} expected at most" if now.get("needed") else ""
    return f"{words.size(now.get('memory'))}{expected}"


def _state(model: dict[str, Any]) -> Text:
    from rich.text import Text

    state = model.get("state") or ""
    style = {"ready": "green", "loading": "yellow", "failed": "red"}.get(state, "dim")
    return Text(state.replace("_", " "), style=style)
