"""`serai pull`: fetch a model from the hub in the foreground."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from serai.cli import jobs, output
from serai.cli.connection import connect
from serai.cli.panels import MODELS, Json

if TYPE_CHECKING:
    from serai.client import Client

app = typer.Typer()

ACTIVE = ("queued", "running")


@app.command(rich_help_panel=MODELS)
def pull(
    name: Annotated[str, typer.Argument(metavar="NAME", help="org/name:Q4_K_M, or org/name for its usual file.")],
    as_json: Json = False,
) -> None:
    """Download a model from the hub and check it.

    Ends with 0 only when every byte is verified. Ctrl+C pauses the download; the same command goes on with it."""
    with connect() as client:
        job = _begun(client, name)
        try:
            for moved in jobs.shown(client.follow(job), as_json=as_json):
                job = moved
        except KeyboardInterrupt:
            client.pause(job["id"])
            output.say(f"\nPaused; what is here already is kept. Go on with it: serai pull {name}", stderr=True)
            raise
    if job["state"] != "done":
        output.say(f"The download is {job['state']}. Go on with it: serai pull {name}", stderr=True)
        raise typer.Exit(output.FAILED)
    if not as_json:
        here = (job.get("result") or {}).get("model") or name
        output.say(f"{here} is here and verified. Chat with it: serai run {here}")


def _begun(client: Client, name: str) -> dict[str, Any]:
    """The job: one of the same model that was begun before goes on, else a new one begins."""
    for job in client.jobs():
        if job["kind"] == "download" and job["args"].get("model") == name:
            if job["state"] in ACTIVE:
                return job
            if job["state"] in ("paused", "failed"):
                return client.resume(job["id"])
    return client.download(name)
