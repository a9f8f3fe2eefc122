"""A job followed on the terminal until it ends."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from serai.cli import output, words

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID


def of_bytes(progress: dict[str, Any]) -> str:
    """`1.2 GB of 4.1 GB · 30 MB/s · 2 min left`, as far as it is known."""
    done, total, rate, left = (progress.get(name) for name in ("done", "total", "rate", "eta_s"))
    parts = [f"{words.size(done or 0)} of {words.size(total)}" if total else words.size(done or 0)]
    if rate:
        parts.append(f"{words.size(rate)}/s")
    if left is not None:
        parts.append(f"{words.duration(left)} left")
    return " · ".join([*parts, *of_steps(progress).splitlines()])


def of_steps(progress: dict[str, Any]) -> str:
    """What it is at, for a job that does not move bytes."""
    return str(progress.get("note") or "")


def shown(
    jobs: Iterator[dict[str, Any]], *, as_json: bool, tell: Callable[[dict[str, Any]], str] = of_bytes
) -> Iterator[dict[str, Any]]:
    """Passes the jobs through and shows each: as a line of JSON, as bars with what `tell` says of the progress, or
    nothing where no person looks. Files that are worked on at the same time have a bar each."""
    if as_json:
        for job in jobs:
            output.line(job)
            yield job
        return
    from rich.progress import BarColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.percentage:>3.0f} %"))
    console = output.console(stderr=True)
    with Progress(*columns, TextColumn("{task.fields[rest]}"), console=console, transient=True) as bars:
        whole = bars.add_task("", total=None, rest="")
        parts: dict[str, TaskID] = {}
        for job in jobs:
            now = job.get("progress") or {}
            bars.update(
                whole,
                description=output.clean(job["title"]),
                completed=now.get("done") or 0,
                total=now.get("total"),
                rest=output.clean(tell(now)),
            )
            _parts(bars, parts, [part for part in now.get("parts") or () if part["state"] == "working"])
            yield job


def _parts(bars: Progress, rows: dict[str, TaskID], parts: list[dict[str, Any]]) -> None:
    for name in rows.keys() - {part["name"] for part in parts}:
        bars.remove_task(rows.pop(name))
    for part in parts:
        if part["name"] not in rows:
            rows[part["name"]] = bars.add_task(output.clean(f"  {part['name']}"), total=part["total"], rest="")
        rest = f"{words.size(part['done'])} of {words.size(part['total'])}"
        bars.update(rows[part["name"]], completed=part["done"], rest=rest)
