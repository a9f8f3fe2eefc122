from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from tests.unit.monitor.past import AT, failed, past

from serai.errors import BadRequest, StorageFailed
from serai.monitor import statistics as room
from serai.monitor.levels import DAY, HOUR, MINUTE, step_for
from serai.monitor.report import question, report
from serai.monitor.statistics import Statistics
from serai.storage.database import Database
from serai.storage.tables import statistics as table


def open_(db: Database, days: int = 730) -> Statistics:
    return Statistics(db, lambda: days)


async def count(statistics: Statistics, level: int = DAY) -> int:
    return sum(row.tally.count for row in await statistics.read(level, 0, 1e12))


async def rows(db: Database) -> list[Any]:
    return await db.read(lambda connection: [*connection.execute(select(table))])


async def test_what_is_counted_is_there_after_a_restart(tmp_path: Path) -> None:
    for _ in range(2):
        db = Database.open(f"sqlite:///{tmp_path / 'a.db'}")
        statistics = open_(db)
        statistics.add(past(total_s=0.5))
        await statistics.write()
        found = [await count(statistics, level) for level in (MINUTE, HOUR, DAY)]
        await db.close()
    assert found == [2, 2, 2]


async def test_two_processes_add_up(db: Database, tmp_path: Path) -> None:
    other = Database.open(f"sqlite:///{tmp_path / 'serai.db'}")
    mine, theirs = open_(db), open_(other)
    for number in range(20):
        for statistics in (mine, theirs):
            statistics.add(past(model=f"org/{number % 3}", total_s=1.0))
            await statistics.write()
    assert await count(mine) == await count(theirs) == 40
    assert len(await rows(db)) == 3 * 3
    await other.close()


async def test_a_database_that_fails_loses_nothing(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    statistics = open_(db)
    statistics.add(past())

    async def full(_work: object) -> None:
        raise StorageFailed("The disk is full.", cause="full")

    with monkeypatch.context() as patch:
        patch.setattr(db, "write", full)
        with pytest.raises(StorageFailed):
            await statistics.write()
    statistics.add(past())
    await statistics.write()
    assert await count(statistics) == 2


async def test_many_names_do_not_make_the_database_grow(db: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "SERIES", 5)
    statistics = open_(db)
    for number in range(50):
        statistics.add(past(model=f"org/{number}"))
    await statistics.write()
    found = {row.labels["model"]: row.tally.count for row in await statistics.read(DAY, 0, 1e12)}
    assert len(found) == 6 and found["other"] == 45


async def test_each_level_is_kept_for_its_time(db: Database) -> None:
    statistics = open_(db, days=60)
    now = time.time()
    for age in (0, 2 * DAY, 40 * DAY, 90 * DAY):
        statistics.add(past(started_at=now - age))
    await statistics.write()
    await statistics.tidy()
    assert [await count(statistics, level) for level in (MINUTE, HOUR, DAY)] == [1, 2, 3]


async def test_a_report_has_totals_groups_and_times(db: Database) -> None:
    statistics = open_(db)
    for minute in range(3):
        statistics.add(past(model="org/a", started_at=AT + 60 * minute, total_s=1.0, completion_tokens=7))
    statistics.add(failed("busy", model="org/b", started_at=AT))
    await statistics.write()
    asked = question("model", start=AT - 600, end=AT + 600, step=HOUR)
    told = await report(statistics, asked)
    assert (told["totals"]["count"], told["totals"]["completion_tokens"]) == (4, 21)
    assert [(group["name"], group["count"]) for group in told["groups"]] == [("org/a", 3), ("org/b", 1)]
    assert sum(point["count"] for point in told["series"]) == 4
    only = await report(statistics, question("error", start=AT - 600, end=AT + 600, model="org/b"))
    assert [(group["name"], group["errors"]) for group in only["groups"]] == [("busy", {"busy": 1})]


async def test_a_label_that_there_is_not_is_refused(db: Database) -> None:
    for asked in ({"by": "colour"}, {"colour": "red"}, {"error": "busy"}):
        with pytest.raises(BadRequest, match="not told apart"):
            question(**asked)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("span", "age", "wanted", "found"),
    [
        (HOUR, 0, None, (MINUTE, MINUTE)),
        (DAY, 0, None, (HOUR, HOUR)),
        (30 * DAY, 0, None, (DAY, DAY)),
        (HOUR, 0, 300, (300, MINUTE)),
        (HOUR, 5 * DAY, None, (HOUR, HOUR)),
        (HOUR, 50 * DAY, 300, (DAY, DAY)),
        (DAY, 0, 2 * HOUR, (2 * HOUR, HOUR)),
    ],
)
def test_the_step_fits_the_span_and_what_is_still_known(span: int, age: int, wanted: int, found: Any) -> None:
    now = 1e9
    assert step_for(now - age - span, now - age, now, wanted) == found


@pytest.mark.parametrize("step", [1, 90])
def test_a_step_of_odd_seconds_is_refused(step: int) -> None:
    with pytest.raises(BadRequest, match="whole minutes"):
        step_for(0, 3600, 3600, step)
