from __future__ import annotations

import pytest
from tests.unit.money.bank import DARK, DAY_S, FAR, HERE, Bank

from serai.errors import BadRequest
from serai.money import usage
from serai.types import Usage


async def fill(bank: Bank) -> None:
    await bank.spend(3, FAR, who="key_a", session="s1")
    await bank.spend(5, FAR, who="owner")
    await bank.spend(7, HERE, who="key_a")
    bank.now += DAY_S
    await bank.spend(9, DARK, who="key_a")


@pytest.mark.parametrize(
    ("by", "found"),
    [
        ("key", [("key_a", 3, 3.0, 1)]),
        ("person", [("owner", 1, 5.0, 0)]),
        ("model", [("far/dear", 2, 8.0, 0), ("far/dark", 1, 0.0, 1), ("org/here", 1, 0.0, 0)]),
        ("place", [("far", 3, 8.0, 1), ("local", 1, 0.0, 0)]),
        ("session", [("s1", 1, 3.0, 0)]),
        ("day", [("2026-11-22", 1, 0.0, 1), ("2026-11-21", 3, 8.0, 0)]),
    ],
)
async def test_what_was_used_is_summed_up(bank: Bank, by: str, found: list[tuple[str, int, float, int]]) -> None:
    await fill(bank)
    rows = await bank.money.usage.by(by)
    assert [(row["name"], row["calls"], row["cost"], row["unpriced"]) for row in rows] == found


async def test_days_bound_it_and_count(bank: Bank) -> None:
    await fill(bank)
    for first, last, calls in (("2026-11-21", "2026-11-21", 3), ("2026-11-22", None, 1), (None, "2026-11-20", 0)):
        rows = await bank.money.usage.by("day", first, last)
        assert sum(row["calls"] for row in rows) == calls
    for wrong in ("2026-13-01", "20261101", "today"):
        with pytest.raises(BadRequest, match="is no day"):
            await bank.money.usage.by("day", wrong)
    with pytest.raises(BadRequest):
        await bank.money.usage.by("week")


async def test_what_is_held_is_shown_as_held(bank: Bank) -> None:
    await bank.money.budgets.set("all", "", "day", 10)
    hold = await bank.hold(4)
    assert (await bank.money.usage.by("place"))[0]["held"] == 4.0
    hold.settle(Usage(prompt_tokens=1, completion_tokens=1))
    row = (await bank.money.usage.by("place"))[0]
    assert (row["held"], row["cost"]) == (0.0, 1.0)


async def test_a_table_begins_no_formula(bank: Bank) -> None:
    await bank.spend(1, who="=cmd()")
    table = usage.table(await bank.money.usage.by("person"))
    head, row = table.splitlines()
    assert head.startswith("name,title,calls,") and row.startswith("'=cmd(),'=cmd(),1,1,1,0,1.0")
