"""What a kind of job is, and what it is given to work with.

To add one: a class with `kind` and `run` in the room whose work it does, a line in `services.py`, and its test."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Literal, Protocol

from serai.jobs.progress import Part

Stopping = Literal["paused", "cancelled", "shutdown", "yielded", "lost"]
"""`yielded`: one of a higher priority takes its place."""


class JobKind(Protocol):
    """One object per kind; it holds nothing of a single job."""

    kind: str

    async def run(self, job: JobContext) -> dict[str, Any]:
        """Does the work, from `job.checkpoint` on if there is one, and returns the result.

        It may be killed at any moment and run again with the last checkpoint, so what follows a checkpoint must bear
        being done twice. To pause, cancel or shut down, asyncio cancels it: it raises CancelledError at an await, and
        `job.stopping` says why. It may tidy up and save once more, then must let the error through. A SeraiError
        makes the job fail with those words; a person may then resume it."""
        ...


class JobContext:
    """One run of one job, as its kind sees it."""

    def __init__(
        self,
        job_id: str,
        args: Mapping[str, Any],
        checkpoint: dict[str, Any] | None,
        save: Callable[[dict[str, Any]], Awaitable[None]],
        report: Callable[[float | None, float | None, float | None, str | None, Sequence[Part] | None, float], None],
        priority: int = 0,
    ) -> None:
        """Made by the runner."""
        self.id = job_id
        self.args = args
        self.checkpoint = checkpoint
        self.priority = priority
        """Changes while it runs, when a person wishes so."""
        self.stopping: Stopping | None = None
        """Why it is being cancelled: `cancelled` will not come back, all others will."""
        self._save = save
        self._report = report

    async def save(self, checkpoint: dict[str, Any]) -> None:
        """Returns when the checkpoint is committed: from then on the job never starts before it again.

        Raises CancelledError when another process took the job over."""
        await self._save(checkpoint)
        self.checkpoint = checkpoint

    def progress(
        self,
        *,
        done: float | None = None,
        total: float | None = None,
        rate: float | None = None,
        note: str | None = None,
        parts: Sequence[Part] | None = None,
        found: float = 0,
    ) -> None:
        """Says how far it is; cheap enough for every chunk. What is left out stays; without `rate` it is measured, for
        which so much more of `done` as was `found` does not count."""
        self._report(done, total, rate, note, parts, found)
