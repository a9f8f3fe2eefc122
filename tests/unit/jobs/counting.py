"""A demonstration job and a process that runs it: `python counting.py DATABASE_URL` until somebody kills it."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Any

from serai.jobs.kinds import JobContext
from serai.jobs.runner import Jobs
from serai.storage.database import Database
from serai.telemetry.events import Events


def note(file: Path, step: int) -> None:
    with file.open("a", encoding="ascii") as lines:
        lines.write(f"{os.getpid()} {step}\n")


class Counting:
    """Writes a line per step into a file and a checkpoint after every fifth."""

    kind = "counting"

    async def run(self, job: JobContext) -> dict[str, Any]:
        first = (job.checkpoint or {"step": 0})["step"] + 1
        for step in range(first, job.args["steps"] + 1):
            note(Path(job.args["file"]), step)
            job.progress(done=step, total=job.args["steps"])
            if step % 5 == 0:
                await job.save({"step": step})
            await asyncio.sleep(0.001)
        return {"began_at": first}


async def main(url: str) -> None:
    jobs = Jobs(Database.open(url), Events(), [Counting()])
    await jobs.start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
