"""`serai batch`: every row of a file, or of a data set, answered."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from serai.cli import jobs, output
from serai.cli.connection import connect
from serai.cli.panels import SERVER, Json
from serai.errors import BadRequest, NotFound, SeraiError
from serai.types import AUTO

if TYPE_CHECKING:
    from serai.client import Client

app = typer.Typer()

_DATA_SETS = "datasets/"
_CHUNK = 1 << 20


@app.command(rich_help_panel=SERVER)
def batch(
    file: Annotated[
        str, typer.Argument(help="A .jsonl, .csv, .tsv, .txt or .parquet file, or datasets/org/name from the store.")
    ],
    model: Annotated[str, typer.Option(help="The model to ask.")] = AUTO,
    task: Annotated[str, typer.Option(help="What is asked of it; else a chat, or what it was made for.")] = "",
    column: Annotated[str, typer.Option(help="The column that holds what is asked.")] = "",
    template: Annotated[str, typer.Option(help="What is asked, with columns in braces: 'Translate: {text}'")] = "",
    out: Annotated[
        Path | None, typer.Option(help="Where the answers go: .jsonl or .parquet; else FILE.answers.jsonl.")
    ] = None,
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NAME=VALUE", help="A setting of the task: temperature=0")
    ] = None,
    files: Annotated[str, typer.Option(help="Which of a data set's files: 'train*'")] = "",
    at_once: Annotated[int, typer.Option(min=0, help="Rows at the same time; 0 is as the settings say.")] = 0,
    limit: Annotated[int, typer.Option(min=0, help="The first so many rows only; 0 is all.")] = 0,
    cache: Annotated[
        bool | None, typer.Option("--cache/--no-cache", help="Whether answers that are known already will do.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Answer every row of a file or a data set.

    Ctrl+C pauses it; the same command goes on with it, also after a crash. Rows that fail say why in their answer."""
    target = out or Path(f"{Path(file).stem}.answers.jsonl")
    wishes = {
        "model": model,
        "task": task,
        "column": column,
        "template": template,
        "settings": dict(_setting(one) for one in settings or ()),
        "files": files,
        "at_once": at_once,
        "limit": limit,
        "cache": cache,
        "format": _format(target),
    }
    if target.exists():
        raise BadRequest(f"{target} is there already.", hint="Move it away, or name another with --out.")
    with connect() as client:
        job = _begun(client, file, wishes)
        try:
            for moved in jobs.shown(client.follow(job), as_json=as_json, tell=jobs.of_steps):
                job = moved
        except KeyboardInterrupt:
            client.steer_batch(job["id"], "pause")
            output.say("\nPaused; what is answered is kept. The same command goes on with it.", stderr=True)
            raise
        if job["state"] != "done":
            output.say(f"The batch is {job['state']}. Go on with it by the same command.", stderr=True)
            raise typer.Exit(output.FAILED)
        client.save_batch(job["id"], target)
        _forget(client, job)
    if not as_json:
        output.say(_summary(job["result"], target))


def _begun(client: Client, file: str, wishes: dict[str, Any]) -> dict[str, Any]:
    """The job: one of the very same rows and wishes that was begun before goes on, or else a new one begins."""
    there = file.startswith(_DATA_SETS) and not Path(file).exists()
    mark = _mark(file, wishes, there=there)
    for job in client.batches():
        if job["args"].get("mark") != mark:
            continue
        if job["state"] in ("queued", "running", "paused", "failed"):
            return client.steer_batch(job["id"], "resume")
        if job["state"] == "done" and _is_there(client, job["result"]["file"]):
            return job
    if there:
        return client.create_batch(data_set=file.removeprefix(_DATA_SETS), mark=mark, **wishes)
    sent = client.send_batch_file(file)["id"]
    try:
        return client.create_batch(file=sent, mark=mark, **wishes)
    except SeraiError:
        client.request("DELETE", f"/v1/files/{sent}")
        raise


def _mark(file: str, wishes: dict[str, Any], *, there: bool) -> str:
    digest = hashlib.sha256(json.dumps([file, wishes], sort_keys=True).encode())
    if not there:
        if not Path(file).is_file():
            raise NotFound(f"There is no file {file!r}.", hint="A data set is named datasets/org/name.")
        with Path(file).open("rb") as content:
            while chunk := content.read(_CHUNK):
                digest.update(chunk)
    return f"serai batch {digest.hexdigest()[:32]}"


def _forget(client: Client, job: dict[str, Any]) -> None:
    """What was sent, and what was made of it, is on the asker's own disk now."""
    for name in (job["args"]["file"], job["result"]["file"]):
        if name:
            client.request("DELETE", f"/v1/files/{name}")


def _is_there(client: Client, file: str) -> bool:
    """Whether the answers were made while nobody waited for them."""
    try:
        client.request("GET", f"/v1/files/{file}")
    except NotFound:
        return False
    return True


def _format(target: Path) -> str:
    ending = target.suffix.lower().removeprefix(".")
    if ending not in ("jsonl", "parquet"):
        raise BadRequest(f"{target} is neither .jsonl nor .parquet.", hint="Name it so: --out answers.jsonl")
    return ending


def _setting(text: str) -> tuple[str, Any]:
    name, sign, value = text.partition("=")
    if not sign:
        raise typer.BadParameter(f"{text!r} is not NAME=VALUE.")
    try:
        return name.strip(), json.loads(value)
    except ValueError:
        return name.strip(), value


def _summary(result: dict[str, Any], target: Path) -> str:
    failed = f", {result['failed']:,} of them failed" if result["failed"] else ""
    cost = f" It cost ${result['cost']:.4f}." if result["cost"] else ""
    rows = "1 row is" if result["done"] == 1 else f"{result['done']:,} rows are"
    return f"{rows} answered{failed}: {target}.{cost}"
