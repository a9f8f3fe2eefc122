from __future__ import annotations

from datetime import UTC, datetime

import pytest
from tests.unit.money.bank import DAY_S, FAR, HERE, Bank, ask, open_bank

from serai.errors import BadRequest, NotFound, OverBudget
from serai.money import periods
from serai.storage.database import Database
from serai.types import Limits


def at(*moment: int) -> float:
    return datetime(*moment, tzinfo=UTC).timestamp()  # type: ignore[misc, arg-type]


@pytest.mark.parametrize(
    ("moment", "period", "key", "ends"),
    [
        (at(2026, 11, 21, 23, 59, 59), "day", "2026-11-21", at(2026, 11, 22)),
        (at(2026, 11, 22), "day", "2026-11-22", at(2026, 11, 23)),
        (at(2026, 12, 31, 23, 59, 59), "month", "2026-12", at(2027, 1, 1)),
        (at(2028, 2, 29), "month", "2028-02", at(2028, 3, 1)),
        (at(2026, 1, 31), "month", "2026-01", at(2026, 2, 1)),
        (at(2026, 1, 31), "all", "", None),
    ],
)
def test_days_and_months_are_utc(moment: float, period: periods.Period, key: str, ends: float | None) -> None:
    assert periods.key(period, moment) == key
    assert periods.ends_at(period, moment) == ends


async def test_a_day_begins_anew_at_midnight_and_a_month_with_the_next(bank: Bank) -> None:
    bank.now = at(2026, 11, 30, 23, 59, 59)
    await bank.money.budgets.set("all", "", "day", 5)
    await bank.money.budgets.set("all", "", "month", 8)
    await bank.spend(5)
    with pytest.raises(OverBudget):
        await bank.hold(1)
    bank.now += 1
    await bank.spend(5)
    bank.now += DAY_S
    with pytest.raises(OverBudget) as caught:
        await bank.hold(4)
    assert caught.value.facts["period"] == "month" and caught.value.facts["resets_at"] == at(2027, 1, 1)


async def test_a_budget_in_all_never_begins_anew(bank: Bank) -> None:
    await bank.money.budgets.set("place", "far", "all", 5)
    await bank.spend(5)
    bank.now += 1000 * DAY_S
    with pytest.raises(OverBudget):
        await bank.hold(1)


@pytest.mark.parametrize(
    ("kind", "name"), [("key", "key_a"), ("model", "far/dear"), ("place", "far"), ("session", "s1"), ("all", "")]
)
async def test_whose_budget_it_is_says_what_counts(bank: Bank, kind: str, name: str) -> None:
    await bank.money.budgets.set(kind, name, "day", 5)
    with pytest.raises(OverBudget):
        await bank.hold(6, session="s1")
    other = FAR.__class__(name="near/other", task="text-generation", place="near", context_length=9)
    await bank.money.prices.set("near/*", {"output": 1e6})
    if kind != "all":
        assert await bank.spend(6, other, who="owner", session="s2") == 6.0


async def test_a_person_is_whoever_has_no_key(bank: Bank) -> None:
    await bank.money.budgets.set("person", "owner", "day", 5)
    with pytest.raises(OverBudget):
        await bank.hold(6, who="owner")
    await bank.hold(6)


async def test_what_was_spent_before_a_budget_was_set_counts(bank: Bank) -> None:
    await bank.spend(4)
    made = await bank.money.budgets.set("all", "", "day", 5)
    assert made.spent == 4 * 10**9
    with pytest.raises(OverBudget):
        await bank.hold(2)
    await bank.spend(1)


async def test_a_budget_of_nothing_lets_only_free_calls_through(bank: Bank) -> None:
    await bank.money.budgets.set("all", "", "day", 0)
    assert await bank.spend(3, HERE) == 0.0
    with pytest.raises(OverBudget):
        await bank.hold(1)


async def test_a_soft_budget_is_told_once_and_refuses_nothing(bank: Bank) -> None:
    await bank.money.budgets.set("key", "key_a", "day", 5, hard=False)
    for _ in range(4):
        await bank.spend(3)
    told = [data for topic, data in bank.events if topic == "budget"]
    assert [(data["state"], data["spent"], data["amount"]) for data in told] == [("passed", 6.0, 5.0)]
    bank.now += DAY_S
    await bank.spend(6)
    assert len(bank.events) == 2


async def test_several_processes_tell_of_a_budget_once(bank: Bank, url: str) -> None:
    await bank.money.budgets.set("all", "", "day", 5, hard=False)
    other = open_bank(Database.open(url))
    await other.spend(4)
    await bank.spend(4)
    await other.spend(4)
    assert len(bank.events) + len(other.events) == 1
    await other.money.close()
    await other.db.close()


async def test_a_refusal_is_told_once_in_a_period(bank: Bank) -> None:
    for _ in range(3):
        with pytest.raises(OverBudget):
            await bank.hold(5, limits=Limits(spend_per_day=1.0))
    assert [(topic, data["state"], data["own"]) for topic, data in bank.events] == [("budget", "refused", True)]


async def test_setting_it_again_changes_the_one_that_is_there(bank: Bank) -> None:
    first = await bank.money.budgets.set("all", "", "day", 5)
    again = await bank.money.budgets.set("all", "", "day", 7)
    soft = await bank.money.budgets.set("all", "", "day", 6, hard=False)
    assert first.budget.id == again.budget.id != soft.budget.id
    await bank.money.budgets.remove(again.budget.id)
    assert [one.budget.hard for one in await bank.money.budgets.all()] == [False]
    with pytest.raises(NotFound):
        await bank.money.budgets.remove(again.budget.id)


@pytest.mark.parametrize(
    ("kind", "name", "period", "amount"),
    [
        ("who", "x", "day", 1),
        ("all", "", "week", 1),
        ("all", "x", "day", 1),
        ("place", "a\0b", "day", 1),
        ("place", "\ud800", "day", 1),
        ("key", "owner", "day", 1),
        ("person", "key_a", "day", 1),
        ("all", "", "day", -1),
        ("all", "", "day", float("inf")),
    ],
)
async def test_what_is_no_budget_is_refused(bank: Bank, kind: str, name: str, period: str, amount: float) -> None:
    with pytest.raises(BadRequest):
        await bank.money.budgets.set(kind, name, period, amount)


async def test_others_spending_is_not_told_to_whoever_may_not_know(bank: Bank) -> None:
    await bank.money.budgets.set("all", "", "day", 5)
    with pytest.raises(OverBudget) as caught:
        await bank.money.purse.hold(ask(max_tokens=6), FAR)
    assert not {"limit", "spent"} & set(caught.value.facts) and "$" not in caught.value.message


async def test_what_another_process_sets_is_seen(bank: Bank, url: str) -> None:
    await bank.hold(1)
    other = open_bank(Database.open(url))
    await other.money.budgets.set("all", "", "day", 0)
    bank.money.rules._looked_at = float("-inf")  # a second later
    with pytest.raises(OverBudget):
        await bank.hold(1)
    await other.db.close()
