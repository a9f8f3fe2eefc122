from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.unit.jobs.helpers import Begin

from serai.jobs import runner
from serai.jobs.kinds import JobKind
from serai.jobs.runner import Jobs
from serai.storage.database import Database
from serai.telemetry.events import Events


@pytest.fixture
def events() -> Events:
    return Events()


@pytest.fixture
async def begin(db: Database, events: Events, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Begin]:
    """Starts a runner with these kinds; each is another worker, as in another process."""
    monkeypatch.setattr(runner, "LOOK_S", 0.05)
    started: list[Jobs] = []

    async def start(*kinds: JobKind, slots: int = 3, tell: Events | None = None) -> Jobs:
        jobs = Jobs(db, tell or events, kinds, slots)
        await jobs.start()
        started.append(jobs)
        return jobs

    yield start
    for jobs in started:
        await jobs.stop()
