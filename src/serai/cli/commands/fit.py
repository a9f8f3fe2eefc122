"""`serai fit`: will a model fit into this machine's memory?"""

from __future__ import annotations

from typing import Annotated, Any

import typer

from serai.cli import output, words
from serai.cli.connection import connect
from serai.cli.panels import MODELS, Json

app = typer.Typer()

STYLES = {"fits": "green", "tight": "yellow", "no": "red"}


@app.command(rich_help_panel=MODELS)
def fit(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A model that is here, or one of the hub.")],
    context: Annotated[int | None, typer.Option(min=256, help="Tokens of context for each call.")] = None,
    parallel: Annotated[int | None, typer.Option(min=1, help="Calls that it answers at the same time.")] = None,
    kv_type: Annotated[str | None, typer.Option(help="Type of the KV cache, such as f16 or q8_0.")] = None,
    gpu_layers: Annotated[int | None, typer.Option(min=0, help="Layers placed on the GPU.")] = None,
    as_json: Json = False,
) -> None:
    """Say whether a model fits into memory, before it is downloaded or loaded, and what would fit instead."""
    with connect() as client:
        found = client.fit(name, context=context, parallel=parallel, kv_type=kv_type, gpu_layers=gpu_layers)
    output.emit(found, lambda: _show(found), as_json=as_json)


def _show(found: dict[str, Any]) -> None:
    output.say(found["text"], style=STYLES[found["verdict"]])
    need, how = found["need"], found["loading"]
    output.facts(
        (
            ("Weights", words.size(need["weights"])),
            ("KV cache", f"{words.size(need['kv'])} ({_how(how)})"),
            ("Computing", words.size(need["compute"])),
            ("Past prompts", words.size(need["cache"]) if need["cache"] else None),
            ("Process", words.size(need["runtime"])),
            ("Together", words.size(need["total"])),
            ("Device", found["device_reason"]),
            ("Would fit", "\n".join(_offer(offer) for offer in found["would_fit"])),
        )
    )


def _how(how: dict[str, Any]) -> str:
    return f"{how['context']:,} tokens × {how['parallel']} calls, {how['kv_type']}"


def _offer(offer: dict[str, Any]) -> str:
    total = f" ({words.size(offer['total'])} together)" if offer["total"] else ""
    return f"{offer['text']}{total}"
