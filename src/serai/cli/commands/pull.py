"""`serai pull`: fetch a model from the hub in the foreground."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from serai.cli import output, words
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
            for moved in _shown(client.follow(job), as_json=as_json):
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


def _shown(jobs: Iterator[dict[str, Any]], *, as_json: bool) -> Iterator[dict[str, Any]]:
    """Passes the jobs through and shows each: as a line of JSON, as a bar, or nothing where no person looks."""
    if as_json:
        for job in jobs:
            output.line(job)
            yield job
        return
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    console = output.console(stderr=True)
    with Progress(*columns, TextColumn("{task.fields[rest]}"), console=console, transient=True) as bar:
        row = bar.add_task("", total=None, rest="")
        for job in jobs:
            now = job.get("progress") or {}
            bar.update(
                row,
                description=output.clean(job["title"]),
                completed=now.get("done") or 0,
                total=now.get("total"),
                rest=output.clean(_rest(now)),
            )
            yield job


def _rest(progress: dict[str, Any]) -> str:
    """`1.2 GB of 4.1 GB · 30 MB/s · 2 min left`, as far as it is known."""
    done, total, rate, left = (progress.get(name) for name in ("done", "total", "rate", "eta_s"))
    parts = [f"{words.size(done or 0)} of {words.size(total)}" if total else words.size(done or 0)]
    if rate:
        parts.append(f"{words.size(rate)}/s")
    if left is not None:
        parts.append(f"{words.duration(left)} left")
    if note := progress.get("note"):
        parts.append(str(note))
    return " · ".join(parts)
