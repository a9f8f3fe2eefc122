"""`serai jobs`: downloads and other long work: what is coming, how fast, and what comes first."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from serai.cli import jobs, output, words
from serai.cli.connection import connect
from serai.cli.panels import MODELS, Json
from serai.errors import NotFound

if TYPE_CHECKING:
    from serai.client import Client

app = typer.Typer(
    name="jobs", help="See and steer downloads and other long work.", rich_help_panel=MODELS, no_args_is_help=True
)

UNFINISHED = ("queued", "running", "paused", "failed")

Which = Annotated[str, typer.Argument(metavar="JOB", help="A job's id, or the name of the model that it brings.")]


class Priority(Enum):
    """What comes first, in a word."""

    HIGH = "high"
    NORMAL = "normal"
    LOW = "low"


PRIORITIES = {Priority.HIGH: 10, Priority.NORMAL: 0, Priority.LOW: -10}


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List jobs, the newest first, with how far they are."""
    with connect() as client:
        found = client.jobs()
    output.emit({"jobs": found}, lambda: _table(found), as_json=as_json)


@app.command()
def pause(job: Which, as_json: Json = False) -> None:
    """Stop a job where it is."""
    _steer("pause", job, as_json=as_json)


@app.command()
def resume(job: Which, as_json: Json = False) -> None:
    """Go on with a job that was paused, or try one again that failed."""
    _steer("resume", job, as_json=as_json)


@app.command()
def cancel(job: Which, as_json: Json = False) -> None:
    """Give a job up."""
    _steer("cancel", job, as_json=as_json)


@app.command()
def priority(job: Which, level: Priority, as_json: Json = False) -> None:
    """Let a job come before or after others, also while it runs."""
    with connect() as client:
        changed = client.prioritise(_found(client, job)["id"], PRIORITIES[level])
    output.emit(changed, lambda: output.say(f"{changed['title']}: priority {level.value}."), as_json=as_json)


@app.command()
def clear(as_json: Json = False) -> None:
    """Take jobs off the list that are done or cancelled. What they made stays."""
    with connect() as client:
        removed = client.clear_jobs()["removed"]
    output.emit({"removed": removed}, lambda: output.say(f"Cleared: {len(removed)}."), as_json=as_json)


def _steer(verb: str, which: str, *, as_json: bool) -> None:
    with connect() as client:
        job = getattr(client, verb)(_found(client, which)["id"])
    output.emit(job, lambda: output.say(f"{job['title']}: {job['state']}."), as_json=as_json)


def _found(client: Client, which: str) -> dict[str, Any]:
    """Raises NotFound, with what there is."""
    known = client.jobs()
    for job in known:
        if job["id"] == which or (job["state"] in UNFINISHED and job["args"].get("model") == which):
            return job
    there = [job["title"] for job in known if job["state"] in UNFINISHED]
    hint = f"There are: {', '.join(there[:5])}." if there else "Nothing is under way."
    raise NotFound(f"There is no job {which!r}.", hint=hint)


def _table(found: list[dict[str, Any]]) -> None:
    rows = []
    for job in found:
        now, level = job["progress"], job.get("priority", 0)
        tell = jobs.of_bytes if job["kind"] == "download" else jobs.of_steps
        far = (job["error"] or {}).get("message", "") if job["state"] == "failed" else tell(now)
        word = "high" if level > 0 else "low" if level < 0 else ""
        rows.append((job["id"], job["kind"], job["title"], job["state"], word, far, words.ago(job["created_at"])))
    output.table(("JOB", "KIND", "OF", "STATE", "PRIORITY", "PROGRESS", "BEGUN"), rows)
