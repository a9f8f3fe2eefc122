"""`serai engine`: llama.cpp's servers on this machine, and a native one built for it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from serai.cli import jobs, output, words
from serai.cli.connection import connect
from serai.cli.panels import MODELS, Json

if TYPE_CHECKING:
    from serai.client import Client

app = typer.Typer(
    name="engine", help="Build, choose and remove native llama-servers.", rich_help_panel=MODELS, no_args_is_help=True
)

KIND = "engine.build"


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List llama.cpp's servers that are here."""
    with connect() as client:
        engines = client.engines()
    output.emit({"engines": engines}, lambda: _table(engines), as_json=as_json)


@app.command()
def build(as_json: Json = False) -> None:
    """Build a native llama-server for this machine, try it, and use it.

    Takes ten minutes or more, at the lowest priority. Ctrl+C pauses it; the same command goes on with it."""
    with connect() as client:
        job = _begun(client)
        try:
            for moved in jobs.shown(client.follow(job), as_json=as_json, tell=jobs.of_steps):
                job = moved
        except KeyboardInterrupt:
            client.pause(job["id"])
            output.say("\nPaused. Go on with it: serai engine build", stderr=True)
            raise
    if job["state"] != "done":
        output.say(f"The build is {job['state']}. Go on with it: serai engine build", stderr=True)
        raise typer.Exit(output.FAILED)
    if not as_json:
        output.say(f"{job['result']['engine']} is built and gives the same answers. New loads of models use it.")


@app.command()
def use(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name of the list, auto, or a llama-server's path.")],
    as_json: Json = False,
) -> None:
    """Choose the server that runs models. The path of a llama-server you have is tried first."""
    if "/" in name or "\\" in name:
        name = str(Path(name).expanduser().absolute())
    with connect() as client:
        engines = client.use_engine(name)
    used = next(engine["name"] for engine in engines if engine["in_use"])
    output.emit(
        {"engines": engines},
        lambda: output.say(f"Models that are loaded from now on run with {used}."),
        as_json=as_json,
    )


@app.command()
def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="One that was built here.")], as_json: Json = False
) -> None:
    """Delete a server that was built here."""
    with connect() as client:
        client.remove_engine(name)
    output.emit({"removed": name}, lambda: output.say(f"{name} is deleted."), as_json=as_json)


def _begun(client: Client) -> dict[str, Any]:
    """The job: one that was interrupted goes on, else a new one begins."""
    for job in client.jobs():
        if job["kind"] == KIND and job["state"] in ("paused", "failed"):
            return client.resume(job["id"])
        if job["kind"] == KIND:
            break
    return client.build_engine()


def _table(engines: list[dict[str, Any]]) -> None:
    rows = [
        (
            "→" if engine["in_use"] else "",
            engine["name"],
            engine["kind"],
            engine["version"],
            words.size(engine["size"]),
            words.ago(engine["built_at"]),
            " ".join(engine["features"]),
        )
        for engine in engines
    ]
    output.table(("", "NAME", "KIND", "VERSION", "SIZE", "BUILT", "USES"), rows, right=("SIZE",))
