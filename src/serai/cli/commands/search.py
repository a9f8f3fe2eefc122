"""`serai search`: models of the hub, and whether they fit this machine."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from serai.cli import output, words
from serai.cli.commands.fit import STYLES
from serai.cli.connection import connect
from serai.cli.panels import MODELS, Json

if TYPE_CHECKING:
    from rich.text import Text

app = typer.Typer()


@app.command(rich_help_panel=MODELS)
def search(
    text: Annotated[list[str] | None, typer.Argument(metavar="[WORDS]", help="Words of the name.")] = None,
    task: Annotated[str | None, typer.Option(help="Such as text-generation or fill-mask.")] = None,
    library: Annotated[str | None, typer.Option(help="Such as transformers.")] = None,
    author: Annotated[str | None, typer.Option(help="Who made it, as in author/name.")] = None,
    license_: Annotated[str | None, typer.Option("--license", help="Such as mit or apache-2.0.")] = None,
    language: Annotated[str | None, typer.Option(help="That it speaks, such as fa.")] = None,
    format_: Annotated[Literal["gguf", "safetensors", "onnx"] | None, typer.Option("--format")] = None,
    least: Annotated[str | None, typer.Option("--min", help="Fewest parameters, such as 500M or 3B.")] = None,
    most: Annotated[str | None, typer.Option("--max", help="Most parameters, such as 8B.")] = None,
    sort: Annotated[Literal["downloads", "likes", "modified", "trending"], typer.Option()] = "downloads",
    limit: Annotated[int, typer.Option(min=1, max=100, help="How many to show.")] = 20,
    as_json: Json = False,
) -> None:
    """Search the hub for models. Where it is away, those that are known here are shown."""
    told: dict[str, Any] = {"task": task, "library": library, "author": author, "license": license_}
    told |= {"min_parameters": _count(least), "max_parameters": _count(most)}
    with connect() as client:
        found = client.search(" ".join(text or ()), speaks=language, format=format_, sort=sort, limit=limit, **told)
    output.emit(found, lambda: _show(found), as_json=as_json)


def _count(text: str | None) -> int | None:
    """3B as a number. Raises BadParameter."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?) ?([kmb]?)", text.strip(), re.IGNORECASE) if text else None
    if text and not found:
        raise typer.BadParameter(f"{text!r} is no number of parameters: write 500M or 3B.")
    return int(float(found[1]) * {"": 1, "k": 1e3, "m": 1e6, "b": 1e9}[found[2].casefold()]) if found else None


def page(model: dict[str, Any]) -> None:
    """A model that is not here yet, with what of it can be downloaded."""
    if model["offline"]:
        output.say("The hub is away: this is what it said when it was last asked.", style="yellow", stderr=True)
    weights = ", ".join(f"{words.count(count)} {kind}" for kind, count in model["weights"].items())
    output.facts(
        (
            ("Name", model["name"]),
            ("Here", ", ".join(model["here"]) or "not yet"),
            ("Task", model["task"]),
            ("Library", model["library"]),
            ("Parameters", words.count(model["parameters"])),
            ("Weights", weights),
            ("Context", f"{model['context_length']:,} tokens" if model["context_length"] else None),
            ("Languages", ", ".join(model["languages"])),
            ("Licence", model["license"]),
            ("Downloads", words.count(model["downloads"])),
            ("Likes", words.count(model["likes"])),
            ("Revisions", ", ".join(model["revisions"])),
            ("Terms", f"{model['gate']['text']} {model['gate']['url']}" if model["gate"] else None),
            ("On the hub", model["url"]),
        )
    )
    if error := model["unusable"]:
        output.say(f"{error['message']} {error.get('hint', '')}", style="yellow")
    if model["variants"]:
        rows = [_variant(form) for form in model["variants"]]
        output.table(("DOWNLOAD", "SIZE", "FIT", ""), rows, right=("SIZE",))
        output.say(f"Fetch the recommended one: serai pull {model['name']}")


def _variant(form: dict[str, Any]) -> tuple[object, ...]:
    told = [word for word in ("recommended", "here") if form[word]]
    return (form["name"], words.size(form["size"]), _fit(form["fit"]), ", ".join(told))


def _show(found: dict[str, Any]) -> None:
    if found["offline"]:
        reason = (found["reason"] or {}).get("message", "")
        output.say(f"{reason} These are the models that are known here.", style="yellow", stderr=True)
    if not found["models"]:
        output.say("No model matches. Try fewer words, or fewer filters.", stderr=True)
        return
    columns = ("NAME", "TASK", "FORMATS", "SIZE", "DOWNLOADS", "LIKES", "LICENCE", "FIT", "")
    rows = [
        (
            model["name"],
            model["task"],
            ", ".join(model["formats"]),
            words.size(model["size"]),
            words.count(model["downloads"]),
            words.count(model["likes"]),
            model["license"],
            _fit(model["fit"]),
            "here" if model["here"] else "gated" if model["gated"] else "",
        )
        for model in found["models"]
    ]
    output.table(columns, rows, right=("SIZE", "DOWNLOADS", "LIKES"))
    output.say("Look at one: serai show NAME · fetch it: serai pull NAME", stderr=True)


def _fit(fit: dict[str, Any] | None) -> Text:
    from rich.text import Text

    return Text(fit["verdict"], style=STYLES[fit["verdict"]]) if fit else Text("")
