"""What both clients share of what lasts: jobs that move, events that happen."""

from __future__ import annotations

from typing import NamedTuple

import httpx2
import orjson

from serai.answers import revive
from serai.endpoints import Json

POLL_S = 0.25
ACTIVE = ("queued", "running")
"""The states in which a job still moves by itself."""


class Event(NamedTuple):
    """One event of `events()`; `id` goes into `after` to resume."""

    id: str
    topic: str
    data: Json

    @classmethod
    def read(cls, event: httpx2.ServerSentEvent) -> Event:
        return cls(event.id, event.event, orjson.loads(event.data))


def moving(job: Json) -> Json:
    """The job itself. Raises what it failed with."""
    if job["state"] == "failed":
        raise revive(job.get("error") or {"message": f"{job.get('title')} failed."})
    return job
